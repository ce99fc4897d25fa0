//! What checkpoints cost a job that runs, and how long it takes to go on from one.
//!
//! Cost model: at a barrier a stage copies its state, while its rows wait; what is written, and to where,
//! does not hold it up. So a checkpoint costs a copy of the state, and processor time on another core.
//!
//! Axes: a mean and a count of a million keys, with a checkpoint every two seconds: the second in which it
//! is made against the one after it (the baseline), in the same run, as runs differ from each other by
//! more than checkpoints cost; and going on with 10,000, 100,000 and a million keys, from opening the checkpoint to the first
//! row that is read.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells what it has measured"
)]

#[path = "support/plans.rs"]
mod plans;
#[path = "support/progress.rs"]
mod progress;

use std::{
    env, fs,
    path::Path,
    sync::{Arc, Mutex, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tidemill::{
    pipeline::{Plan, Registry},
    runtime::{Beginning, CheckpointStep, Failpoints, Loaded, NoFailpoints, Outcome, Session},
    time::{Clock, SystemClock},
    wasm::{Engine, EngineOptions},
};

use self::{plans::plan, progress::Progress};

const ROWS: u64 = 20_000_000;

/// How often each way is measured.
const TURNS: usize = 5;

/// So many keys have all of their state in a checkpoint when its cost is measured.
const KEYS: u64 = 1_000_000;

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

    /// Runs jobs with a checkpoint every two seconds and compares each second in which one is made with
    /// the second after it.
    fn overhead(&self) {
        self.generate(KEYS, ROWS);
        let plan = self.plan(&averages(
            KEYS,
            "[checkpoint]\npath = \"state\"\ninterval = \"2s\"\n",
        ));
        let mut ratios = Vec::new();
        for _ in 0..TURNS {
            let begins = Arc::new(Begins::default());
            let failpoints: Arc<dyn Failpoints> = Arc::<Begins>::clone(&begins);
            let session = self.open_with(&plan, Beginning::Fresh, &failpoints);
            let progress = Progress::watch(Arc::clone(&session.metrics().stages[0]));
            let outcome = session.run().expect("the job runs");
            assert_eq!(outcome, Outcome::Complete);
            let progress = progress.end();
            let begins = begins.0.lock().expect("nobody panics").clone();
            ratios.extend(begins.into_iter().filter_map(|begin| {
                let rows = progress.rows_at(begin)?;
                let middle = progress.rows_at(begin + Duration::from_secs(1))?;
                let end = progress.rows_at(begin + Duration::from_secs(2))?;
                // All keys are known by then.
                (rows > KEYS as f64 * 3.0).then_some((middle - rows) / (end - middle) * 100.0)
            }));
        }
        let half = median(&mut ratios);
        println!(
            "1,000,000 keys: seconds with a checkpoint have {half:.1} % of the rows of the seconds after \
             them (median of {}; quarters {:.1} and {:.1} %)",
            ratios.len(),
            ratios[ratios.len() / 4],
            ratios[ratios.len() * 3 / 4],
        );
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
        self.open_with(plan, beginning, &self.failpoints)
    }

    fn open_with<'a>(
        &'a self,
        plan: &'a Plan,
        beginning: Beginning,
        failpoints: &Arc<dyn Failpoints>,
    ) -> Session<'a> {
        let loaded = Loaded::new(plan, &self.registry);
        let session = Session::open(&loaded, &self.clock, beginning, failpoints);
        session.expect("the checkpoints can be opened")
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

/// When checkpoints were begun.
#[derive(Default)]
struct Begins(Mutex<Vec<Instant>>);

impl Failpoints for Begins {
    fn reach(&self, step: CheckpointStep) -> anyhow::Result<()> {
        if step == CheckpointStep::Begin {
            let mut begins = self.0.lock().expect("nobody panics");
            begins.push(Instant::now());
        }
        Ok(())
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
