//! A job from its start to its end, over the failures of its sources and sinks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use anyhow::{Context, bail};

use super::{
    assembly::recover_sinks,
    backoff::Backoff,
    checkpointing::Checkpointing,
    connector_failure::ConnectorFailure,
    connectors::{Connectors, PlannedConnectors},
    failpoints::{CheckpointStep, Failpoints},
    former_sinks::settle_former_sinks,
    job::{Job, Launch, Outcome},
    storage::SharedStorage,
    swaps::{Loaded, Swaps},
};
use crate::{
    checkpoint::{Checkpoint, CheckpointStore, WriteStep, check_fits, stage_components},
    connector::SinkClosed,
    metrics::JobMetrics,
    time::{Clock, Duration},
};

/// How often a job that waits to be started again looks whether it is to stop.
const POLL: std::time::Duration = std::time::Duration::from_millis(20);

/// A job from its start to its end. It goes on from its newest checkpoint when it is opened, and again
/// whenever one of its sources or sinks has failed, as `[restart]` says.
pub struct Session<'a> {
    /// What the files held when it was opened.
    present: Loaded,
    clock: &'a Arc<dyn Clock>,
    /// None in a job without checkpoints.
    checkpointing: Option<Checkpointing>,
    /// What the job goes on from.
    before: Option<Checkpoint>,
    metrics: JobMetrics,
    swaps: Swaps,
    /// What the checkpoint that it goes on from was made with, if that is not what the files hold.
    recalled: Option<Loaded>,
    stop: Arc<AtomicBool>,
}

/// Finds what a checkpoint was made with, if that is not what the pipeline finds now: the same plan with other
/// components.
pub type Recall<'a> = dyn Fn(&Checkpoint) -> anyhow::Result<Option<Loaded>> + 'a;

/// Where a job begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beginning {
    /// At its newest checkpoint that is whole, if there is one.
    #[default]
    Newest,
    /// At the checkpoint of this number. Those after it do not count any more.
    From(u64),
    /// At the beginning. Its checkpoints are forgotten.
    Fresh,
}

impl<'a> Session<'a> {
    /// Opens the checkpoints of a plan, if it has some. Nothing runs yet.
    ///
    /// # Errors
    ///
    /// If they cannot be opened or read, or do not fit the plan.
    pub fn open(
        present: &Loaded,
        clock: &'a Arc<dyn Clock>,
        beginning: Beginning,
        failpoints: &Arc<dyn Failpoints>,
    ) -> anyhow::Result<Self> {
        Self::open_recalling(present, clock, beginning, failpoints, &|_| Ok(None))
    }

    /// The same; the job goes on with the components of its checkpoint, as far as `recall` finds them.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn open_recalling(
        present: &Loaded,
        clock: &'a Arc<dyn Clock>,
        beginning: Beginning,
        failpoints: &Arc<dyn Failpoints>,
        recall: &Recall<'_>,
    ) -> anyhow::Result<Self> {
        let plan = &present.plan;
        let mut session = Self {
            present: present.clone(),
            clock,
            checkpointing: None,
            before: None,
            metrics: JobMetrics::new(plan.sources.len(), plan.stages.len(), plan.sinks.len()),
            swaps: Swaps::default(),
            recalled: None,
            stop: Arc::default(),
        };
        let Some(config) = &plan.checkpoint else {
            if beginning != Beginning::Newest {
                bail!("the pipeline has no section `[checkpoint]`: it always starts over");
            }
            return Ok(session);
        };
        let mut store = CheckpointStore::open(&config.location, &plan.name)?;
        let hook = Arc::clone(failpoints);
        // Here a failpoint can end the process, and nothing else: a store has no steps that fail by themselves.
        store.on_step(move |step| drop(hook.reach(step_of(step))));
        let from = match beginning {
            Beginning::Newest => None,
            Beginning::From(number) => Some(number),
            Beginning::Fresh => {
                store.clear().context("checkpoints cannot be forgotten")?;
                None
            }
        };
        let checkpointing = Checkpointing {
            storage: SharedStorage::new(store),
            interval: config.interval,
            keep: config.keep,
            failpoints: Arc::clone(failpoints),
        };
        let newest = checkpointing.storage.lock().latest(from)?;
        if let Some(newest) = &newest
            && let Some(loaded) = recall(newest)?
        {
            session.swaps.remember(newest.number, loaded.clone());
            session.recalled = Some(loaded);
        }
        session.before = session.go_on_from(&checkpointing, newest)?;
        session.checkpointing = Some(checkpointing);
        Ok(session)
    }

    /// The number of the checkpoint that says that the job has come to its end already, if one does.
    pub fn completed(&self) -> Option<u64> {
        let before = self.before.as_ref()?;
        before.is_complete.then_some(before.number)
    }

    /// What the job goes on with, if that is not the plan.
    pub const fn recalled(&self) -> Option<&Loaded> {
        self.recalled.as_ref()
    }

    /// The number of the checkpoint that the job goes on from, if it does.
    pub fn before(&self) -> Option<u64> {
        self.before.as_ref().map(|before| before.number)
    }

    /// What the job counts, over all of its attempts.
    pub const fn metrics(&self) -> &JobMetrics {
        &self.metrics
    }

    /// From where the components of the job can be swapped.
    pub const fn swaps(&self) -> &Swaps {
        &self.swaps
    }

    /// What stops the job when it is set.
    pub fn stop_switch(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Runs the job to its end. One that has come there already only makes sure that its sinks have made
    /// visible what belongs to it.
    ///
    /// # Errors
    ///
    /// What the job failed on, if it is not to be started again.
    pub fn run(mut self) -> anyhow::Result<Outcome> {
        let connectors = &PlannedConnectors;
        if let Some(before) = self.before.as_ref().filter(|before| before.is_complete) {
            settle_former_sinks(&self.present.plan, before)?;
            recover_sinks(&self.present.plan, connectors, before)?;
            return Ok(Outcome::Complete);
        }
        let mut backoff = self.present.plan.restart.map(Backoff::new);
        loop {
            let started = Instant::now();
            let is_first = backoff.is_none_or(|backoff| backoff.attempts() == 0);
            let ended = self.launch(connectors).map(Job::wait);
            self.swaps.is_over();
            let error = match ended {
                Ok(ended) => match ended {
                    Ok(outcome) => return Ok(outcome),
                    Err(error) if error.is::<ConnectorFailure>() => error,
                    Err(error) => return Err(error),
                },
                // It may be a mistake.
                Err(error) if is_first => return Err(error),
                Err(error) => error,
            };
            // Nobody reads its output any more: that does not go by.
            let is_closed = error.is::<SinkClosed>();
            let (Some(backoff), Some(checkpointing), false) =
                (&mut backoff, &self.checkpointing, is_closed)
            else {
                return Err(error);
            };
            let ran_for = i64::try_from(started.elapsed().as_micros());
            let ran_for = Duration::from_micros(ran_for.unwrap_or(i64::MAX)).unwrap_or_default();
            let Some(delay) = backoff.next(ran_for, getrandom::u64().unwrap_or_default()) else {
                let attempts = backoff.attempts();
                return Err(error.context(format!(
                    "the job was started again {attempts} times in a row and has failed again"
                )));
            };
            let attempt = backoff.attempts();
            tracing::warn!(
                attempt, delay = %delay,
                "the job has failed and is started again from its newest checkpoint: {error:#}",
            );
            if self.is_stopped_within(delay) {
                let last = self.newest(checkpointing)?;
                return Ok(Outcome::Suspended(last.map(|last| last.number)));
            }
            self.before = self.newest(checkpointing)?;
            self.metrics.checkpoints.restarts.add(1);
        }
    }

    fn launch(&self, connectors: &dyn Connectors) -> anyhow::Result<Job> {
        if let Some(before) = &self.before {
            settle_former_sinks(&self.present.plan, before)?;
        }
        let launch = Launch {
            connectors,
            checkpointing: self.checkpointing.as_ref(),
            before: self.before.as_ref(),
            swaps: &self.swaps,
            metrics: &self.metrics,
            stop: &self.stop,
        };
        let loaded = match &self.before {
            None => &self.present,
            Some(before) => &self.loaded_at(before),
        };
        Job::launch(loaded, self.clock, &launch)
    }

    /// What the job ran when a checkpoint was made: it goes on with that.
    fn loaded_at(&self, checkpoint: &Checkpoint) -> Loaded {
        let ran = |loaded: &&Loaded| checkpoint.components == stage_components(&loaded.plan);
        let swapped = self.swaps.before(checkpoint.number);
        let known = swapped.first().into_iter().chain([&self.present]);
        let found = known.chain(&swapped).find(ran);
        found.unwrap_or(&self.present).clone()
    }

    /// The newest checkpoint.
    fn newest(&self, checkpointing: &Checkpointing) -> anyhow::Result<Option<Checkpoint>> {
        let newest = checkpointing.storage.lock().latest(None)?;
        if let Some(newest) = &newest
            && stage_components(&self.loaded_at(newest).plan) != newest.components
        {
            tracing::warn!(
                checkpoint = newest.number,
                "the components that the checkpoint was made with are not at hand any more; the job goes on with \
                 those that it began with",
            );
        }
        self.go_on_from(checkpointing, newest)
    }

    /// Takes note that the job goes on from a checkpoint. Later ones do not count from here on: what sinks
    /// have made visible for them is taken back when the job starts.
    fn go_on_from(
        &self,
        checkpointing: &Checkpointing,
        newest: Option<Checkpoint>,
    ) -> anyhow::Result<Option<Checkpoint>> {
        if let Some(newest) = &newest {
            check_fits(&self.loaded_at(newest).plan, newest)?;
        }
        let number = newest.as_ref().map(|newest| newest.number);
        checkpointing.storage.lock().go_on_from(number)?;
        self.swaps.go_back_to(number.unwrap_or(0));
        Ok(newest)
    }

    /// Waits. Returns whether the job was asked to stop.
    fn is_stopped_within(&self, delay: Duration) -> bool {
        let delay = std::time::Duration::from_micros(delay.as_micros().unsigned_abs());
        let until = Instant::now() + delay;
        while Instant::now() < until && !self.stop.load(Ordering::Relaxed) {
            thread::sleep(POLL.min(until.saturating_duration_since(Instant::now())));
        }
        self.stop.load(Ordering::Relaxed)
    }
}

const fn step_of(step: WriteStep) -> CheckpointStep {
    match step {
        WriteStep::Data => CheckpointStep::Data,
        WriteStep::Manifest => CheckpointStep::Manifest,
        WriteStep::Complete => CheckpointStep::Complete,
        WriteStep::Pruned => CheckpointStep::Pruned,
    }
}
