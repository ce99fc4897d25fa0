//! How a job makes checkpoints, and what it goes on from.

use std::sync::{Arc, mpsc};

use super::{
    barriers::{Barriers, Notice, Participant},
    failpoints::{Failpoints, NoFailpoints},
    storage::SharedStorage,
};
use crate::{
    checkpoint::{Checkpoint, stage_identities},
    connector::SourceConfig,
    pipeline::Plan,
    time::Duration,
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

/// The ways between the subtasks of a job and whoever sends barriers.
pub(super) struct Ways {
    pub(super) barriers: Arc<Barriers>,
    notices: mpsc::Sender<Notice>,
    pub(super) inbox: mpsc::Receiver<Notice>,
    pub(super) failpoints: Arc<dyn Failpoints>,
    /// How checkpoints are made, if they are; there are barriers of swaps in any case.
    pub(super) checkpointing: Option<Checkpointing>,
    /// The checkpoint that the job goes on from.
    pub(super) resumed: Option<u64>,
    /// The number of the barrier before the first one.
    before: u64,
    pub(super) next: u64,
}

impl Ways {
    /// Ways that nobody has gone, of a job that goes on from the checkpoint `resumed`.
    ///
    /// # Errors
    ///
    /// If the storage does not tell the number of the next checkpoint.
    pub(super) fn new(
        checkpointing: Option<&Checkpointing>,
        resumed: Option<&Checkpoint>,
    ) -> anyhow::Result<Self> {
        let (notices, inbox) = mpsc::channel();
        let (next, failpoints): (u64, Arc<dyn Failpoints>) = match checkpointing {
            None => (1, Arc::new(NoFailpoints)),
            Some(checkpointing) => (
                checkpointing.storage.lock().next_number()?,
                Arc::clone(&checkpointing.failpoints),
            ),
        };
        let barriers = Arc::new(Barriers::default());
        let before = next.saturating_sub(1);
        barriers.request(before);
        barriers.gathered(before);
        Ok(Self {
            barriers,
            notices,
            inbox,
            failpoints,
            checkpointing: checkpointing.cloned(),
            resumed: resumed.map(|resumed| resumed.number),
            before,
            next,
        })
    }

    /// Whether checkpoints are made.
    pub(super) const fn keep(&self) -> bool {
        self.checkpointing.is_some()
    }

    /// The way to whoever sends barriers.
    pub(super) fn notices(&self) -> mpsc::Sender<Notice> {
        self.notices.clone()
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
            keeps: self.keep(),
            sent: self.before,
            ahead: 0,
        }
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

/// Says which stages of a job that goes on have nothing to go on with.
pub(super) fn warn_of_new_stages(plan: &Plan, before: &Checkpoint) {
    for stage in stage_identities(plan).keys() {
        if !before.stages.contains_key(stage) {
            tracing::warn!(
                stage = %stage, checkpoint = before.number,
                "it is new: it gets the rows of sources that were read before from the checkpoint on, not \
                 from their beginning",
            );
        }
    }
}
