//! Makes any number of rows of each.

use std::sync::Arc;

use super::{
    Call, Guests, Operator, Outbox, OutputColumn, Progress, RejectionPolicy, Resources, Side,
    StageSpec,
    children::{Children, Inheritance},
    guest,
    isolation::isolate,
    portion::Portions,
    projection::Projection,
};
use crate::{batch::Batch, metrics::NodeMetrics, time::Watermark, wasm::Columns};

/// The operator of `flat_map = "…"`.
pub(super) struct FlatMap {
    call: Call,
    guests: Guests,
    projection: Projection,
    rejects: RejectionPolicy,
    portions: Portions,
    metrics: Arc<NodeMetrics>,
}

impl FlatMap {
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
            portions: Portions::default(),
            projection: Projection::new(spec, output),
            call: call.clone(),
            guests,
            metrics,
        }
    }
}

impl Operator for FlatMap {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let arguments = guest::arguments(&self.call.arguments, &batch)?;
        let mut children = Children::default();
        let mut patience = self.rejects.patience();
        let guests = &mut self.guests;
        let limit = guests.limits(0).portion_bytes();
        let portion = self.portions.next(batch.rows(), limit);
        let kept = self.projection.kept(&batch)?;
        let inheritance = Inheritance::of(&kept);
        let failed = isolate(
            0..portion.rows(),
            &mut patience,
            &mut |rows, pace| {
                portion.attempt(|| {
                    let (output, bytes) = guests.call(0, pace, |instance, function| {
                        let arguments = guest::slice(&arguments, &rows);
                        let arguments = Columns {
                            rows: rows.len(),
                            arrays: &arguments,
                        };
                        let output = instance.table(function, arguments)?;
                        let (parents, columns) = (&output.parents, &output.columns);
                        let first = rows.start;
                        let bytes =
                            inheritance.check(instance, function, first, parents, columns)?;
                        Ok((output, bytes))
                    })?;
                    let refused = guests.refused(0, output.errors);
                    Ok(((output.parents, output.columns, refused), bytes))
                })
            },
            &mut |rows, tried| {
                if let Some((parents, columns, refused)) = portion.accept(&rows, tried) {
                    children.add(rows.start, &parents, columns, refused);
                }
            },
        );
        let (done, rest) = self.portions.close(&portion, &batch);
        out.rest = rest;
        children.hand_on(
            failed,
            (&done, &kept),
            &self.projection,
            &mut self.rejects,
            &self.metrics,
            out,
        )
    }

    fn guests(&mut self) -> Option<&mut Guests> {
        Some(&mut self.guests)
    }

    fn advance(&mut self, watermark: Watermark, _: &mut Outbox) -> anyhow::Result<Progress> {
        Ok(Progress::Done(watermark))
    }
}
