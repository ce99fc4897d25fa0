//! How jobs with checkpoints end, and what those are told who run them again.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration as Time, Instant},
};

use anyhow::{anyhow, bail};
use tidemill::{
    batch::Schema,
    checkpoint::{Checkpoint, JobSnapshot, LockLost, WriteSummary},
    connector::{Sink, SinkConfig, Source, Table, open_sink, open_source},
    metrics::JobMetrics,
    pipeline::{Plan, Registry, SinkPlan, SourcePlan, TablePlan},
    runtime::{
        Checkpointing, Connectors, Job, Launch, Loaded, MemoryStorage, NoFailpoints, Order,
        Outcome, SharedStorage, SteppedJob, Storage, Swaps,
    },
    test_kit::load_text,
    time::{Clock, Duration, ManualClock, SystemClock, Timestamp},
    wasm::{Engine, EngineOptions},
};

use crate::support::{Run, Workspace};

/// Rows without end.
const PIPELINE: &str = r#"
name = "endless"
[source.in]
connector = "generator"
rate = 1000
[sink.out]
from = "in"
connector = "blackhole"
"#;

/// Writing fails, each time.
struct Broken {
    inner: MemoryStorage,
    error: fn() -> anyhow::Error,
    attempts: usize,
    /// Whether it was told what the job goes on from.
    resumed: Arc<AtomicBool>,
    /// Stops the job after some attempts, so that it ends if it does not do so by itself.
    stop: Arc<AtomicBool>,
}

impl Storage for Broken {
    fn latest(&self, from: Option<u64>) -> anyhow::Result<Option<Checkpoint>> {
        self.inner.latest(from)
    }

    fn next_number(&self) -> anyhow::Result<u64> {
        self.inner.next_number()
    }

    fn go_on_from(&mut self, number: Option<u64>) -> anyhow::Result<()> {
        self.resumed.store(true, Ordering::Relaxed);
        self.inner.go_on_from(number)
    }

    fn write(&mut self, _: &Checkpoint) -> anyhow::Result<WriteSummary> {
        self.attempts += 1;
        if self.attempts >= 3 {
            self.stop.store(true, Ordering::Relaxed);
        }
        Err((self.error)().context("cannot write the checkpoint"))
    }

    fn prune(&mut self, keep: usize) -> anyhow::Result<()> {
        self.inner.prune(keep)
    }
}

/// Opens what the plan says.
struct Planned;

impl Connectors for Planned {
    fn source(&self, plan: &SourcePlan, clock: &Arc<dyn Clock>) -> anyhow::Result<Box<dyn Source>> {
        open_source(&plan.config, Arc::clone(clock))
    }

    fn table(
        &self,
        _: &TablePlan,
        _: Vec<Vec<usize>>,
        _: &Arc<dyn Clock>,
    ) -> anyhow::Result<Arc<Table>> {
        bail!("there are no tables")
    }

    fn sink(&self, plan: &SinkPlan) -> anyhow::Result<Box<dyn Sink>> {
        open_sink(&plan.config, &plan.schema)
    }

    fn dead_letters(&self, _: &SinkConfig, _: &Schema) -> anyhow::Result<Box<dyn Sink>> {
        bail!("there are no dead letters")
    }
}

fn load(pipeline: &str) -> (Plan, Registry) {
    let engine = Engine::new(&EngineOptions::default()).expect("an engine");
    let registry = Registry::new(engine);
    let plan = load_text(Path::new("pipeline.toml"), pipeline, &registry);
    let plan = plan.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    (plan, registry)
}

/// A checkpoint of a job that has done nothing.
fn checkpoint(number: u64) -> Checkpoint {
    Checkpoint {
        number,
        job: "endless".to_owned(),
        created_at: Timestamp::EPOCH,
        is_complete: false,
        stages: Default::default(),
        components: Default::default(),
        snapshot: JobSnapshot::default(),
    }
}

/// Runs the job from a checkpoint, or from the beginning, with writing that fails.
fn run(from: Option<u64>, error: fn() -> anyhow::Error) -> anyhow::Result<Outcome> {
    let (plan, registry) = load(PIPELINE);
    let before = from.map(checkpoint);
    let stop = Arc::default();
    let storage = Broken {
        inner: MemoryStorage::holding(before.clone()),
        error,
        attempts: 0,
        resumed: Arc::default(),
        stop: Arc::clone(&stop),
    };
    let checkpointing = Checkpointing {
        storage: SharedStorage::new(storage),
        interval: Duration::from_millis(10),
        keep: 3,
        failpoints: Arc::new(NoFailpoints),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let launch = Launch {
        connectors: &Planned,
        checkpointing: Some(&checkpointing),
        before: before.as_ref(),
        swaps: &Swaps::default(),
        metrics: &JobMetrics::new(plan.sources.len(), plan.stages.len(), plan.sinks.len()),
        stop: &stop,
    };
    Job::launch(&Loaded::new(&plan, &registry), &clock, &launch)?.wait()
}

#[test]
fn a_job_that_is_stopped_without_another_checkpoint_goes_on_from_where_it_began() {
    let full = || anyhow!("the disk is full");
    let outcome = run(Some(11), full).expect("it is stopped");
    assert_eq!(outcome, Outcome::Suspended(Some(11)));
    let outcome = run(None, full).expect("it is stopped");
    assert_eq!(outcome, Outcome::Suspended(None));
}

#[test]
fn a_job_that_has_lost_its_lock_fails() {
    let error = run(None, || LockLost("process 7".to_owned()).into());
    let error = error.expect_err("another one makes the checkpoints");
    assert!(error.is::<LockLost>(), "{error:#}");
    assert!(format!("{error:#}").ends_with("the lock was lost to process 7"));
}

#[test]
fn a_stepped_job_does_not_take_an_older_checkpoint_for_the_one_it_was_asked_for() {
    // A job that is driven by hand would never have worked off rows without end.
    let (plan, registry) = load(&PIPELINE.replace("rate = 1000", "rows = 10"));
    let resumed = Arc::<AtomicBool>::default();
    let storage = Broken {
        inner: MemoryStorage::holding([checkpoint(11)]),
        error: || anyhow!("the disk is full"),
        attempts: 0,
        resumed: Arc::clone(&resumed),
        stop: Arc::default(),
    };
    let checkpointing = Checkpointing::on_request(SharedStorage::new(storage));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::EPOCH));
    let order = Order::Fixed;
    let job = SteppedJob::start(
        &Loaded::new(&plan, &registry),
        &clock,
        &Planned,
        &checkpointing,
        order,
    );
    let mut job = job.expect("it starts");
    assert!(resumed.load(Ordering::Relaxed), "as jobs with threads do");
    let error = job.checkpoint().expect_err("it cannot be written");
    assert_eq!(error.to_string(), "the checkpoint has not been made");
}

/// Rows that are printed and written, with checkpoints.
const PRINTED: &str = r#"
name = "endless"
[source.in]
connector = "generator"
rate = 2000
[sink.printed]
from = "in"
connector = "stdout"
format = "json"
[sink.out]
from = "in"
connector = "file"
path = "out"
format = "json"
[checkpoint]
path = "state"
interval = "30ms"
"#;

/// Starts `PRINTED` and waits for a checkpoint; what it prints is read meanwhile.
fn started(workspace: &Workspace) -> (Child, impl BufRead + use<>) {
    let mut child = workspace.start(PRINTED);
    let mut printed = BufReader::new(child.stdout.take().expect("a pipe"));
    let until = Instant::now() + Time::from_secs(60);
    let is_visible = || {
        let files = fs::read_dir(workspace.path("out")).into_iter().flatten();
        let mut names = files.flatten().map(|file| file.file_name());
        names.any(|name| name.to_string_lossy().starts_with("part-"))
    };
    while !is_visible() {
        assert!(Instant::now() < until, "there is no checkpoint");
        printed.read_line(&mut String::new()).expect("a row");
        thread::sleep(Time::from_millis(1));
    }
    (child, printed)
}

#[test]
fn a_job_whose_output_is_closed_says_where_it_goes_on() {
    let workspace = Workspace::new();
    let (child, printed) = started(&workspace);
    drop(printed);
    let run = Run::of(child.wait_with_output().expect("the binary runs"));
    assert_eq!(run.status, 1, "{}", run.stderr);
    let expected =
        "standard output was closed before the job was done; it goes on from checkpoint ";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}

#[test]
fn a_stage_that_is_new_is_told_to_get_rows_from_the_checkpoint_on() {
    let workspace = Workspace::new();
    let (mut child, _printed) = started(&workspace);
    child.kill().expect("killed");
    child.wait().expect("dead");
    let more = "[stage.numbered]\nfrom = \"in\"\nkey = [\"sensor\"]\nprocess = \"std#row_number\"\n\
                [sink.numbers]\nfrom = \"numbered\"\nconnector = \"blackhole\"\n";
    let mut child = workspace.start(&format!("{PRINTED}{more}"));
    let mut printed = child.stdout.take().expect("a pipe");
    printed.read_exact(&mut [0; 100]).expect("rows");
    drop(printed);
    let run = Run::of(child.wait_with_output().expect("the binary runs"));
    let told = run.stderr.lines().filter(|line| line.contains("it is new"));
    let told: Vec<&str> = told.collect();
    assert!(
        matches!(told[..], [line] if line.contains("numbered")),
        "{}",
        run.stderr
    );
}
