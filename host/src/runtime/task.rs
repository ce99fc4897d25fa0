//! A subtask of any kind.

use std::sync::Arc;

use super::{
    sink_task::{SinkTask, WrittenSink},
    source_task::SourceTask,
    stage_task::StageTask,
    step::Step,
};
use crate::{checkpoint::Role, time::Timestamp};

/// A subtask that is ready to run.
pub(super) enum Task {
    Source(SourceTask),
    Stage(StageTask),
    Sink(SinkTask),
}

impl Task {
    /// What the source, the stage or the sink is called.
    pub(super) const fn name(&self) -> &Arc<str> {
        match self {
            Self::Source(task) => &task.name,
            Self::Stage(task) => task.name(),
            Self::Sink(task) => task.name(),
        }
    }

    /// What it is to whoever makes checkpoints.
    pub(super) const fn role(&self) -> Role {
        match self {
            Self::Source(_) => Role::Source,
            Self::Stage(_) => Role::Stage,
            Self::Sink(_) => Role::Sink,
        }
    }

    /// Runs to the end; a sink is handed back to be finished.
    pub(super) fn run(self) -> anyhow::Result<Option<WrittenSink>> {
        match self {
            Self::Source(task) => task.run().map(|()| None),
            Self::Stage(task) => task.run().map(|()| None),
            Self::Sink(task) => task.run().map(Some),
        }
    }

    /// Does a bit of what [`run`](Self::run) does, without waiting.
    pub(super) fn step(&mut self) -> anyhow::Result<Step> {
        match self {
            Self::Source(task) => task.step(),
            Self::Stage(task) => task.step(),
            Self::Sink(task) => task.step(),
        }
    }

    /// When there is something to do even if nothing comes.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        match self {
            Self::Source(task) => task.wake_at(),
            Self::Stage(task) => task.wake_at(),
            Self::Sink(_) => None,
        }
    }
}
