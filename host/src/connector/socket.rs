//! A TCP connection: one partition, read until the other side closes it.

use std::{
    io,
    net::{Shutdown, TcpStream, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context as _, ensure};

use super::{
    Decoding, Partition, Source, SourceProgress,
    pipe::Pipe,
    text::{Bytes, Fill, TextPartition},
};
use crate::time::Clock;

/// An address that does not answer within this is taken for one that nobody listens at.
const MAX_CONNECT: Duration = Duration::from_secs(10);

/// A server to connect to.
pub(super) struct SocketSource {
    address: String,
    decoding: Decoding,
    clock: Arc<dyn Clock>,
    opened: AtomicBool,
}

impl SocketSource {
    /// The rows that the server at `address`, a `host:port`, sends.
    pub(super) const fn new(address: String, decoding: Decoding, clock: Arc<dyn Clock>) -> Self {
        Self {
            address,
            decoding,
            clock,
            opened: AtomicBool::new(false),
        }
    }

    fn name(&self) -> Arc<str> {
        format!("tcp://{}", self.address).into()
    }
}

impl Source for SocketSource {
    /// Only a job that had read all of it can go on.
    fn resume(&mut self, before: &SourceProgress) -> anyhow::Result<()> {
        let name = self.name();
        let ended = before.finished.contains(&name);
        ensure!(ended, "what came through `{name}` cannot be read again");
        *self.opened.get_mut() = true;
        Ok(())
    }

    fn partitions(&self) -> usize {
        1
    }

    fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>> {
        if self.opened.swap(true, Ordering::Relaxed) {
            return Ok(None);
        }
        let name = self.name();
        let stream =
            connect(&self.address).with_context(|| format!("cannot connect to `{name}`"))?;
        let connection = Connection::open(Arc::clone(&name), stream)?;
        let clock = Arc::clone(&self.clock);
        Ok(Some(Box::new(TextPartition::new(
            name,
            connection,
            &self.decoding,
            clock,
        ))))
    }
}

/// Connects to the first of the addresses of a name that answers.
fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, MAX_CONNECT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A connection and the thread that reads it.
struct Connection {
    /// None once dropped, so that the thread finds nobody to deliver to.
    pipe: Option<Pipe>,
    stream: TcpStream,
    thread: Option<JoinHandle<()>>,
}

impl Connection {
    fn open(name: Arc<str>, stream: TcpStream) -> anyhow::Result<Self> {
        let reader = stream
            .try_clone()
            .with_context(|| format!("cannot read `{name}`"))?;
        let (pipe, thread) = Pipe::start(name, reader)?;
        Ok(Self {
            pipe: Some(pipe),
            stream,
            thread: Some(thread),
        })
    }
}

impl Bytes for Connection {
    fn fill(&mut self, buffer: &mut Vec<u8>, wait: Duration) -> anyhow::Result<Fill> {
        match &mut self.pipe {
            Some(pipe) => pipe.fill(buffer, wait),
            None => Ok(Fill::End),
        }
    }

    fn taken(&self) -> u64 {
        self.pipe.as_ref().map_or(0, Bytes::taken)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Wakes the thread, whether it waits for bytes or for room.
        drop(self.pipe.take());
        let _already_closed = self.stream.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            // A panic there has nobody left to harm.
            let _panicked = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, net::TcpListener, time::Instant};

    use super::*;
    use crate::{
        connector::{
            Format, Read,
            harness::{NOW, decoding, listing, read_all},
        },
        time::ManualClock,
    };

    /// A source that reads lines from a server of the test.
    fn connect() -> (Box<dyn Partition>, TcpStream, String) {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = server.local_addr().expect("an address").to_string();
        let source = open(&address);
        let partition = source
            .next_partition()
            .expect("a connection")
            .expect("the first");
        assert!(source.next_partition().expect("none").is_none());
        let (stream, _) = server.accept().expect("a connection");
        (partition, stream, address)
    }

    fn open(address: &str) -> SocketSource {
        let lines = decoding(Format::Lines, "line: utf8", None);
        SocketSource::new(address.to_owned(), lines, Arc::new(ManualClock::new(NOW)))
    }

    #[test]
    fn rows_end_with_the_connection() {
        let (mut partition, mut stream, address) = connect();
        assert_eq!(&**partition.name(), format!("tcp://{address}"));
        stream.write_all(b"a\nb\nlast").expect("a connection");
        drop(stream);
        let all = read_all(partition.as_mut()).expect("rows");
        assert_eq!(listing(&all), ["1: a", "2: b", "3: last"]);
        assert_eq!(all.iter().map(|decoded| decoded.bytes).sum::<u64>(), 8);
    }

    #[test]
    fn a_read_does_not_wait_for_a_silent_server() {
        let (mut partition, mut stream, _) = connect();
        let started = Instant::now();
        assert!(matches!(partition.read().expect("nothing"), Read::Idle));
        stream.write_all(b"half a row").expect("a connection");
        assert!(matches!(partition.read().expect("nothing"), Read::Idle));
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn rows_do_not_wait_for_a_full_batch() {
        let (mut partition, mut stream, _) = connect();
        stream.write_all(b"a\nb\nhalf").expect("a connection");
        let first = loop {
            match partition.read().expect("rows") {
                Read::Rows(decoded) => break decoded,
                Read::Idle | Read::Watermark(_) => {}
                Read::End => panic!("the connection is still open"),
            }
        };
        assert_eq!(listing(&[first]), ["1: a", "2: b"]);
        stream.write_all(b" a row\n").expect("a connection");
        drop(stream);
        assert_eq!(
            listing(&read_all(partition.as_mut()).expect("rows")),
            ["3: half a row"]
        );
    }

    #[test]
    fn dropping_a_partition_closes_the_connection() {
        let (partition, mut stream, _) = connect();
        drop(partition);
        let error = loop {
            if let Err(error) = stream.write_all(b"anybody there?\n") {
                break error;
            }
        };
        let kinds = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
        assert!(kinds.contains(&error.kind()), "{error}");
    }

    #[test]
    fn a_server_that_is_not_there_is_named() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = server.local_addr().expect("an address").to_string();
        drop(server);
        let error = open(&address).next_partition().err().expect("an error");
        let expected = format!("cannot connect to `tcp://{address}`: Connection refused");
        let shown = format!("{error:#}");
        assert!(shown.starts_with(&expected), "{shown}");
        let error = open("nowhere").next_partition().err().expect("an error");
        assert_eq!(error.to_string(), "cannot connect to `tcp://nowhere`");
    }
}
