//! Storage that is slow, or hangs: rows go on, and nothing is made visible that no checkpoint has.

use super::*;

/// Batches of one row that each of two sources gives: more than one reads behind a barrier that has not come
/// to all subtasks.
const BATCHES: usize = 300;

/// A job that numbers rows, and whose checkpoints take so many turns of storage to be written.
fn start(world: &World, turns: usize) -> SteppedJob {
    let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
    let registry = Registry::new(engine);
    let plan = plan(NUMBERED, &registry);
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::EPOCH));
    let storage = SharedStorage::new(SimulatedStorage::new(Faults::default()));
    let checkpointing = Checkpointing::on_request(storage);
    let order = Order::Fixed;
    let job = SteppedJob::start(
        &Loaded::new(&plan, &registry),
        &clock,
        world,
        &checkpointing,
        order,
    );
    let mut job = job.expect("the job starts");
    job.slow_down_storage(turns);
    job
}

fn world() -> World {
    let row = |row| InRow {
        time: Some(row),
        key: "k".to_owned(),
        value: row,
    };
    let batches = (0..BATCHES as i64).map(|time| vec![row(time)]).collect();
    let input: Arc<Input> = Arc::new(vec![batches]);
    let inputs = ["a", "b"].map(|name| (name.to_owned(), Arc::clone(&input)));
    World::new(inputs.into(), Faults::default())
}

fn visible(world: &World) -> usize {
    world.committed().values().map(Vec::len).sum()
}

fn rows_read(job: &SteppedJob) -> usize {
    let sources = job.metrics().sources.iter();
    sources.map(|source| source.rows_in.get() as usize).sum()
}

#[test]
fn rows_go_on_while_a_checkpoint_is_slowly_written() {
    let world = world();
    let mut job = start(&world, 200);
    while rows_read(&job) < 20 {
        job.step().expect("a step");
    }
    job.request_checkpoint().expect("begun");
    while job.metrics().checkpoints.made.get() == 0 {
        job.step().expect("a step");
        assert_eq!(visible(&world), 0);
    }
    let read = rows_read(&job);
    assert!(read > 2 * 150 && read < 2 * BATCHES, "{read} rows are read");
    while visible(&world) == 0 {
        job.step().expect("a step");
    }
    assert!(
        visible(&world) < read,
        "rows behind the barrier are not in it"
    );
    job.run().expect("the job comes to its end");
    assert_eq!(visible(&world), 2 * BATCHES);
}

#[test]
fn a_job_whose_storage_hangs_works_off_its_input_and_shows_nothing() {
    let world = world();
    let mut job = start(&world, usize::MAX);
    job.request_checkpoint().expect("begun");
    for _ in 0..100 * BATCHES {
        job.step().expect("a step");
    }
    assert_eq!(rows_read(&job), 2 * BATCHES);
    assert_eq!(job.metrics().sinks[0].rows_in.get() as usize, 2 * BATCHES);
    assert!(!job.has_ended(), "its last checkpoint is missing");
    assert_eq!(visible(&world), 0);
    job.slow_down_storage(0);
    job.run().expect("the job comes to its end");
    assert!(job.has_ended());
    assert_eq!(visible(&world), 2 * BATCHES);
}
