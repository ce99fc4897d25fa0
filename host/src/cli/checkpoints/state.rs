//! The state of a stage, as tables.

use anyhow::bail;
use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{DataType, Field, Fields},
    util::display::{ArrayFormatter, FormatOptions},
};

use crate::{
    batch::KeyEncoder,
    checkpoint::{Checkpoint, StageSnapshot, stage_identities},
    operator::Side,
    pipeline::Plan,
};

/// The state of a stage, or what a sink holds back, in words; at most `most` rows of each table.
///
/// # Errors
///
/// If the checkpoint knows no such stage.
pub(super) fn of(
    name: &str,
    checkpoint: &Checkpoint,
    plan: &Plan,
    most: usize,
) -> anyhow::Result<String> {
    let snapshot = &checkpoint.snapshot;
    let sink = snapshot.sinks.get(name).map(|sink| &sink.held);
    let Some(state) = snapshot.stages.get(name).or(sink) else {
        let names = snapshot.stages.keys().chain(snapshot.sinks.keys());
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        bail!(
            "checkpoint {} has no state of `{name}`; there is some of {}",
            checkpoint.number,
            names.join(", ")
        );
    };
    let keys = key_columns(name, checkpoint, plan);
    let mut text = format!(
        "state of {name} in checkpoint {}, event time {}\n",
        checkpoint.number, state.watermark
    );
    let tables = by_columns(state);
    if tables.is_empty() {
        text.push_str("\nnothing\n");
    }
    for tables in tables {
        text.push('\n');
        text.push_str(&table(&tables, &keys, most)?);
    }
    Ok(text)
}

/// The names and types of a stage's key, if its state is that of the stage in the plan.
fn key_columns(name: &str, checkpoint: &Checkpoint, plan: &Plan) -> Vec<Field> {
    let is_same = stage_identities(plan).get(name) == checkpoint.stages.get(name);
    let stage = plan.stages.iter().find(|stage| stage.name == name);
    let Some(stage) = stage.filter(|_| is_same) else {
        return Vec::new();
    };
    let key = stage.work.key(Side::Left).unwrap_or_default();
    let fields = stage.input_schema.fields();
    key.iter().map(|&place| fields[place].to_arrow()).collect()
}

/// The tables of all subtasks that have rows, those with the same columns together.
fn by_columns(state: &StageSnapshot) -> Vec<Vec<&RecordBatch>> {
    let mut groups: Vec<Vec<&RecordBatch>> = Vec::new();
    let tables = state.subtasks.iter().flat_map(|subtask| &subtask.tables);
    for table in tables.filter(|table| table.num_rows() > 0) {
        let fields = |table: &RecordBatch| -> Fields { table.schema_ref().fields().clone() };
        let group = groups
            .iter_mut()
            .find(|group| fields(group[0]) == fields(table));
        match group {
            Some(group) => group.push(table),
            None => groups.push(vec![table]),
        }
    }
    groups
}

/// Tables with the same columns, as one.
fn table(tables: &[&RecordBatch], keys: &[Field], most: usize) -> anyhow::Result<String> {
    let count: usize = tables.iter().map(|table| table.num_rows()).sum();
    let mut lines: Vec<Vec<String>> = Vec::new();
    for table in tables {
        let shown = table.slice(0, table.num_rows().min(most - lines.len().min(most)));
        let columns = columns(&shown, keys)?;
        if lines.is_empty() {
            lines.push(columns.iter().map(|(name, _)| name.clone()).collect());
        }
        let options = FormatOptions::new().with_null("null");
        let formatters = columns
            .iter()
            .map(|(_, column)| ArrayFormatter::try_new(column, &options));
        let formatters = formatters.collect::<Result<Vec<_>, _>>()?;
        for row in 0..shown.num_rows() {
            let cells = formatters.iter().map(|cells| cells.value(row).to_string());
            lines.push(cells.collect());
        }
    }
    let shown = lines.len() - 1;
    let mut text = match shown < count {
        true => format!("{count} rows, the first {shown}:\n"),
        false => format!("{count} rows:\n"),
    };
    text.push_str(&aligned(&lines));
    Ok(text)
}

/// The columns of a table with their names; the key is decoded if it is known how.
fn columns(table: &RecordBatch, keys: &[Field]) -> anyhow::Result<Vec<(String, ArrayRef)>> {
    let mut columns = Vec::new();
    for (place, column) in table.columns().iter().enumerate() {
        let decoded = match place {
            0 => decoded(column, keys)?,
            _ => None,
        };
        match decoded {
            Some(decoded) => {
                let names = keys.iter().map(|key| key.name().clone());
                columns.extend(names.zip(decoded));
            }
            None if place == 0 => columns.push(("key".to_owned(), ArrayRef::clone(column))),
            None => {
                let name = table.schema_ref().field(place).name();
                columns.push((name.clone(), ArrayRef::clone(column)));
            }
        }
    }
    Ok(columns)
}

fn decoded(column: &ArrayRef, keys: &[Field]) -> anyhow::Result<Option<Vec<ArrayRef>>> {
    if keys.is_empty() || *column.data_type() != DataType::Binary || column.null_count() > 0 {
        return Ok(None);
    }
    let column = column.as_binary::<i32>();
    // The empty key is nobody's: it stands with what is known of all keys.
    if column.iter().flatten().any(<[u8]>::is_empty) {
        return Ok(None);
    }
    let encoder = KeyEncoder::new(keys.iter().map(|key| key.data_type().clone()))?;
    Ok(Some(encoder.decode(column.iter().flatten())?))
}

/// Cells in columns.
fn aligned(lines: &[Vec<String>]) -> String {
    let count = lines.first().map_or(0, Vec::len);
    let width = |place: usize| {
        let cells = lines.iter().filter_map(|line| line.get(place));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(&format!("  {}\n", line.trim_end()));
    }
    text
}
