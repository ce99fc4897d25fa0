//! Makes any number of rows of each.

use std::sync::Arc;

use super::{
    Call, Guests, Operator, Outbox, OutputColumn, Progress, RejectionPolicy, Resources, Side,
    StageSpec, children::Children, guest, isolation::isolate, projection::Projection,
};
use crate::{batch::Batch, metrics::NodeMetrics, time::Watermark, wasm::Columns};

/// The operator of `flat_map = "…"`.
pub(super) struct FlatMap {
    call: Call,
    guests: Guests,
    projection: Projection,
    rejects: RejectionPolicy,
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
        let failed = isolate(
            0..batch.rows(),
            &mut patience,
            &mut |rows, pace| {
                let output = guests.call(0, pace, |instance, function| {
                    let arguments = guest::slice(&arguments, &rows);
                    instance.table(
                        function,
                        Columns {
                            rows: rows.len(),
                            arrays: &arguments,
                        },
                    )
                })?;
                let refused = guests.refused(0, output.errors);
                Ok((output.parents, output.columns, refused))
            },
            &mut |rows, (parents, columns, refused)| {
                children.add(rows.start, &parents, columns, refused);
            },
        );
        children.hand_on(
            failed,
            &batch,
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
