//! A script: the steps of a case, in order.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use super::{Step, step_reader::read_step};

/// The steps of a case.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// With the number of the line that each stands on.
    steps: Vec<(usize, Step)>,
}

/// A line of a script is not a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// The script.
    pub path: PathBuf,
    /// The line, the first one 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, reason } = self;
        write!(formatter, "{}:{line}: {reason}", path.display())
    }
}

impl std::error::Error for ScriptError {}

impl Script {
    /// Reads a script: a step a line, empty lines aside. `path` is what it is called in errors.
    ///
    /// # Errors
    ///
    /// If a line is not a step: the first one.
    pub fn read(path: impl Into<PathBuf>, text: &str) -> Result<Self, ScriptError> {
        let lines = (1..).zip(text.lines());
        let lines = lines.filter(|(_, line)| !line.trim().is_empty());
        let steps = lines.map(|(number, line)| {
            Ok((number, read_step(line).map_err(|reason| (number, reason))?))
        });
        match steps.collect() {
            Ok(steps) => Ok(Self { steps }),
            Err((line, reason)) => Err(ScriptError {
                path: path.into(),
                line,
                reason,
            }),
        }
    }

    /// A script of these steps, one a line.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: (1..).zip(steps).collect(),
        }
    }

    /// The steps, with the number of the line that each stands on.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().map(|(line, step)| (*line, step))
    }

    /// Whether rows are put together to batches. If not, each is one of its own.
    pub(super) fn has_batches(&self) -> bool {
        self.steps.iter().any(|(_, step)| *step == Step::Flush)
    }

    /// How many partitions each source has, by the rows that come through them; `None` stands for the
    /// only source. Sources that no row comes from are left out.
    pub(super) fn partitions(&self) -> BTreeMap<Option<&str>, usize> {
        let mut partitions: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for (_, step) in &self.steps {
            if let Step::Row {
                stream, partition, ..
            } = step
            {
                let known = partitions.entry(stream.as_deref()).or_default();
                *known = (*known).max(partition + 1);
            }
        }
        partitions
    }
}
