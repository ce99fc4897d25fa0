//! How a job makes checkpoints, and what it goes on from.

use std::{
    sync::{Arc, mpsc},
    time::Instant,
};

use super::{
    assembly::Assembled,
    barriers::{Barriers, Notice, Participant},
    driver::{Driver, Label},
    failpoints::{Failpoints, NoFailpoints},
    storage::SharedStorage,
};
use crate::{
    checkpoint::{Checkpoint, Coordinator, Role, stage_components, stage_identities},
    connector::SourceConfig,
    metrics::CheckpointMetrics,
    pipeline::Plan,
    time::{Clock, Duration, Timestamp},
};

/// How a job makes checkpoints.
#[derive(Clone)]
pub struct Checkpointing {
    /// Where they are kept.
    pub storage: SharedStorage,
    /// How long after the start of one the next one is begun.
    pub interval: Duration,
    /// How many are kept.
    pub keep: usize,
    /// What happens at each step of one.
    pub failpoints: Arc<dyn Failpoints>,
}

impl Checkpointing {
    /// Checkpoints that are made when somebody asks for one, and at the end.
    pub fn on_request(storage: SharedStorage) -> Self {
        Self {
            storage,
            interval: Duration::MAX,
            keep: 1,
            failpoints: Arc::new(NoFailpoints),
        }
    }
}

/// The ways between the subtasks of a job and whoever makes its checkpoints.
pub(super) struct Ways {
    barriers: Arc<Barriers>,
    notices: mpsc::Sender<Notice>,
    inbox: mpsc::Receiver<Notice>,
    failpoints: Arc<dyn Failpoints>,
    /// The number of the checkpoint before the first one.
    before: u64,
    next: u64,
}

impl Ways {
    /// Ways that nobody has gone.
    ///
    /// # Errors
    ///
    /// If the storage does not tell the number of the next checkpoint.
    pub(super) fn new(checkpointing: &Checkpointing) -> anyhow::Result<Self> {
        let (notices, inbox) = mpsc::channel();
        let next = checkpointing.storage.lock().next_number()?;
        let barriers = Arc::new(Barriers::default());
        let before = next.saturating_sub(1);
        barriers.request(before);
        barriers.gathered(before);
        Ok(Self {
            barriers,
            notices,
            inbox,
            failpoints: Arc::clone(&checkpointing.failpoints),
            before,
            next,
        })
    }

    /// What sources look at.
    pub(super) const fn barriers(&self) -> &Arc<Barriers> {
        &self.barriers
    }

    /// How the next subtask takes part.
    pub(super) fn participant(&self, subtask: usize) -> Participant {
        Participant {
            subtask,
            barriers: Arc::clone(&self.barriers),
            notices: self.notices.clone(),
            failpoints: Arc::clone(&self.failpoints),
            sent: self.before,
            ahead: 0,
        }
    }

    /// What makes the checkpoints of a job that starts at the instant `now`.
    pub(super) fn driver(
        self,
        plan: &Plan,
        checkpointing: &Checkpointing,
        assembled: &mut Assembled,
        metrics: &Arc<CheckpointMetrics>,
        clock: &Arc<dyn Clock>,
        now: Timestamp,
    ) -> Driver {
        let tasks = || assembled.tasks.iter().map(|(_, task)| task);
        let roles: Vec<Role> = tasks().map(|task| task.role()).collect();
        Driver {
            coordinator: Coordinator::new(&roles, checkpointing.interval, self.next, now),
            names: tasks().map(|task| Arc::clone(task.name())).collect(),
            barriers: self.barriers,
            notices: self.inbox,
            sinks: std::mem::take(&mut assembled.controls),
            storage: checkpointing.storage.clone(),
            label: label(plan),
            keep: checkpointing.keep,
            failpoints: self.failpoints,
            metrics: Arc::clone(metrics),
            clock: Arc::clone(clock),
            begun: Instant::now(),
            unwritten: None,
            last: None,
            stop_after: None,
            end: None,
            delay: 0,
            delayed: 0,
        }
    }
}

fn label(plan: &Plan) -> Label {
    Label {
        job: plan.name.clone(),
        stages: stage_identities(plan),
        components: stage_components(plan),
    }
}

/// Whether what was read of a source can be read again.
pub(super) const fn can_replay(config: &SourceConfig) -> bool {
    match config {
        SourceConfig::File { .. } | SourceConfig::Generator(_) | SourceConfig::Test { .. } => true,
        SourceConfig::Stdin { .. } | SourceConfig::Socket { .. } => false,
    }
}

/// Says what is lost when a job with checkpoints goes on from one.
pub(super) fn warn_of_losses(plan: &Plan, before: Option<&Checkpoint>) {
    for source in &plan.sources {
        if let SourceConfig::File { paths, .. } = &source.config {
            for path in paths.iter().filter(|path| !path.is_file()) {
                tracing::warn!(
                    source = %source.name, path = %path.display(),
                    "it is no regular file and cannot be read again: the job cannot go on from a checkpoint \
                     that is made while it is read",
                );
            }
        }
        if can_replay(&source.config) {
            continue;
        }
        tracing::warn!(
            source = %source.name,
            "what is read of it cannot be read again: if the job fails, the rows since the last \
             checkpoint are lost",
        );
        if let Some(before) = before {
            tracing::warn!(
                source = %source.name, checkpoint = before.number,
                "it is read from where it is now: rows since the checkpoint are lost",
            );
        }
    }
}
