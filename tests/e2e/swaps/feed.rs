//! What jobs that are swapped read: a server that sends numbered rows, as many as it is allowed to.

use std::{
    io::{BufWriter, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// How many keys the rows of a feed have.
pub(super) const KEYS: u64 = 7;

/// Sends rows `ts,k,n`: `n` counts from 0, the time is so many milliseconds, the key is the feed's
/// name and a number below [`KEYS`].
pub(super) struct Feed {
    address: String,
    allowed: Arc<AtomicU64>,
    sent: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    /// Taken when the input ends.
    thread: Option<JoinHandle<()>>,
}

/// A test that fails ends its input, so that the job that reads it ends, too.
impl Drop for Feed {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.allow(0);
    }
}

/// How many rows are sent at a time at most.
const CHUNK: u64 = 1000;

impl Feed {
    /// Sends nothing until it is allowed to.
    pub(super) fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (allowed, sent, over) = (
            Arc::<AtomicU64>::default(),
            Arc::<AtomicU64>::default(),
            Arc::<AtomicBool>::default(),
        );
        let feeding = (Arc::clone(&allowed), Arc::clone(&sent), Arc::clone(&over));
        let thread = thread::spawn(move || {
            let (allowed, sent, over) = feeding;
            let (connection, _) = listener.accept().expect("a connection");
            let mut connection = BufWriter::new(connection);
            writeln!(connection, "ts,k,n").expect("sent");
            let mut next = 0;
            loop {
                // Looked at first: what is allowed after that does not count.
                let is_over = over.load(Ordering::SeqCst);
                let end = allowed.load(Ordering::SeqCst).clamp(next, next + CHUNK);
                for n in next..end {
                    writeln!(connection, "{n},{name}{},{n}", n % KEYS).expect("sent");
                }
                connection.flush().expect("sent");
                if next == end && is_over {
                    return;
                }
                if next == end {
                    thread::sleep(Duration::from_millis(1));
                }
                next = end;
                sent.store(next, Ordering::SeqCst);
            }
        });
        Self {
            address,
            allowed,
            sent,
            over,
            thread: Some(thread),
        }
    }

    /// The sections of a source `name` that reads it.
    pub(super) fn source(&self, name: &str) -> String {
        let address = &self.address;
        format!(
            "[source.{name}]\nconnector = \"socket\"\naddress = \"{address}\"\nformat = \"csv\"\n\
             columns = {{ ts = \"timestamp\", k = \"utf8\", n = \"int64\" }}\n\
             event_time = {{ column = \"ts\", unit = \"ms\" }}\n"
        )
    }

    /// Allows rows up to the number `count`, which is not sent any more.
    pub(super) fn allow(&self, count: u64) {
        self.allowed.store(count, Ordering::SeqCst);
    }

    /// How many rows have been sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// Ends the input after the rows that were allowed. Returns how many it had.
    pub(super) fn end(mut self) -> u64 {
        self.over.store(true, Ordering::SeqCst);
        let thread = self.thread.take().expect("it has not ended");
        thread.join().expect("it was all sent");
        self.sent.load(Ordering::SeqCst)
    }
}
