//! What windows cost that belong to a key, in processor time.
//!
//! Cost model: a row finds its key, then its session, and updates one accumulator; a session costs a few
//! steps of a queue while it is open, and its row. What other sessions are open does not matter: the
//! watermark moves after each batch, and with a look at all of them each time, a million would cost some
//! thousand times what a thousand do.
//!
//! Axes: how many sessions are open at a time, where each row has a key of its own; and what rows cost that
//! go on with sessions that are open. Windows of one row (`count = 1`) are the baseline: they are open
//! for no time.

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/plans.rs"]
mod plans;

use std::{path::Path, sync::Arc, time::Duration};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tidemill::{
    pipeline::{Plan, Registry},
    runtime::{Job, Outcome},
    time::{Clock, SystemClock},
    wasm::{Engine, EngineOptions},
};

use self::cpu::CpuTime;

const ROWS: u64 = 3_000_000;

/// A row is 1 ms after the one before it.
const STAGES: [(&str, &str, &str); 5] = [
    ("baseline: none is open", "ts", "count = 1"),
    ("1,000 are open", "ts", "session = \"1s\""),
    ("100,000 are open", "ts", "session = \"100s\""),
    ("1,000,000 are open", "ts", "session = \"1000s\""),
    ("100,000 go on", "sensor", "session = \"1h\""),
];

fn sessions(criterion: &mut Criterion<CpuTime>) {
    let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
    let registry = Registry::new(engine);
    let mut group = criterion.benchmark_group("sessions");
    group
        .throughput(cpu::rows(ROWS))
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(10));
    for (name, key, window) in STAGES {
        let plan = plan(&registry, key, window);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| run(&plan, &registry));
        });
    }
    group.finish();
}

fn plan(registry: &Registry, key: &str, window: &str) -> Plan {
    let text = format!(
        r#"
name = "bench"
parallelism = 1
[source.readings]
connector = "generator"
rows = {ROWS}
sensors = 100000
step = "1ms"
[stage.sessions]
from = "readings"
key = ["{key}"]
window = {{ {window} }}
aggregate = [
  {{ call = "std#mean", args = ["temperature"], as = "temperature" }},
  {{ call = "std#count", as = "readings" }},
]
[sink.out]
from = "sessions"
connector = "blackhole"
"#
    );
    plans::plan(Path::new(""), registry, &text)
}

fn run(plan: &Plan, registry: &Registry) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let job = Job::start(plan, registry, &clock).expect("the job starts");
    assert_eq!(job.wait().expect("the job runs"), Outcome::Complete);
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = sessions
}
criterion_main!(benches);
