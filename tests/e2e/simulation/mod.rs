//! Whole jobs, simulated: random input, subtasks in a random order, crashes at any step, storage and sinks
//! that are slow or fail. What is committed in the end must be what an undisturbed job commits.
//!
//! Some hundred seeds are a part of the tests; `TIDEMILL_SIMULATIONS=10000` runs that many. A failure tells
//! its seed, which `TIDEMILL_SEED` runs again by itself.

mod held;
mod slow;
mod world;

use std::{collections::BTreeMap, env, path::Path, sync::Arc};

use tidemill::{
    connector::SinkConfig,
    pipeline::{Plan, Registry},
    runtime::{Checkpointing, Loaded, NoFailpoints, Order, SharedStorage, SteppedJob},
    test_kit::load_text,
    time::{Clock, Duration, ManualClock, Timestamp},
    wasm::{Engine, EngineOptions},
};

use self::world::{FailOnce, Faults, InRow, Input, SimulatedStorage, World};
use crate::semantics::random::Random;

/// How far rows are out of order, and watermarks behind, in milliseconds.
const DISORDER: i64 = 10;

/// Steps after which a job that has not ended never will.
const MANY_STEPS: usize = 500_000;

/// Pipelines whose output does not depend on the order in which rows of different partitions come. The
/// rows of the sink `ordered` come in one order; those of the sink `summed` come to the same for each key.
const PIPELINES: [&str; 6] = [
    // Windows, and windows of windows.
    r#"
[stage.first]
from = "a"
key = ["k"]
window = { sliding = "40ms", slide = "15ms" }
aggregate = [
  { call = "std#count", args = [], as = "n" },
  { call = "std#sum", args = ["v"], as = "total" },
]
late = "late"
[stage.second]
from = "first"
window = { tumbling = "100ms" }
aggregate = [{ call = "std#sum", args = ["n"], as = "rows" }]
[sink.ordered]
from = "first"
connector = "test"
[sink.second_rows]
from = "second"
connector = "test"
[sink.late]
connector = "test"
"#,
    // Sessions of two streams.
    r#"
[stage.sessions]
from = ["a", "b"]
key = ["k"]
window = { session = "12ms" }
aggregate = [{ call = "std#sum", args = ["v"], as = "total" }]
late = "late"
[sink.out]
from = "sessions"
connector = "test"
[sink.late]
connector = "test"
"#,
    NUMBERED,
    // Rows of two streams near to each other.
    r#"
[stage.pairs]
from = "a"
join = { with = "b", on = ["k"], within = "15ms" }
keep = ["k"]
late = "late"
[sink.out]
from = "pairs"
connector = "test"
[sink.late]
connector = "test"
"#,
    // Rows of two streams in the same window, counted.
    r#"
[stage.pairs]
from = "a"
join = { with = "b", on = ["k"], window = { tumbling = "20ms" }, kind = "full" }
keep = ["k"]
late = "late"
[stage.counted]
from = "pairs"
key = ["k"]
window = { global = true }
aggregate = [{ call = "std#count", args = [], as = "n" }]
[sink.out]
from = "counted"
connector = "test"
[sink.late]
connector = "test"
"#,
    BY_CLOCK,
];

/// State of keys.
const NUMBERED: &str = r#"
[stage.numbered]
from = ["a", "b"]
key = ["k"]
process = "std#row_number"
keep = ["k"]
[sink.out]
from = "numbered"
connector = "test"
"#;

/// Windows of the clock.
const BY_CLOCK: &str = r#"
[stage.by_clock]
from = ["a", "b"]
key = ["k"]
window = { tumbling = "100ms", time = "processing" }
aggregate = [
  { call = "std#count", args = [], as = "n" },
  { call = "std#sum", args = ["v"], as = "total" },
]
[sink.summed]
from = "by_clock"
connector = "test"
"#;

#[test]
fn what_is_committed_is_that_of_an_undisturbed_job() {
    let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
    let registry = Registry::new(engine);
    let plans = PIPELINES.map(|stages| plan(stages, &registry));
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds = match number("TIDEMILL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TIDEMILL_SIMULATIONS").unwrap_or(300),
    };
    for seed in seeds {
        check(seed, &plans, &registry);
    }
}

fn plan(stages: &str, registry: &Registry) -> Plan {
    let source = |name| {
        format!(
            "[source.{name}]\nconnector = \"test\"\n\
             columns = {{ ts = \"timestamp\", k = \"utf8\", v = \"int64\" }}\n\
             event_time = {{ column = \"ts\", unit = \"ms\" }}\n\
             watermark = {{ delay = \"{DISORDER}ms\" }}\n"
        )
    };
    // A source that nobody reads is a mistake.
    let names = ["a", "b"].into_iter();
    let names = names.filter(|name| stages.contains(&format!("\"{name}\"")));
    let sources: String = names.map(source).collect();
    let text = format!("name = \"simulated\"\n{sources}{stages}");
    let plan = load_text(Path::new("pipeline.toml"), &text, registry);
    let mut plan = plan.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    plan.dead_letters = Some(SinkConfig::Test);
    plan
}

fn check(seed: u64, plans: &[Plan], registry: &Registry) {
    let mut random = Random::new(seed);
    let mut plan = random.choose(plans);
    let sources = plan.sources.iter();
    let inputs: BTreeMap<String, Arc<Input>> = sources
        .map(|source| (source.name.clone(), Arc::new(input(&mut random))))
        .collect();

    plan.parallelism = 1;
    let calm = World::new(inputs.clone(), Faults::default());
    undisturbed(&plan, registry, &calm);

    let faults = Faults::drawn(seed);
    let rough = World::new(inputs, faults.clone());
    let ended = disturbed(&mut plan, registry, &rough, faults, &mut random);
    assert!(ended, "TIDEMILL_SEED={seed}: the job does not end");

    let (expected, found) = (calm.committed(), rough.committed());
    assert_eq!(
        expected.keys().collect::<Vec<_>>(),
        found.keys().collect::<Vec<_>>()
    );
    for (sink, mut expected) in expected {
        let mut found = found[&sink].clone();
        if sink == "summed" {
            (expected, found) = (summed(&expected), summed(&found));
        }
        if sink != "ordered" {
            expected.sort();
            found.sort();
        }
        assert_eq!(found, expected, "TIDEMILL_SEED={seed}: sink `{sink}`");
        assert!(sink != "late" || found.is_empty(), "no row is late");
    }
}

/// What rows of a key, the bounds of a window, and numbers come to for each key.
fn summed(rows: &[String]) -> Vec<String> {
    let mut sums: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for row in rows {
        let mut values = row.split('|');
        let sums = sums.entry(values.next().expect("a key")).or_default();
        let numbers = values.skip(2).map(|value| value.parse::<i64>());
        for (place, number) in numbers.enumerate() {
            sums.resize(sums.len().max(place + 1), 0);
            sums[place] += number.expect("a number");
        }
    }
    let sums = sums.iter().map(|(key, sums)| format!("{key} {sums:?}"));
    sums.collect()
}

/// Partitions of batches of rows that are a little out of order.
fn input(random: &mut Random) -> Input {
    let mut partition = || -> Vec<Vec<InRow>> {
        let mut now = random.below(50);
        let batches = (0..1 + random.below(25)).map(|_| {
            let rows = (0..1 + random.below(5)).map(|_| {
                now += random.below(8);
                let time = (now - random.below(DISORDER)) * 1000;
                InRow {
                    time: (random.below(30) != 0).then_some(time),
                    key: format!("k{}", random.below(6)),
                    value: random.below(1000),
                }
            });
            rows.collect()
        });
        batches.collect()
    };
    let partitions = 1 + partition().len() % 4;
    (0..partitions).map(|_| partition()).collect()
}

fn undisturbed(plan: &Plan, registry: &Registry, world: &World) {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::EPOCH));
    let storage = SharedStorage::new(SimulatedStorage::new(Faults::default()));
    let checkpointing = Checkpointing::on_request(storage);
    let order = Order::Fixed;
    let job = SteppedJob::start(
        &Loaded::new(plan, registry),
        &clock,
        world,
        &checkpointing,
        order,
    );
    let mut job = job.expect("the job starts");
    job.run().expect("the job does not fail");
    assert!(job.has_ended());
}

/// Runs a job that is lost and started again some times. Returns whether it has come to its end.
fn disturbed(
    plan: &mut Plan,
    registry: &Registry,
    world: &World,
    faults: Faults,
    random: &mut Random,
) -> bool {
    let manual = Arc::new(ManualClock::new(Timestamp::EPOCH));
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&manual);
    let mut checkpointing = Checkpointing {
        storage: SharedStorage::new(SimulatedStorage::new(faults)),
        interval: Duration::from_millis(50 + random.below(1000) as u32),
        keep: 1 + random.below(3) as usize,
        failpoints: Arc::new(NoFailpoints),
    };
    let crashes = random.below(8);
    let mut steps = 0;
    for life in 0.. {
        plan.parallelism = 1 + random.below(4) as usize;
        let is_doomed = life < crashes;
        checkpointing.failpoints = match random.below(2) {
            0 if is_doomed => Arc::new(FailOnce::new(random.below(100) as usize)),
            _ => Arc::new(NoFailpoints),
        };
        let order = Order::drawn(random.below(i64::MAX).unsigned_abs());
        let job = SteppedJob::start(
            &Loaded::new(plan, registry),
            &clock,
            world,
            &checkpointing,
            order,
        );
        let Ok(mut job) = job else { continue };
        job.slow_down_storage(random.below(30) as usize);
        let lives_for = match is_doomed {
            true => random.below(1500) as usize,
            false => usize::MAX,
        };
        for _ in 0..lives_for {
            steps += 1;
            if steps > MANY_STEPS {
                return false;
            }
            let wanted = random.below(60) == 0;
            let is_lost = wanted && job.request_checkpoint().is_err();
            if is_lost || job.step().is_err() {
                break;
            }
            if job.has_ended() {
                return true;
            }
            let later = clock.now().saturating_add(Duration::from_millis(1));
            manual.set(later);
        }
    }
    false
}
