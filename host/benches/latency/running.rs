//! A job that runs: the real binary, fed through a socket.

use std::{
    env, fs,
    io::Write as _,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{job::Job, rows::Rows};

/// A sender that waits looks this often which rows are due.
const LOOK: Duration = Duration::from_micros(100);

/// How many rows are sent at once at most.
const AT_ONCE: u64 = 512;

/// A job that runs.
pub(crate) struct Running {
    child: Child,
    connection: TcpStream,
    rows: Rows,
    start: Instant,
    buffer: Vec<u8>,
}

/// When a row is due at a rate, after the first.
pub(crate) fn due(row: u64, rate: u64) -> Duration {
    Duration::from_nanos((u128::from(row) * 1_000_000_000 / u128::from(rate)) as u64)
}

impl Running {
    /// Starts a job in a folder that has its libraries, and waits until it is connected.
    pub(crate) fn start(job: Job, folder: &Path) -> (Self, ChildStdout) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let source = format!("connector = \"socket\"\naddress = \"{address}\"");
        let mut child = spawn(&job.pipeline(&source), folder);
        let output = child.stdout.take().expect("a pipe");
        let (connection, _) = listener.accept().expect("the job connects");
        connection.set_nodelay(true).expect("a connection");
        let running = Self {
            child,
            connection,
            rows: Rows::new(),
            start: Instant::now(),
            buffer: Vec::new(),
        };
        (running, output)
    }

    /// When the first row was due.
    pub(crate) const fn start_time(&self) -> Instant {
        self.start
    }

    /// Sends rows for some time, as many as the job takes. Returns how many have been sent so far.
    pub(crate) fn send_for(&mut self, time: Duration) -> u64 {
        let start = Instant::now();
        while start.elapsed() < time {
            self.send(self.rows.made() + AT_ONCE);
        }
        self.rows.made()
    }

    /// Sends rows when they are due, for `warm_up` and then for `time`. Returns how many processors the job has
    /// kept busy in that time.
    pub(crate) fn send_at(&mut self, rate: u64, warm_up: Duration, time: Duration) -> f64 {
        self.send_until(rate, warm_up);
        let before = processor_time(&self.child);
        self.send_until(rate, warm_up + time);
        (processor_time(&self.child) - before) / time.as_secs_f64()
    }

    fn send_until(&mut self, rate: u64, end: Duration) {
        loop {
            let elapsed = self.start.elapsed();
            let due = elapsed.min(end).as_nanos() * u128::from(rate) / 1_000_000_000;
            let due = due as u64 + 1;
            if due > self.rows.made() {
                self.send(due.min(self.rows.made() + AT_ONCE));
            } else if elapsed >= end {
                return;
            } else {
                thread::sleep(LOOK);
            }
        }
    }

    fn send(&mut self, end: u64) {
        self.buffer.clear();
        self.rows.make(end, &mut self.buffer);
        let sent = self.connection.write_all(&self.buffer);
        sent.expect("the job reads");
    }

    /// Ends the input, and waits for the job.
    pub(crate) fn end(self) {
        let Self {
            mut child,
            connection,
            ..
        } = self;
        drop(connection);
        let status = child.wait().expect("an end");
        assert!(status.success(), "the job failed: {status}");
    }
}

/// Starts the binary with a pipeline, in a folder that has its libraries and keeps the code it compiles.
pub(crate) fn spawn(pipeline: &str, folder: &Path) -> Child {
    fs::write(folder.join("pipeline.toml"), pipeline).expect("written");
    Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "pipeline.toml"])
        .current_dir(folder)
        .env("TIDEMILL_CACHE", folder.join("cache"))
        .env("TIDEMILL_LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs")
}

/// The processor time that all threads of a process have used, in seconds; 0 where that cannot be read.
fn processor_time(child: &Child) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // Behind the name of the program, which is in parentheses: `man 5 proc`, fields 14 and 15, in 1/100 s.
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}
