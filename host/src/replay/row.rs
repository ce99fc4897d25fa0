//! The row of a dead letter with the columns that its stage takes now.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute,
    datatypes::TimestampMicrosecondType,
};

use super::source::decoding_of;
use crate::{
    batch::{Batch, DataType, Field, Origin, Schema},
    connector::row_of_json,
    operator::{DeadLetter, OutputColumn, Work, columns_of_json},
    pipeline::{Node, Plan, StagePlan},
};

/// The row of a letter as a batch of one row; or why there is none.
pub(super) fn row_of_letter(
    plan: &Plan,
    stage: &StagePlan,
    letter: &DeadLetter,
) -> Result<Batch, String> {
    // Letters of the first version do not tell: the columns were those that the stage took.
    let had = match &letter.columns {
        Some(columns) => columns_of_json(columns).map_err(|error| format!("{error:#}"))?,
        None => stage.input_schema.clone(),
    };
    let row = row_of_json(&had, &letter.row);
    let row = row.map_err(|error| format!("its row cannot be read: {error:#}"))?;
    let fields = stage.input_schema.fields().iter();
    let columns = fields.map(|field| column(&row, field));
    let columns = columns.collect::<Result<Vec<ArrayRef>, String>>()?;
    let time = match letter.event_time {
        Some(time) => Some(time.as_micros()),
        None => event_time_column(plan, stage).and_then(|place| {
            let times = columns[place].as_primitive::<TimestampMicrosecondType>();
            times.is_valid(0).then(|| times.value(0))
        }),
    };
    if time.is_none() && is_timed(plan, stage) {
        return Err("it does not tell the event time of its row".to_owned());
    }
    let times = time.filter(|_| is_timed(plan, stage));
    let origin = match &letter.position {
        Some(position) => Origin::consecutive(position.partition.clone(), position.number),
        None => Origin::Derived,
    };
    let schema = stage.input_schema.to_arrow();
    Batch::new(
        schema,
        columns,
        1,
        times.map(|time| vec![time].into()),
        origin,
    )
    .map_err(|error| error.to_string())
}

/// The column that a stage calls `field`, widened if it was narrower.
fn column(row: &RecordBatch, field: &Field) -> Result<ArrayRef, String> {
    let (name, wanted) = (&field.name, field.data_type);
    let Some(column) = row.column_by_name(name) else {
        return Err(format!(
            "the stage takes a column `{name}` now, which its row does not have"
        ));
    };
    match DataType::from_arrow(column.data_type()) {
        Some(found) if found == wanted => Ok(column.clone()),
        Some(found) if found.widens_to(wanted) => {
            compute::cast(column, &wanted.to_arrow()).map_err(|error| error.to_string())
        }
        found => {
            let found = found.map_or("of no type", DataType::name);
            Err(format!(
                "the stage takes `{name}` as {wanted} now, and in its row it is {found}"
            ))
        }
    }
}

/// Whether the rows that come to a stage have event times.
pub(super) fn is_timed(plan: &Plan, stage: &StagePlan) -> bool {
    stage.inputs.iter().any(|input| match *input {
        Node::Source(source) => plan.sources[source].event_time,
        Node::Stage(before) => plan.stages[before].has_event_time,
    })
}

/// The place of the column of a stage's input that has kept the event time which its source gave the row; `None` if
/// there is none, it is not the same for all rows, or a stage in between has given them another time, or the column
/// other values.
pub(super) fn event_time_column(plan: &Plan, stage: &StagePlan) -> Option<usize> {
    let name = shared_event_time(plan, stage)?;
    let (place, field) = stage.input_schema.find(name)?;
    (field.data_type == DataType::Timestamp).then_some(place)
}

/// The name under which all inputs of a stage keep their event time.
fn shared_event_time<'a>(plan: &'a Plan, stage: &StagePlan) -> Option<&'a str> {
    let (&first, others) = stage.inputs.split_first()?;
    let name = event_time_name(plan, first)?;
    let is_shared = |input: &Node| event_time_name(plan, *input) == Some(name);
    others.iter().all(is_shared).then_some(name)
}

fn event_time_name(plan: &Plan, node: Node) -> Option<&str> {
    match node {
        Node::Source(source) => {
            let decoding = decoding_of(&plan.sources[source].config)?;
            let time = decoding.event_time.as_ref()?;
            Some(decoding.schema.fields()[time.column].name.as_str())
        }
        Node::Stage(stage) => {
            let stage = &plan.stages[stage];
            let name = shared_event_time(plan, stage)?;
            keeps(stage, name).then_some(name)
        }
    }
}

/// Whether a column that comes out of a stage is the one of this name that has come in, row by row: what a function
/// gives may have its name, too.
fn keeps(stage: &StagePlan, name: &str) -> bool {
    let output = match &stage.work {
        Work::Filter(_) => return true,
        Work::Map { output, .. } | Work::FlatMap { output, .. } => output,
        Work::Process(work) => &work.output,
        Work::Lookup(work) => &work.output,
        Work::Aggregate(_) | Work::Top(_) | Work::Join(_) => return false,
    };
    let place = |schema: &Schema| schema.find(name).map(|(place, _)| place);
    let (Some(came), Some(goes)) = (place(&stage.input_schema), place(&stage.schema)) else {
        return false;
    };
    output.get(goes) == Some(&OutputColumn::Input(came))
}
