//! Makes any number of rows of each.

use std::sync::Arc;

use super::{
    Call, Guests, Operator, Outbox, OutputColumn, RejectionPolicy, StageSpec, guest,
    isolation::isolate, projection::Projection, rejects::BadRow,
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
        guests: Guests,
        metrics: &Arc<NodeMetrics>,
    ) -> Self {
        Self {
            rejects: RejectionPolicy::of_stage(spec, guests.digest(call), metrics),
            projection: Projection::new(spec, output),
            call: call.clone(),
            guests,
            metrics: Arc::clone(metrics),
        }
    }
}

impl Operator for FlatMap {
    fn process(&mut self, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let arguments = guest::arguments(&self.call.arguments, &batch)?;
        let (mut pieces, mut bad) = (Vec::new(), Vec::new());
        let patience = self.rejects.patience();
        let (guests, call) = (&mut self.guests, &self.call);
        let failed = isolate(
            0..batch.rows(),
            patience,
            &mut |rows| {
                guests.call(call, |instance| {
                    let arguments = guest::slice(&arguments, &rows);
                    instance.table(
                        &call.function,
                        Columns {
                            rows: rows.len(),
                            arrays: &arguments,
                        },
                    )
                })
            },
            &mut |rows, output| {
                bad.extend(BadRow::refused(rows.start, output.errors));
                let start = rows.start as u32;
                let parents: Vec<u32> = output.parents.iter().map(|row| start + row).collect();
                pieces.push((parents, output.columns));
            },
        );
        bad.extend(failed);
        bad.sort_by_key(|bad| bad.row);
        self.rejects.settle(&batch, &bad, out)?;
        self.metrics.absorbed.add(batch.rows() - bad.len());
        for (parents, columns) in pieces {
            out.push(self.projection.apply(&batch.take(&parents)?, &columns)?);
        }
        Ok(())
    }

    fn advance(&mut self, watermark: Watermark, _: &mut Outbox) -> anyhow::Result<Watermark> {
        Ok(watermark)
    }
}
