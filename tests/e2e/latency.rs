//! How long rows wait for others.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout},
    time::{Duration, Instant},
};

use crate::support::{Workspace, library};

/// A job that reads numbers from a socket, and what it shows.
struct Job {
    connection: TcpStream,
    shown: BufReader<ChildStdout>,
    child: Child,
}

impl Job {
    /// Starts a job whose rows may wait so long, with stages beside the sink that shows what is read.
    fn start(workspace: &Workspace, max_latency: &str, stages: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut child = workspace.start(&format!(
            r#"
name = "numbers"
parallelism = 1
[source.numbers]
connector = "socket"
address = "{address}"
format = "csv"
columns = {{ n = "int64" }}
max_latency = "{max_latency}"
{stages}
[sink.screen]
from = "numbers"
connector = "stdout"
format = "csv"
"#
        ));
        let (mut connection, _) = listener.accept().expect("a connection");
        connection.write_all(b"n\n").expect("sent");
        let shown = BufReader::new(child.stdout.take().expect("a pipe"));
        Self {
            connection,
            shown,
            child,
        }
    }

    /// Sends a number and waits until it is shown. Returns how long that took.
    #[track_caller]
    fn send(&mut self, number: i64) -> Duration {
        let begin = Instant::now();
        writeln!(self.connection, "{number}").expect("sent");
        let mut line = String::new();
        while line.trim_end() != number.to_string() {
            line.clear();
            let read = self.shown.read_line(&mut line).expect("a line");
            assert!(read > 0, "the job has ended");
        }
        begin.elapsed()
    }

    #[track_caller]
    fn end(mut self) {
        drop(self.connection);
        assert!(self.child.wait().expect("an end").success());
    }
}

#[test]
fn a_lone_row_comes_out_long_before_it_must() {
    let workspace = Workspace::new();
    let mut job = Job::start(&workspace, "20s", "");
    for number in 0..3 {
        let took = job.send(number);
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
    job.end();
}

#[test]
fn rows_wait_no_longer_than_they_may_when_those_behind_are_slow() {
    let workspace = Workspace::new();
    let slow = format!(
        r#"
[stage.slow]
from = "numbers"
aggregate = [{{ call = "{}#total", args = ["n"] }}]
window = {{ global = true }}
limits = {{ deadline = "3s" }}
[sink.nowhere]
from = "slow"
connector = "blackhole"
"#,
        library("faulty").display()
    );
    let mut job = Job::start(&workspace, "100ms", &slow);
    job.send(1);
    let begin = Instant::now();
    // The stage spins on it.
    job.send(14);
    job.send(2);
    let took = begin.elapsed();
    let busy = Duration::from_secs(3);
    assert!(took < busy, "{took:?}");
    job.end();
    let took = begin.elapsed();
    assert!(took >= busy, "it was slow: {took:?}");
}
