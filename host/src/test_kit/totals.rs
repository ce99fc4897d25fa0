//! Counters that outlive a job.

use crate::{metrics::JobMetrics, operator::Work, pipeline::Plan};

/// What has been counted over all jobs of a case, so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Rows that were late.
    pub(super) late: u64,
    /// For each `process` stage, rows it has taken less rows it has handed on.
    pub(super) kept: Vec<i64>,
}

impl Totals {
    /// What has been counted, with what a job has counted that is still there.
    pub(super) fn with(&self, plan: &Plan, metrics: &JobMetrics) -> Self {
        let late: u64 = metrics.stages.iter().map(|stage| stage.late.get()).sum();
        let stages = plan.stages.iter().zip(&metrics.stages);
        let stages = stages.filter(|(stage, _)| matches!(stage.work, Work::Process(_)));
        let kept = stages.enumerate().map(|(place, (_, metrics))| {
            let refused = metrics.dead_letters.get() + metrics.skipped.get();
            let taken = metrics.rows_in.get() as i64 - refused as i64;
            let before = self.kept.get(place).copied().unwrap_or_default();
            before + taken - metrics.rows_out.get() as i64
        });
        Self {
            late: self.late + late,
            kept: kept.collect(),
        }
    }

    /// How many rows have made a `process` stage hand nothing on since `before`.
    pub(super) fn kept_since(&self, before: &Self) -> u64 {
        let before = before.kept.iter().copied().chain(std::iter::repeat(0));
        let kept = self.kept.iter().zip(before);
        kept.map(|(now, before)| u64::try_from(now - before).unwrap_or_default())
            .sum()
    }
}
