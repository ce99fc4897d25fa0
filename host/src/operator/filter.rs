//! Keeps the rows for which a function says true.

use std::sync::Arc;

use arrow::{array::AsArray, compute};

use super::{
    Call, Guests, Operator, Outbox, Progress, RejectionPolicy, Resources, Side, StageSpec,
    scalar_call::evaluate,
};
use crate::{batch::Batch, metrics::NodeMetrics, time::Watermark};

/// The operator of `filter = "…"`. False and null take a row out.
pub(super) struct Filter {
    call: Call,
    guests: Guests,
    rejects: RejectionPolicy,
    metrics: Arc<NodeMetrics>,
}

impl Filter {
    pub(super) fn open(spec: &StageSpec, call: &Call, resources: Resources) -> Self {
        let Resources {
            guests, metrics, ..
        } = resources;
        Self {
            rejects: RejectionPolicy::of_stage(spec, &metrics),
            call: call.clone(),
            guests,
            metrics,
        }
    }
}

impl Operator for Filter {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let evaluated = evaluate(&mut self.guests, &self.call, &batch, &mut self.rejects, out)?;
        let verdict = evaluated.results[0].as_boolean();
        let kept = match evaluated.good(batch.rows()) {
            None => batch.filter(verdict)?,
            Some(good) => batch.filter(&compute::and_kleene(verdict, &good)?)?,
        };
        let gone = batch.rows() - evaluated.bad.len() - kept.rows();
        self.metrics.filtered.add(gone);
        out.push(kept);
        Ok(())
    }

    fn guests(&mut self) -> Option<&mut Guests> {
        Some(&mut self.guests)
    }

    fn advance(&mut self, watermark: Watermark, _: &mut Outbox) -> anyhow::Result<Progress> {
        Ok(Progress::Done(watermark))
    }
}
