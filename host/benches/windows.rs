//! What windows cost, in processor time.
//!
//! Cost model: a row updates one slice, whatever the window; a window is merged of a few parts and
//! makes a row for each of its keys. So a window that slides often costs as much as one that does not,
//! and beside that what its rows cost.
//!
//! Axes: the window (`tumbling 1h` as the baseline, `sliding 1h/1s`: 3,600 windows at a time), the
//! number of keys, and the functions: a mean, or a mean and a count. Two hours of readings, 1000 a second, one in twenty up to 5 s out of order, from
//! Parquet to rows that are counted.
//!
//! At the end, `soak` runs ten million keys, each of which is seen once, through windows of 10 s and tells
//! the resident memory on the way: it must stay level.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells what it has measured"
)]

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/plans.rs"]
mod plans;

use std::{
    env, fs,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tempfile::TempDir;
use tidemill::{
    pipeline::{Plan, Registry},
    runtime::{Job, Outcome},
    time::{Clock, SystemClock},
    wasm::{Engine, EngineOptions},
};

use self::cpu::CpuTime;
use self::plans::plan;

const ROWS: u64 = 7_200_000;

const WINDOWS: [(&str, &str); 2] = [
    ("tumbling 1h", "tumbling = \"1h\""),
    ("sliding 1h/1s", "sliding = \"1h\", slide = \"1s\""),
];

const FUNCTIONS: [&str; 2] = [
    "{ call = \"std#mean\", args = [\"temperature\"], as = \"temperature\" }",
    "{ call = \"std#count\", as = \"readings\" }",
];

fn windows(criterion: &mut Criterion<CpuTime>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let registry = registry();
    for (keys, functions) in [100, 1000]
        .into_iter()
        .flat_map(|keys| [(keys, 1), (keys, 2)])
    {
        if functions == 1 {
            run(&generate(&folder, &registry, keys), &registry);
        }
        let axes = format!("windows/{keys} keys/{functions} functions");
        let mut group = criterion.benchmark_group(axes);
        group
            .throughput(cpu::rows(ROWS))
            .sample_size(10)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(10));
        for (name, window) in WINDOWS {
            let plan = plan(folder.path(), &registry, &averages(keys, window, functions));
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| run(&plan, &registry));
            });
        }
        group.finish();
    }
}

fn generate(folder: &TempDir, registry: &Registry, keys: u32) -> Plan {
    let text = format!(
        r#"
name = "readings"
[source.sensors]
connector = "generator"
rows = {ROWS}
seed = 7
sensors = {keys}
start = "2024-04-13T08:00:00Z"
step = "1ms"
disorder = 0.05
max_disorder = "5s"
[sink.readings]
from = "sensors"
connector = "file"
path = "{keys}"
format = "parquet"
"#
    );
    plan(folder.path(), registry, &text)
}

fn averages(keys: u32, window: &str, functions: usize) -> String {
    let functions = FUNCTIONS[..functions].join(", ");
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
window = {{ {window} }}
aggregate = [{functions}]
[sink.out]
from = "average"
connector = "blackhole"
"#
    )
}

/// Every reading has a time of its own, and so a key of its own.
const SOAK: &str = r#"
name = "soak"
parallelism = 1
[source.readings]
connector = "generator"
rows = 10000000
sensors = 10
step = "1ms"
[stage.counts]
from = "readings"
key = ["ts"]
window = { tumbling = "10s" }
aggregate = [{ call = "std#mean", args = ["temperature"] }]
[sink.out]
from = "counts"
connector = "blackhole"
"#;

fn soak(criterion: &mut Criterion<CpuTime>) {
    // Once is enough, and only if it is asked for: it shows memory, not time.
    let filter = env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    if filter.is_some_and(|filter| !"soak".contains(&filter)) {
        return;
    }
    let _ = criterion;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let registry = registry();
    let plan = plan(folder.path(), &registry, SOAK);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let started = Instant::now();
    let job = Job::start(&plan, &registry, &clock).expect("the job starts");
    let metrics = job.metrics().clone();
    let waiting = thread::spawn(move || job.wait().expect("the job runs"));
    println!("soak: keys seen, resident memory");
    let mut next = 1_000_000;
    while !waiting.is_finished() {
        let seen = metrics.stages[0].rows_in.get();
        if seen >= next {
            println!("soak: {seen:>10}, {:>4} MB", resident_megabytes());
            next = seen + 1_000_000;
        }
        thread::sleep(Duration::from_millis(5));
    }
    let outcome = waiting.join().expect("the job does not panic");
    assert_eq!(outcome, Outcome::Complete);
    println!("soak: done in {:.1} s", started.elapsed().as_secs_f64());
}

fn resident_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * 4096 / 1_000_000
}

fn registry() -> Registry {
    let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
    Registry::new(engine)
}

fn run(plan: &Plan, registry: &Registry) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let job = Job::start(plan, registry, &clock).expect("the job starts");
    assert_eq!(job.wait().expect("the job runs"), Outcome::Complete);
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = windows, soak
}
criterion_main!(benches);
