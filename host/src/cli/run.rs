//! `tidemill run`: runs a pipeline to the end of its input.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::bail;
use clap::Args;

use super::{
    Ending,
    failpoint::failpoints,
    interrupt::Interrupts,
    live::{self, Live, Show},
    progress::Progress,
    setup,
    summary::Summary,
    talk::{say, say_line},
};
use crate::{
    checkpoint::{Checkpoint, pinned},
    connector::{SinkClosed, SinkConfig},
    pipeline::{Overrides, Plan, Registry, SinkPlan},
    runtime::{Beginning, Loaded, Outcome, Session},
    time::{Clock, SystemClock},
    wasm::Engine,
};

/// Run a pipeline until its input ends; one with checkpoints goes on from the newest
#[derive(Debug, Args)]
pub(super) struct Run {
    /// The pipeline file
    file: PathBuf,

    /// Start over: forget the checkpoints, replace what was written
    #[arg(long)]
    fresh: bool,

    /// Go on from this checkpoint instead of the newest; later ones are discarded
    #[arg(long, value_name = "NUMBER", conflicts_with = "fresh")]
    from: Option<u64>,

    /// Swap components while the job runs when their files or the pipeline file change
    #[arg(long)]
    watch: bool,
}

/// How a pipeline is run.
pub(super) struct Options {
    pub(super) file: PathBuf,
    pub(super) beginning: Beginning,
    /// Whether components are swapped when files change.
    pub(super) watch: bool,
    pub(super) show: Show,
    /// Who waits for Ctrl-C already, if somebody does.
    pub(super) interrupts: Option<Interrupts>,
}

impl Run {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let options = Options {
            file: self.file.clone(),
            beginning: self.beginning(),
            watch: self.watch,
            show: Show::Log,
            interrupts: None,
        };
        run(&options, &setup::engine()?)
    }

    fn beginning(&self) -> Beginning {
        match self.from {
            Some(number) => Beginning::From(number),
            None if self.fresh => Beginning::Fresh,
            None => Beginning::Newest,
        }
    }
}

/// Runs a pipeline to its end.
pub(super) fn run(options: &Options, engine: &Engine) -> anyhow::Result<Ending> {
    let registry = Arc::new(Registry::new(engine.clone()));
    let plan = Arc::new(setup::load(&options.file, &registry)?);
    let option = match options.beginning {
        Beginning::Newest => None,
        Beginning::From(_) => Some("`--from`"),
        Beginning::Fresh => Some("`--fresh`"),
    };
    if let Some(option) = option {
        setup::checkpoints_of(&plan, &options.file, option)?;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let started = Instant::now();
    let loaded = Loaded {
        plan: Arc::clone(&plan),
        registry: Arc::clone(&registry),
    };
    let recall = |checkpoint: &Checkpoint| recall(&options.file, engine, &loaded, checkpoint);
    let (beginning, failpoints) = (options.beginning, failpoints()?);
    let session = Session::open_recalling(&loaded, &clock, beginning, &failpoints, &recall)?;
    if let Some(number) = session.completed() {
        session.run()?;
        say_line(format_args!(
            "{}: is complete already, with checkpoint {number}; `--fresh` starts over",
            plan.name
        ));
        return Ok(Ending::Done);
    }
    let listening;
    let interrupts = match &options.interrupts {
        Some(interrupts) => interrupts,
        None => {
            listening = Interrupts::listen(|| {})?;
            &listening
        }
    };
    interrupts.stop(session.stop_switch(), stopping(&plan));
    let is_recalled = session.recalled().is_some();
    let job = live::Job {
        file: &options.file,
        loaded: session.recalled().unwrap_or(&loaded).clone(),
        present: &plan,
        overrides: Overrides::default(),
        swaps: session.swaps().clone(),
    };
    let live = Live::start(job, options.watch, options.show)?;
    // Files may have changed since they were loaded.
    if is_recalled || options.watch {
        live.reload();
    }
    let metrics = session.metrics().clone();
    let before = session.before();
    // Who follows what is said is not shown a bar in between.
    let progress = match options.show {
        Show::Log => Some(Progress::start(&plan, &metrics)),
        Show::Differences => None,
    };
    let result = session.run();
    drop(live);
    if let Some(progress) = progress {
        progress.finish();
    }
    if result.as_ref().is_err_and(|error| error.is::<SinkClosed>()) {
        let last = metrics.checkpoints.last().map(|last| last.number);
        return closed(&plan, last.or(before));
    }
    let outcome = result.as_ref().ok().copied();
    say(Summary::new(&plan, &metrics, started.elapsed(), outcome));
    match result? {
        Outcome::Complete => Ok(Ending::Done),
        Outcome::Stopped | Outcome::Abandoned | Outcome::Suspended(_) => Ok(Ending::Interrupted),
    }
}

/// Loads the pipeline with the components that a checkpoint was made with, as far as they are others than the
/// files hold now and are still kept.
fn recall(
    file: &Path,
    engine: &Engine,
    now: &Loaded,
    checkpoint: &Checkpoint,
) -> anyhow::Result<Option<Loaded>> {
    let number = checkpoint.number;
    let pinned = pinned(&now.plan, &checkpoint.components, |digest| {
        now.registry.has(digest)
    });
    for component in &pinned.missing {
        tracing::warn!(
            checkpoint = number,
            "{component}; the one of the checkpoint is not kept any more, so the job goes on with the \
             present one",
        );
    }
    if pinned.used.is_empty() {
        return Ok(None);
    }
    let registry = Registry::new(engine.clone());
    let plan = match setup::load_with(file, &registry, &pinned.overrides) {
        Ok(plan) => plan,
        Err(error) => {
            tracing::warn!(
                checkpoint = number,
                "the pipeline does not go with the components of the checkpoint any more, so the job goes \
                 on with the present ones: {error:#}",
            );
            return Ok(None);
        }
    };
    for component in &pinned.used {
        tracing::info!(
            target: "swap",
            checkpoint = number,
            "{component}; the job goes on with the one of the checkpoint, and changes to the present one if \
             that can take its place",
        );
    }
    Ok(Some(Loaded {
        plan: Arc::new(plan),
        registry: Arc::new(registry),
    }))
}

/// What is said when the job is asked to stop.
const fn stopping(plan: &Plan) -> &'static str {
    match plan.checkpoint {
        Some(_) => "stopping as soon as one more checkpoint is written",
        None => "stopping",
    }
}

/// Nobody reads the rows on standard output any more. That is an end like any other if they were all
/// that the job was for. `last` is its newest checkpoint.
fn closed(plan: &Plan, last: Option<u64>) -> anyhow::Result<Ending> {
    let is_file = |sink: &&SinkPlan| matches!(sink.config, SinkConfig::File { .. });
    let Some(sink) = plan.sinks.iter().find(is_file) else {
        return Ok(Ending::Done);
    };
    match (&plan.checkpoint, last) {
        (None, _) => bail!(
            "standard output was closed before the job was done; sink `{}` was not written",
            sink.name
        ),
        (Some(_), None) => bail!(
            "standard output was closed before the first checkpoint; the job starts over when it is run again"
        ),
        (Some(_), Some(last)) => bail!(
            "standard output was closed before the job was done; it goes on from checkpoint {last} when it \
             is run again"
        ),
    }
}
