//! Rows as they have come out: columns by name, values by type.

use std::sync::Arc;

use anyhow::Context;
use arrow::datatypes::SchemaRef;

use crate::batch::{Batch, Value};

/// A row that has come out.
#[derive(Clone, Debug)]
pub struct Row {
    /// The sink that has got it.
    pub sink: Arc<str>,
    schema: SchemaRef,
    values: Vec<Value>,
}

impl Row {
    /// The rows of `batch`, which `sink` has got.
    ///
    /// # Errors
    ///
    /// If a column is of a type that no pipeline has.
    pub fn of_batch(sink: &Arc<str>, batch: &Batch) -> anyhow::Result<Vec<Self>> {
        let schema = batch.record().schema();
        let row = |row| {
            let columns = batch.record().columns().iter();
            let values = columns.map(|column| {
                let kind = column.data_type();
                Value::at(column, row).with_context(|| format!("there is no type for {kind}"))
            });
            Ok(Self {
                sink: Arc::clone(sink),
                schema: SchemaRef::clone(&schema),
                values: values.collect::<anyhow::Result<_>>()?,
            })
        };
        (0..batch.rows()).map(row).collect()
    }

    /// The value in the column called `name`, if there is one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let (place, _) = self.schema.column_with_name(name)?;
        self.values.get(place)
    }

    /// The values at these places.
    pub(super) fn at(&self, places: &[usize]) -> Vec<&Value> {
        let values = places.iter().filter_map(|&place| self.values.get(place));
        values.collect()
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().as_str())
    }
}
