//! The state of a stage, as tables.

use anyhow::bail;
use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Field, Fields, Int64Type, TimeUnit},
    util::display::{ArrayFormatter, FormatOptions},
};

use super::table::Cells;
use crate::{
    batch::KeyEncoder,
    checkpoint::{Checkpoint, StageSnapshot, stage_identities},
    operator::{KnownTable, Meaning, Side, known_state},
    pipeline::{Plan, StagePlan},
    time::Timestamp,
};

/// What is known of the state of a stage.
#[derive(Default)]
struct Known {
    /// The names and types of the key.
    keys: Vec<Field>,
    /// One table after the other; the last one stands for all behind it.
    tables: Vec<KnownTable>,
}

/// Tables with the same columns, and what they are.
type Group<'a> = (Option<usize>, Vec<&'a RecordBatch>);

/// The state of a stage, or what a sink holds back, in words; at most `most` rows of each table, for a
/// terminal of this `width` if there is one.
///
/// # Errors
///
/// If the checkpoint knows no such stage.
pub(super) fn of(
    name: &str,
    checkpoint: &Checkpoint,
    plan: &Plan,
    most: usize,
    width: Option<usize>,
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
    let known = known(name, checkpoint, plan);
    let mut text = format!(
        "state of {name} in checkpoint {}, event time {}\n",
        checkpoint.number, state.watermark
    );
    let groups = by_columns(state, known.tables.len());
    if groups.is_empty() {
        text.push_str("\nnothing\n");
    }
    for (place, tables) in groups {
        text.push('\n');
        let table = place.map(|place| &known.tables[place]);
        let (cells, title) = cells(&tables, &known.keys, table, most)?;
        text.push_str(&title);
        text.push_str(&cells.shown(width));
    }
    Ok(text)
}

/// What is known of the state of a stage, if it is that of the stage in the plan.
fn known(name: &str, checkpoint: &Checkpoint, plan: &Plan) -> Known {
    let is_same = stage_identities(plan).get(name) == checkpoint.stages.get(name);
    let stage = plan.stages.iter().find(|stage| stage.name == name);
    let Some(stage) = stage.filter(|_| is_same) else {
        return Known::default();
    };
    let StagePlan {
        work, input_schema, ..
    } = stage;
    let key = work.key(Side::Left).unwrap_or_default();
    let fields = input_schema.fields();
    Known {
        keys: key.iter().map(|&place| fields[place].to_arrow()).collect(),
        tables: known_state(work, input_schema, &stage.schema),
    }
}

/// The tables of all subtasks that have rows, those that are the same and have the same columns together;
/// with the place of each among the `known` ones.
fn by_columns(state: &StageSnapshot, known: usize) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let tables = state.subtasks.iter().flat_map(|subtask| {
        let tables = subtask.tables.iter().enumerate();
        tables.map(|(place, table)| (known.checked_sub(1).map(|last| last.min(place)), table))
    });
    for (place, table) in tables.filter(|(_, table)| table.num_rows() > 0) {
        let fields = |table: &RecordBatch| -> Fields { table.schema_ref().fields().clone() };
        let group = groups
            .iter_mut()
            .find(|(of, group)| *of == place && fields(group[0]) == fields(table));
        match group {
            Some((_, group)) => group.push(table),
            None => groups.push((place, vec![table])),
        }
    }
    groups.sort_by_key(|(place, _)| *place);
    groups
}

/// Tables with the same columns as one, and its title.
fn cells(
    tables: &[&RecordBatch],
    keys: &[Field],
    known: Option<&KnownTable>,
    most: usize,
) -> anyhow::Result<(Cells, String)> {
    let count: usize = tables.iter().map(|table| table.num_rows()).sum();
    let mut cells = Cells::default();
    for table in tables {
        let shown = table.slice(0, table.num_rows().min(most - cells.rows.len().min(most)));
        let columns = columns(&shown, keys, known)?;
        if cells.names.is_empty() {
            cells.names = columns.iter().map(|column| column.name.clone()).collect();
        }
        let columns: Vec<Vec<String>> = columns
            .iter()
            .map(Column::texts)
            .collect::<anyhow::Result<_>>()?;
        for row in 0..shown.num_rows() {
            cells
                .rows
                .push(columns.iter().map(|column| column[row].clone()).collect());
        }
    }
    let shown = cells.rows.len();
    let title = known.map_or(String::new(), |known| format!("{}, ", known.title));
    let rows = if count == 1 { "row" } else { "rows" };
    let title = match shown < count {
        true => format!("{title}{count} {rows}, the first {shown}:\n"),
        false => format!("{title}{count} {rows}:\n"),
    };
    Ok((cells, title))
}

/// A column that is shown.
struct Column {
    name: String,
    meaning: Meaning,
    values: ArrayRef,
}

impl Column {
    /// Its values, for people.
    fn texts(&self) -> anyhow::Result<Vec<String>> {
        // Arrow knows no zone by its name.
        let (values, meaning) = match self.values.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                (cast(&self.values, &DataType::Int64)?, Meaning::Time)
            }
            _ => (ArrayRef::clone(&self.values), self.meaning),
        };
        let numbers = values.as_primitive_opt::<Int64Type>();
        let instant = |number: i64| match meaning {
            Meaning::Value => None,
            Meaning::Time => Some(Timestamp::from_micros(number)),
            Meaning::Slice(slicing) => Some(slicing.slice(number).start),
        };
        let options = FormatOptions::new().with_null("null");
        let plain = ArrayFormatter::try_new(&values, &options)?;
        let rows = 0..values.len();
        Ok(rows
            .map(|row| {
                let number = numbers.filter(|numbers| numbers.is_valid(row));
                let instant = number.and_then(|numbers| instant(numbers.value(row)));
                instant.map_or_else(
                    || plain.value(row).to_string(),
                    |instant| instant.to_string(),
                )
            })
            .collect())
    }
}

/// The columns of a table; the key is decoded if it is known how, and left out if it is nobody's.
fn columns(
    table: &RecordBatch,
    keys: &[Field],
    known: Option<&KnownTable>,
) -> anyhow::Result<Vec<Column>> {
    let mut columns = Vec::new();
    for (place, column) in table.columns().iter().enumerate() {
        let mut show = |name: &str, meaning: Meaning, values: ArrayRef| {
            let name = name.to_owned();
            columns.push(Column {
                name,
                meaning,
                values,
            });
        };
        if place > 0 {
            let known = known.and_then(|known| known.columns.get(place - 1));
            let name = table.schema_ref().field(place).name();
            let meaning = match name.as_str() {
                HELD_TIME => Meaning::Time,
                _ => Meaning::Value,
            };
            let (name, meaning) =
                known.map_or((name, meaning), |known| (&known.name, known.meaning));
            show(name, meaning, ArrayRef::clone(column));
        } else if let Some(decoded) = decoded(column, keys)? {
            for (key, values) in keys.iter().zip(decoded) {
                show(key.name(), Meaning::Value, values);
            }
        } else if !is_nobodys(column) {
            show("key", Meaning::Value, ArrayRef::clone(column));
        }
    }
    Ok(columns)
}

/// What the event time is called of rows that a sink holds back.
const HELD_TIME: &str = "event time";

/// Whether all keys are empty: what stands behind them is known of all.
fn is_nobodys(keys: &ArrayRef) -> bool {
    let keys = keys.as_binary_opt::<i32>();
    keys.is_some_and(|keys| keys.iter().flatten().all(<[u8]>::is_empty))
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
