//! Adds the columns of a table of reference data.

use std::sync::Arc;

use anyhow::Context as _;
use arrow::{
    array::{ArrayRef, UInt32Array},
    compute,
};

use super::{
    BATCH_BYTES, LookupWork, Miss, Operator, Outbox, Progress, Resources, Side, StageSpec,
    projection::Projection,
};
use crate::{
    batch::{Batch, KeyEncoder, RowWeights, rows_without_nulls},
    connector::{TableContent, TableView},
    metrics::NodeMetrics,
    time::Watermark,
};

/// The operator of `lookup = { … }`. A row sees the table as it is when its batch comes.
pub(super) struct Lookup {
    input_key: Vec<usize>,
    encoder: KeyEncoder,
    table: TableView,
    /// What the rest of a batch sees, too, if what its first rows came to was handed on before.
    seen: Option<Arc<TableContent>>,
    table_key: Vec<usize>,
    /// The table's columns that are added.
    columns: Vec<usize>,
    miss: Miss,
    projection: Projection,
    metrics: Arc<NodeMetrics>,
}

impl Lookup {
    pub(super) fn open(
        spec: &StageSpec,
        work: &LookupWork,
        resources: &Resources,
    ) -> anyhow::Result<Self> {
        let table = resources.tables.get(work.table);
        let types = work
            .input_key
            .iter()
            .map(|&place| spec.input.fields()[place].data_type.to_arrow());
        Ok(Self {
            input_key: work.input_key.clone(),
            encoder: KeyEncoder::new(types)?,
            table: table.context("the table is not open")?.view(),
            seen: None,
            table_key: work.table_key.clone(),
            columns: work.columns.clone(),
            miss: work.miss,
            projection: Projection::new(spec, &work.output),
            metrics: Arc::clone(&resources.metrics),
        })
    }
}

impl Operator for Lookup {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let key: Vec<ArrayRef> = self
            .input_key
            .iter()
            .map(|&place| Arc::clone(batch.column(place)))
            .collect();
        let keys = self.encoder.encode(&key, batch.rows())?;
        let whole = rows_without_nulls(&key);
        let content = self.seen.take();
        let content = content.unwrap_or_else(|| Arc::clone(self.table.current()));
        let index = content.index(&self.table_key);
        let index = index.context("the table has no index by this key")?;
        let find = |row: usize| {
            let is_whole = whole.as_ref().is_none_or(|whole| whole.is_valid(row));
            is_whole.then(|| index.find(keys.get(row))).flatten()
        };
        let mut found: Vec<Option<u32>> = (0..batch.rows()).map(find).collect();
        let columns = self.columns.iter();
        let columns: Vec<ArrayRef> = columns
            .map(|&column| Arc::clone(content.rows().column(column)))
            .collect();
        let portion = portion(&columns, &found);
        let batch = if portion < batch.rows() {
            out.rest = Some(batch.slice(portion, batch.rows() - portion));
            self.seen = Some(Arc::clone(&content));
            found.truncate(portion);
            batch.slice(0, portion)
        } else {
            batch
        };
        let (batch, found) = match self.miss {
            Miss::Null => (batch, UInt32Array::from(found)),
            Miss::Drop => {
                let (rows, places): (Vec<u32>, Vec<u32>) = (0..)
                    .zip(found)
                    .filter_map(|(row, place)| Some((row, place?)))
                    .unzip();
                let missed = batch.rows() - rows.len();
                self.metrics.filtered.add(missed);
                let batch = if missed == 0 {
                    batch
                } else {
                    batch.take(&rows)?
                };
                (batch, UInt32Array::from(places))
            }
        };
        let added = columns
            .iter()
            .map(|column| compute::take(column, &found, None));
        let added: Vec<ArrayRef> = added.collect::<Result<_, _>>()?;
        out.push(self.projection.apply(&batch, &added)?);
        Ok(())
    }

    fn advance(&mut self, watermark: Watermark, _: &mut Outbox) -> anyhow::Result<Progress> {
        Ok(Progress::Done(watermark))
    }
}

/// How many of the first rows make a batch: one row of a table, however long it is, may be found by all of them.
fn portion(columns: &[ArrayRef], found: &[Option<u32>]) -> usize {
    let weights = RowWeights::of_some(columns);
    let mut bytes = 0_usize;
    let fits = |place: &Option<u32>| {
        let fits = bytes < BATCH_BYTES;
        let row = place.map(|place| weights.of_row(place as usize));
        bytes = bytes.saturating_add(row.unwrap_or_default());
        fits
    };
    found.iter().copied().take_while(fits).count()
}

#[cfg(test)]
mod tests;
