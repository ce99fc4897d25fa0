//! What came of a job: how many rows, and the sum of what is in them.

use anyhow::Context as _;
use arrow::{
    array::{AsArray, RecordBatch},
    compute::{cast, sum},
    datatypes::{DataType, Float64Type},
};
use serde::{Deserialize, Serialize};

/// Rows that were counted.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) rows: u64,
    /// Rows that came too late for all of their windows.
    pub(crate) late: u64,
    /// The sum of all results, if it was asked for.
    pub(crate) sum: f64,
}

impl Totals {
    /// Adds up the columns called `names`.
    pub(crate) fn add(&mut self, rows: &RecordBatch, names: &[&str]) -> anyhow::Result<()> {
        for name in names {
            let column = rows
                .column_by_name(name)
                .with_context(|| format!("there is no column `{name}`"))?;
            let column = cast(column, &DataType::Float64)?;
            self.sum += sum(column.as_primitive::<Float64Type>()).unwrap_or_default();
        }
        Ok(())
    }
}
