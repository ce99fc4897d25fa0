//! Adds the results of a function to each row.

use arrow::{array::ArrayRef, compute};

use super::{
    Call, Guests, Operator, Outbox, OutputColumn, Progress, RejectionPolicy, Resources, Side,
    StageSpec, projection::Projection, scalar_call::evaluate,
};
use crate::{batch::Batch, time::Watermark};

/// The operator of `map = "…"`.
pub(super) struct Map {
    call: Call,
    guests: Guests,
    projection: Projection,
    rejects: RejectionPolicy,
}

impl Map {
    pub(super) fn open(
        spec: &StageSpec,
        call: &Call,
        output: &[OutputColumn],
        resources: Resources,
    ) -> Self {
        let Resources {
            guests, metrics, ..
        } = resources;
        Self {
            rejects: RejectionPolicy::of_stage(spec, &metrics),
            projection: Projection::new(spec, output),
            call: call.clone(),
            guests,
        }
    }
}

impl Operator for Map {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let evaluated = evaluate(&mut self.guests, &self.call, &batch, &mut self.rejects, out)?;
        let Some(good) = evaluated.good(batch.rows()) else {
            out.push(self.projection.apply(&batch, &evaluated.results)?);
            return Ok(());
        };
        let results: Vec<ArrayRef> = evaluated
            .results
            .iter()
            .map(|result| compute::filter(result, &good))
            .collect::<Result<_, _>>()?;
        out.push(self.projection.apply(&batch.filter(&good)?, &results)?);
        Ok(())
    }

    fn guests(&mut self) -> Option<&mut Guests> {
        Some(&mut self.guests)
    }

    fn advance(&mut self, watermark: Watermark, _: &mut Outbox) -> anyhow::Result<Progress> {
        Ok(Progress::Done(watermark))
    }
}
