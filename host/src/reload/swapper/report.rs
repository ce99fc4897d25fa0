//! What a swap has done.

use std::{fmt, sync::Arc, time::Duration};

use crate::{pipeline::Plan, reload::Difference};

/// A swap that is done.
#[derive(Debug)]
pub struct Report {
    /// The number of the barrier at which it was done.
    pub number: u64,
    /// The stages that have changed.
    pub stages: Vec<StageReport>,
    /// What the job runs by now.
    pub plan: Arc<Plan>,
    /// The longest time for which a subtask has processed nothing.
    pub pause: Duration,
    /// How long it took, from the loading of what is new.
    pub took: Duration,
}

/// What has changed in a stage.
#[derive(Debug)]
pub struct StageReport {
    /// The stage.
    pub name: String,
    /// What is other than before, in words.
    pub changes: Vec<String>,
    /// Whether its input had ended before, so that the new version has nothing to do.
    pub has_ended: bool,
    /// What it does otherwise to the rows that came last; `None` if it was not tried.
    pub difference: Option<Difference>,
}

/// In one line: where and what.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stages = self.stages.iter();
        let stages = stages.map(|stage| format!("`{}`: {stage}", stage.name));
        let stages: Vec<String> = stages.collect();
        write!(
            formatter,
            "swapped at barrier {}: {}",
            self.number,
            stages.join("; ")
        )
    }
}

/// What is other than before.
impl fmt::Display for StageReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.changes.join(", "))?;
        match self.has_ended {
            true => formatter.write_str(" (its input has ended)"),
            false => Ok(()),
        }
    }
}
