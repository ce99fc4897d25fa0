//! `tidemill run`: runs a pipeline to the end of its input.

use std::{path::PathBuf, sync::Arc, time::Instant};

use anyhow::bail;
use clap::Args;

use super::{Ending, interrupt, progress::Progress, setup, summary::Summary};
use crate::{
    connector::{SinkClosed, SinkConfig},
    pipeline::{Plan, Registry, SinkPlan},
    runtime::{Job, Outcome},
    time::{Clock, SystemClock},
};

/// Run a pipeline until its input ends
#[derive(Debug, Args)]
pub(super) struct Run {
    /// The pipeline file
    file: PathBuf,
}

impl Run {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let registry = Registry::new(setup::engine()?);
        let plan = setup::load(&self.file, &registry)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let started = Instant::now();
        let job = Job::start(&plan, &registry, &clock)?;
        interrupt::watch(job.stop_switch())?;
        let metrics = job.metrics().clone();
        let progress = Progress::start(&plan, &metrics);
        let result = job.wait();
        progress.finish();
        if result.as_ref().is_err_and(|error| error.is::<SinkClosed>()) {
            return closed(&plan);
        }
        let outcome = result.as_ref().ok().copied();
        eprint!(
            "{}",
            Summary::new(&plan, &metrics, started.elapsed(), outcome)
        );
        match result? {
            Outcome::Complete => Ok(Ending::Done),
            Outcome::Stopped | Outcome::Abandoned | Outcome::Suspended(_) => {
                Ok(Ending::Interrupted)
            }
        }
    }
}

/// Nobody reads the rows on standard output any more. That is an end like any other if they were all
/// that the job was for.
fn closed(plan: &Plan) -> anyhow::Result<Ending> {
    let is_file = |sink: &&SinkPlan| matches!(sink.config, SinkConfig::File { .. });
    match plan.sinks.iter().find(is_file) {
        None => Ok(Ending::Done),
        Some(sink) => bail!(
            "standard output was closed before the job was done; sink `{}` was not written",
            sink.name
        ),
    }
}
