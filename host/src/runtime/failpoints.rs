//! The numbered steps of a checkpoint, and a hook at each of them for tests that make a job fail there.

use std::fmt;

/// A step of a checkpoint, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckpointStep {
    /// A checkpoint is begun; the sources have yet to be told.
    Begin,
    /// A source subtask is about to note its positions and to send the barrier.
    Source,
    /// A stage is about to write down what it knows and to send the barrier on.
    Stage,
    /// A sink is about to stage what was written to it.
    Sink,
    /// A sink has staged it and has yet to say so.
    Staged,
    /// All have contributed; the files are about to be written.
    Write,
    /// Its data files are written; nothing refers to them.
    Data,
    /// Its manifest is in place.
    Manifest,
    /// It is complete, and those who have asked to write it have yet to be told.
    Complete,
    /// The checkpoint is complete; the sinks have yet to be told.
    Written,
    /// A sink is about to make visible what it has staged.
    Commit,
    /// A sink has made it visible and has yet to say so.
    Committed,
    /// All sinks have; what is not needed any more is about to be removed.
    Prune,
    /// Old manifests are gone, their files are not.
    Pruned,
    /// The checkpoint is over.
    End,
}

impl CheckpointStep {
    /// All steps, in order.
    pub const ALL: [Self; 15] = [
        Self::Begin,
        Self::Source,
        Self::Stage,
        Self::Sink,
        Self::Staged,
        Self::Write,
        Self::Data,
        Self::Manifest,
        Self::Complete,
        Self::Written,
        Self::Commit,
        Self::Committed,
        Self::Prune,
        Self::Pruned,
        Self::End,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Source => "source",
            Self::Stage => "stage",
            Self::Sink => "sink",
            Self::Staged => "staged",
            Self::Write => "write",
            Self::Data => "data",
            Self::Manifest => "manifest",
            Self::Complete => "complete",
            Self::Written => "written",
            Self::Commit => "commit",
            Self::Committed => "committed",
            Self::Prune => "prune",
            Self::Pruned => "pruned",
            Self::End => "end",
        }
    }
}

impl fmt::Display for CheckpointStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Is asked at each step of a checkpoint whether the job is to go on. A job that runs goes on; one that is
/// tested may fail, or take the whole process with it.
pub trait Failpoints: Send + Sync {
    /// Called by the subtask, or whoever makes the checkpoints, that is at the step.
    ///
    /// # Errors
    ///
    /// If it is to fail there.
    fn reach(&self, step: CheckpointStep) -> anyhow::Result<()>;
}

/// Goes on everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFailpoints;

impl Failpoints for NoFailpoints {
    fn reach(&self, _: CheckpointStep) -> anyhow::Result<()> {
        Ok(())
    }
}
