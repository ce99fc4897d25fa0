//! `tidemill run`: runs a pipeline to the end of its input.

use std::{path::PathBuf, sync::Arc, time::Instant};

use anyhow::bail;
use clap::Args;

use super::{
    Ending,
    failpoint::failpoints,
    interrupt,
    progress::Progress,
    setup,
    summary::Summary,
    talk::{say, say_line},
};
use crate::{
    connector::{SinkClosed, SinkConfig},
    pipeline::{Plan, Registry, SinkPlan},
    runtime::{Beginning, Outcome, Session},
    time::{Clock, SystemClock},
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
}

impl Run {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let registry = Registry::new(setup::engine()?);
        let plan = setup::load(&self.file, &registry)?;
        let beginning = self.beginning();
        let option = match beginning {
            Beginning::Newest => None,
            Beginning::From(_) => Some("`--from`"),
            Beginning::Fresh => Some("`--fresh`"),
        };
        if let Some(option) = option {
            setup::checkpoints_of(&plan, &self.file, option)?;
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let started = Instant::now();
        let session = Session::open(&plan, &registry, &clock, beginning, &failpoints()?)?;
        if let Some(number) = session.completed() {
            session.run()?;
            say_line(format_args!(
                "{}: is complete already, with checkpoint {number}; `--fresh` starts over",
                plan.name
            ));
            return Ok(Ending::Done);
        }
        interrupt::watch(session.stop_switch(), stopping(&plan))?;
        let metrics = session.metrics().clone();
        let before = session.before();
        let progress = Progress::start(&plan, &metrics);
        let result = session.run();
        progress.finish();
        if result.as_ref().is_err_and(|error| error.is::<SinkClosed>()) {
            let last = metrics.checkpoints.last().map(|last| last.number);
            return closed(&plan, last.or(before));
        }
        let outcome = result.as_ref().ok().copied();
        say(Summary::new(&plan, &metrics, started.elapsed(), outcome));
        match result? {
            Outcome::Complete => Ok(Ending::Done),
            Outcome::Stopped | Outcome::Abandoned | Outcome::Suspended(_) => {
                Ok(Ending::Interrupted)
            }
        }
    }
}

impl Run {
    fn beginning(&self) -> Beginning {
        match self.from {
            Some(number) => Beginning::From(number),
            None if self.fresh => Beginning::Fresh,
            None => Beginning::Newest,
        }
    }
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
