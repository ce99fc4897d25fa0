//! Job `A`: what is above 30 degrees Celsius, in Fahrenheit too.

use std::sync::Arc;

use anyhow::Context as _;
use arrow::{
    array::{AsArray, Float64Array, RecordBatch},
    compute::{filter_record_batch, kernels::cmp::gt},
    datatypes::{DataType, Field, Float64Type, Schema},
};

use super::{input::Batches, output::Output};
use crate::totals::Totals;

pub(super) fn run(batches: Batches, mut output: Output) -> anyhow::Result<Totals> {
    let threshold = Float64Array::new_scalar(30.0);
    for batch in batches {
        let batch = batch?;
        let temperature = temperature(&batch)?;
        let hot = filter_record_batch(&batch, &gt(temperature, &threshold)?)?;
        output.write(&with_fahrenheit(&hot)?)?;
    }
    Ok(output.end(0))
}

fn with_fahrenheit(hot: &RecordBatch) -> anyhow::Result<RecordBatch> {
    let fahrenheit: Float64Array = temperature(hot)?.unary(|celsius| celsius * 1.8 + 32.0);
    let mut columns = hot.columns().to_vec();
    columns.push(Arc::new(fahrenheit));
    let mut fields = hot.schema_ref().fields().to_vec();
    fields.push(Arc::new(Field::new("fahrenheit", DataType::Float64, true)));
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}

fn temperature(batch: &RecordBatch) -> anyhow::Result<&Float64Array> {
    let column = batch.column_by_name("temperature");
    let column = column.context("there are no temperatures")?;
    Ok(column.as_primitive::<Float64Type>())
}
