//! What checkpoints cost a job that runs, and how long it takes to go on from one.
//!
//! Cost model: at a barrier a stage copies its state, while its rows wait; what is written, and to where,
//! does not hold it up. So a checkpoint costs a copy of the state, and processor time on another core.
//!
//! Axes: a mean and a count of a million keys, without checkpoints (the baseline) and with one every second,
//! in turns; and going on with 10,000, 100,000 and a million keys, from opening the checkpoint to the first
//! row that is read.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells what it has measured"
)]

#[path = "support/plans.rs"]
mod plans;

use std::{
    env, fs,
    path::Path,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tidemill::{
    pipeline::{Plan, Registry},
    runtime::{Beginning, Failpoints, NoFailpoints, Outcome, Session},
    time::{Clock, SystemClock},
    wasm::{Engine, EngineOptions},
};

use self::plans::plan;

const ROWS: u64 = 20_000_000;

/// How often each way is measured.
const TURNS: usize = 5;

fn main() {
    // `cargo test --benches` wants to know that it starts, not what it measures.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let bench = Bench::new();
    bench.overhead();
    for keys in [10_000, 100_000, 1_000_000] {
        bench.recovery(keys);
    }
}

struct Bench {
    folder: TempDir,
    registry: Registry,
    clock: Arc<dyn Clock>,
    failpoints: Arc<dyn Failpoints>,
}

impl Bench {
    fn new() -> Self {
        let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            registry: Registry::new(engine),
            clock: Arc::new(SystemClock),
            failpoints: Arc::new(NoFailpoints),
        }
    }

    /// Runs one job without checkpoints and with one every second, in turns.
    fn overhead(&self) {
        self.generate(1_000_000, ROWS);
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            without.push(self.time(""));
            with.push(self.time("[checkpoint]\npath = \"state\"\ninterval = \"1s\"\n"));
        }
        let (without, with) = (median(&mut without), median(&mut with));
        println!(
            "1,000,000 keys, {ROWS} rows: {without:.2} s without checkpoints, {with:.2} s with one \
             every second: {:.1} % of the throughput",
            without / with * 100.0,
        );
    }

    fn time(&self, section: &str) -> f64 {
        let plan = self.plan(&averages(1_000_000, section));
        let session = self.open(&plan, Beginning::Fresh);
        let started = Instant::now();
        let outcome = session.run().expect("the job runs");
        assert_eq!(outcome, Outcome::Complete);
        started.elapsed().as_secs_f64()
    }

    /// Stops a job that knows so many keys and lets it go on.
    fn recovery(&self, keys: u64) {
        // So many rows that the job does not come to their end before it is stopped.
        self.generate(keys, ROWS);
        let plan = self.plan(&averages(keys, "[checkpoint]\npath = \"state\"\n"));
        // By then every key has come a few times.
        self.run_until(self.open(&plan, Beginning::Fresh), keys * 10);
        let bytes = size(&self.folder.path().join("state"));
        let mut times = Vec::new();
        for _ in 0..TURNS {
            let started = Instant::now();
            let session = self.open(&plan, Beginning::Newest);
            times.push(
                self.run_until(session, 1)
                    .duration_since(started)
                    .as_secs_f64(),
            );
        }
        println!(
            "{keys} keys, {:.1} MB of checkpoints: goes on after {:.0} ms",
            bytes as f64 / 1e6,
            median(&mut times) * 1e3,
        );
    }

    /// Runs a job until so many rows have reached its stage, and stops it; returns when they had.
    fn run_until(&self, session: Session<'_>, rows: u64) -> Instant {
        let stage = Arc::clone(&session.metrics().stages[0]);
        let stop = session.stop_switch();
        let watching = thread::spawn(move || {
            while stage.rows_in.get() < rows {
                thread::sleep(Duration::from_micros(200));
            }
            let reached = Instant::now();
            stop.store(true, Ordering::Relaxed);
            reached
        });
        session.run().expect("the job runs");
        watching.join().expect("somebody watches")
    }

    fn open<'a>(&'a self, plan: &'a Plan, beginning: Beginning) -> Session<'a> {
        Session::open(
            plan,
            &self.registry,
            &self.clock,
            beginning,
            &self.failpoints,
        )
        .expect("the checkpoints can be opened")
    }

    fn generate(&self, keys: u64, rows: u64) {
        let plan = self.plan(&format!(
            r#"
name = "readings"
[source.sensors]
connector = "generator"
rows = {rows}
seed = 7
sensors = {keys}
step = "1ms"
[sink.readings]
from = "sensors"
connector = "file"
path = "{keys}"
format = "parquet"
"#
        ));
        let session = self.open(&plan, Beginning::Newest);
        session.run().expect("the readings are made");
    }

    fn plan(&self, text: &str) -> Plan {
        plan(self.folder.path(), &self.registry, text)
    }
}

fn averages(keys: u64, section: &str) -> String {
    format!(
        r#"
name = "bench"
parallelism = 1
[source.readings]
connector = "file"
path = "{keys}"
format = "parquet"
columns = {{ ts = "timestamp", sensor = "utf8", temperature = "float64" }}
event_time = {{ column = "ts", unit = "us" }}
watermark = {{ delay = "10s" }}
[stage.average]
from = "readings"
key = ["sensor"]
window = {{ tumbling = "365d" }}
aggregate = [
  {{ call = "std#mean", args = ["temperature"], as = "temperature" }},
  {{ call = "std#count", as = "readings" }},
]
[sink.out]
from = "average"
connector = "blackhole"
{section}
"#
    )
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The bytes of all files in a folder and those in it.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| {
            let entry = entry.expect("a file");
            let metadata = entry.metadata().expect("a file");
            match metadata.is_dir() {
                true => size(&entry.path()),
                false => metadata.len(),
            }
        })
        .sum()
}
