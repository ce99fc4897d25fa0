//! What whole jobs cost, from files to counted rows, in rows a second.
//!
//! Cost model: reading and decoding, the calls into guests, the exchange by key, the update of slices,
//! the firing of windows. Sinks count and drop, so that encoding is not part of it.
//!
//! Axes: the job (`read` only decodes; `hot` filters and converts; `averages` is a sliding window of two
//! means for each of 1000 sensors), the format, and how many subtasks there are. What a step costs is
//! the difference of two jobs.
//!
//! Baseline: `read`, which is nothing but decoding and the channel to the sink. What decoding costs beside
//! Arrow's own readers is measured by `decode`.

#[path = "support/guests.rs"]
mod guests;
#[path = "support/plans.rs"]
mod plans;
#[path = "support/stages.rs"]
mod stages;

use std::{fs, sync::Arc, time::Duration};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;
use tidemill::{
    pipeline::{Plan, Registry},
    runtime::{Job, Outcome},
    time::{Clock, SystemClock},
    wasm::{Engine, EngineOptions},
};

use self::{
    plans::plan,
    stages::{AVERAGES, HOT},
};

const ROWS: u64 = 1_000_000;

fn jobs(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(
        folder.path().join("weather.wasm"),
        guests::component("weather"),
    )
    .expect("written");
    let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
    let registry = Registry::new(engine);
    for format in ["parquet", "json", "csv"] {
        run(&generate(&folder, &registry, format), &registry);
        let mut group = criterion.benchmark_group(format!("job/{format}"));
        group
            .throughput(Throughput::Elements(ROWS))
            .sample_size(10)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(5));
        for (name, stages, last) in [
            ("read", "", "readings"),
            ("hot", HOT, "result"),
            ("averages", AVERAGES, "result"),
        ] {
            for parallelism in [1, 2] {
                let text = pipeline(format, stages, last, parallelism);
                let plan = plan(folder.path(), &registry, &text);
                group.bench_function(BenchmarkId::new(name, parallelism), |bencher| {
                    bencher.iter(|| run(&plan, &registry));
                });
            }
        }
        group.finish();
    }
}

/// A million readings of 1000 sensors, 1 ms apart, one in twenty up to 5 s out of order.
fn generate(folder: &TempDir, registry: &Registry, format: &str) -> Plan {
    let text = format!(
        r#"
name = "readings"
[source.sensors]
connector = "generator"
rows = {ROWS}
seed = 7
sensors = 1000
start = "2024-04-13T08:00:00Z"
step = "1ms"
disorder = 0.05
max_disorder = "5s"
[sink.readings]
from = "sensors"
connector = "file"
path = "{format}"
format = "{format}"
"#
    );
    plan(folder.path(), registry, &text)
}

fn pipeline(format: &str, stages: &str, last: &str, parallelism: usize) -> String {
    let unit = if format == "parquet" { "us" } else { "rfc3339" };
    format!(
        r#"
name = "bench"
parallelism = {parallelism}
[source.readings]
connector = "file"
path = "{format}"
format = "{format}"
columns = {{ ts = "timestamp", sensor = "utf8", temperature = "float64", humidity = "float64" }}
event_time = {{ column = "ts", unit = "{unit}" }}
watermark = {{ delay = "1m" }}
{stages}
[sink.out]
from = "{last}"
connector = "blackhole"
"#
    )
}

fn run(plan: &Plan, registry: &Registry) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let job = Job::start(plan, registry, &clock).expect("the job starts");
    assert_eq!(job.wait().expect("the job runs"), Outcome::Complete);
}

criterion_group!(benches, jobs);
criterion_main!(benches);
