//! A subtask of any kind.

use super::{
    sink_task::{SinkTask, WrittenSink},
    source_task::SourceTask,
    stage_task::StageTask,
    step::Step,
};
use crate::time::Timestamp;

/// A subtask that is ready to run.
pub(super) enum Task {
    Source(SourceTask),
    Stage(StageTask),
    Sink(SinkTask),
}

impl Task {
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
