//! Puts the columns of an output row together.

use std::sync::Arc;

use arrow::{array::ArrayRef, datatypes::SchemaRef};

use super::{OutputColumn, StageSpec};
use crate::batch::Batch;

/// Which columns of the input and of a function's results make the output.
pub(super) struct Projection {
    columns: Vec<OutputColumn>,
    schema: SchemaRef,
}

impl Projection {
    pub(super) fn new(spec: &StageSpec, columns: &[OutputColumn]) -> Self {
        Self {
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
}
