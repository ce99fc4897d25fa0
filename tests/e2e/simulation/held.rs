//! Rows that a sink holds back when a barrier comes to it.
//!
//! A barrier finds the subtasks of a stage at the same event time, so their sink has handed on all that they
//! have fired. Subtasks that look at the clock find it at different times: what the first ones have fired is
//! held back until the last one has. That happens seldom by chance, so the clock is set forward here between
//! any two steps of a checkpoint.

use std::sync::atomic::{AtomicUsize, Ordering};

use tidemill::{
    checkpoint::{Checkpoint, WriteSummary},
    runtime::{MemoryStorage, Storage},
};

use super::*;

/// How far the job is when the checkpoint is asked for.
const STEPS: usize = 30;

/// Storage that counts the checkpoints with rows that are held back.
struct Counting {
    inner: MemoryStorage,
    held: Arc<AtomicUsize>,
}

impl Storage for Counting {
    fn latest(&self, from: Option<u64>) -> anyhow::Result<Option<Checkpoint>> {
        self.inner.latest(from)
    }

    fn next_number(&self) -> anyhow::Result<u64> {
        self.inner.next_number()
    }

    fn go_on_from(&mut self, number: Option<u64>) -> anyhow::Result<()> {
        self.inner.go_on_from(number)
    }

    fn write(&mut self, checkpoint: &Checkpoint) -> anyhow::Result<WriteSummary> {
        let sinks = checkpoint.snapshot.sinks.values();
        let held = sinks.flat_map(|sink| &sink.held.subtasks);
        let mut tables = held.flat_map(|held| &held.tables);
        if tables.any(|table| table.num_rows() > 0) {
            self.held.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.write(checkpoint)
    }

    fn prune(&mut self, keep: usize) -> anyhow::Result<()> {
        self.inner.prune(keep)
    }
}

/// Sets the clock forward so many steps after a checkpoint was asked for, and loses the job when it is made.
/// Returns what the next one has made visible in the end, or nothing if the checkpoint was made before.
fn run(jump: usize, plan: &Plan, registry: &Registry, held: &Arc<AtomicUsize>) -> Option<World> {
    let world = world();
    let manual = Arc::new(ManualClock::new(Timestamp::EPOCH));
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&manual);
    let checkpointing = Checkpointing::on_request(SharedStorage::new(Counting {
        inner: MemoryStorage::default(),
        held: Arc::clone(held),
    }));
    let start = || {
        SteppedJob::start(
            &Loaded::new(plan, registry),
            &clock,
            &world,
            &checkpointing,
            Order::Fixed,
        )
    };
    let mut job = start().expect("the job starts");
    for _ in 0..STEPS {
        job.step().expect("a step");
    }
    job.request_checkpoint().expect("begun");
    for _ in 0..jump {
        job.step().expect("a step");
    }
    if job.metrics().checkpoints.made.get() > 0 {
        return None;
    }
    manual.set(Timestamp::EPOCH.saturating_add(Duration::from_millis(100)));
    while job.metrics().checkpoints.made.get() == 0 {
        job.step().expect("a step");
    }
    drop(job);
    let mut job = start().expect("the job starts again");
    job.run().expect("the job does not fail");
    assert!(job.has_ended());
    Some(world)
}

fn world() -> World {
    let row = |row: i64| InRow {
        time: Some(row),
        key: format!("k{}", row % 6),
        value: row,
    };
    let batches = (0..40).map(|batch| (batch..batch + 6).map(row).collect());
    let input: Arc<Input> = Arc::new(vec![batches.collect()]);
    let inputs = ["a", "b"].map(|name| (name.to_owned(), Arc::clone(&input)));
    World::new(inputs.into(), Faults::default())
}

#[test]
fn rows_that_are_held_back_when_a_barrier_comes_are_not_lost() {
    let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
    let registry = Registry::new(engine);
    let mut plan = plan(BY_CLOCK, &registry);
    let calm = world();
    undisturbed(&plan, &registry, &calm);
    let expected = summed(&calm.committed()["summed"]);
    plan.parallelism = 3;
    let held = Arc::default();
    let worlds = (0..).map_while(|jump| run(jump, &plan, &registry, &held));
    for (jump, world) in worlds.enumerate() {
        let found = summed(&world.committed()["summed"]);
        assert_eq!(found, expected, "the clock is set after {jump} steps");
    }
    let held = held.load(Ordering::Relaxed);
    assert!(held > 0, "no checkpoint has rows that are held back");
}
