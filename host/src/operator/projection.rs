//! Puts the columns of an output row together.

use std::sync::Arc;

use arrow::{array::ArrayRef, datatypes::SchemaRef};

use super::{OutputColumn, StageSpec};
use crate::batch::Batch;

/// Which columns of the input and of a function's results make the output.
pub(super) struct Projection {
    columns: Vec<OutputColumn>,
    /// The columns of the input among them, in their order.
    kept: Vec<usize>,
    schema: SchemaRef,
}

impl Projection {
    pub(super) fn new(spec: &StageSpec, columns: &[OutputColumn]) -> Self {
        let kept = columns.iter().filter_map(|column| match *column {
            OutputColumn::Input(place) => Some(place),
            OutputColumn::Result(_) => None,
        });
        Self {
            kept: kept.collect(),
            columns: columns.to_vec(),
            schema: spec.output.to_arrow(),
        }
    }

    /// The rows of `input` with columns of its own and of `results`, which is as long.
    pub(super) fn apply(&self, input: &Batch, results: &[ArrayRef]) -> anyhow::Result<Batch> {
        let columns = self.columns.iter().map(|column| match *column {
            OutputColumn::Input(place) => Arc::clone(input.column(place)),
            OutputColumn::Result(place) => Arc::clone(&results[place]),
        });
        Ok(input.with_columns(Arc::clone(&self.schema), columns.collect())?)
    }

    /// The columns of `input` that are kept.
    pub(super) fn kept(&self, input: &Batch) -> anyhow::Result<Batch> {
        Ok(input.project(&self.kept)?)
    }

    /// Rows with columns that were [kept](Self::kept) and with columns of `results`, which is as long.
    pub(super) fn complete(&self, kept: &Batch, results: &[ArrayRef]) -> anyhow::Result<Batch> {
        let mut next = kept.record().columns().iter();
        let columns = self.columns.iter().filter_map(|column| match *column {
            OutputColumn::Input(_) => next.next().cloned(),
            OutputColumn::Result(place) => results.get(place).cloned(),
        });
        Ok(kept.with_columns(Arc::clone(&self.schema), columns.collect())?)
    }
}
