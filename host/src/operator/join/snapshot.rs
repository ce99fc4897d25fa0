//! What a join knows, as rows that can be dealt out by key, and back.
//!
//! Each chunk of rows is a table: the key, whether the rows are of the right side, the time by which a
//! row is let go, whether it has met another, and the columns that are kept. The tables of a side are
//! in the order in which their rows came. The first table of all has no rows; with it stands how far the
//! input had come, which the watermark of the output does not always tell.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use arrow::{
    array::{ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array, RecordBatch, UInt32Array},
    compute,
    datatypes::{DataType, Field, Int64Type, Schema},
    error::ArrowError,
};

use super::{
    both::Both,
    chunk::Chunk,
    keys::JoinKeys,
    store::{NewRows, Store},
};
use crate::{
    operator::Side,
    state::{Share, Snapshot},
    time::{Timestamp, Watermark},
};

/// Columns ahead of those that are kept.
const AHEAD: usize = 4;

/// What the watermark of the input stands behind.
const REACHED: &str = "watermark";

const NOT_OURS: &str = "the snapshot is not one of such a join";

/// What a join knows.
pub(super) fn write_down(
    watermark: Watermark,
    rows: &Both<Store>,
    keys: &JoinKeys,
) -> anyhow::Result<Vec<RecordBatch>> {
    let reached = watermark.time().as_micros().to_string();
    let field = Field::new("0", DataType::Binary, true);
    let schema = Schema::new_with_metadata(vec![field], [(REACHED.to_owned(), reached)].into());
    let mut tables = vec![RecordBatch::new_empty(Arc::new(schema))];
    for side in Both::<()>::SIDES {
        for chunk in rows[side].chunks() {
            if chunk.live() > 0 {
                tables.push(table(columns(side, chunk, keys)?)?);
            }
        }
    }
    Ok(tables)
}

/// How far the input had come, and the tables of rows.
pub(super) fn open(snapshot: &Snapshot) -> anyhow::Result<(Watermark, &[RecordBatch])> {
    let (reached, tables) = snapshot.tables.split_first().context(NOT_OURS)?;
    let reached = reached.schema_ref().metadata().get(REACHED);
    let reached = reached.context(NOT_OURS)?.parse().context(NOT_OURS)?;
    Ok((Watermark::at(Timestamp::from_micros(reached)), tables))
}

/// The rows of a table that belong to `share`, with their side; `width` tells how many columns of a
/// side are kept.
pub(super) fn take_up(
    table: &RecordBatch,
    share: Share,
    width: impl FnOnce(Side) -> usize,
    keys: &mut JoinKeys,
) -> anyhow::Result<(Side, NewRows)> {
    ensure!(
        table.num_columns() >= AHEAD && table.num_rows() > 0,
        NOT_OURS
    );
    let encoded = table.column(0).as_binary_opt::<i32>().context(NOT_OURS)?;
    let is_right = table.column(1).as_boolean_opt().context(NOT_OURS)?;
    let side = if is_right.value(0) {
        Side::Right
    } else {
        Side::Left
    };
    ensure!(table.num_columns() == AHEAD + width(side), NOT_OURS);
    let rows = 0..table.num_rows() as u32;
    let rows: UInt32Array = rows
        .filter(|&row| share.owns(encoded.value(row as usize)))
        .collect();
    let columns = table.columns().iter();
    let columns = columns.map(|column| compute::take(column, &rows, None));
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
    let times = columns[2]
        .as_primitive_opt::<Int64Type>()
        .context(NOT_OURS)?;
    let matched = columns[3].as_boolean_opt().context(NOT_OURS)?;
    let new = NewRows {
        keys: keys.number_encoded(columns[0].as_binary::<i32>())?,
        times: times.values().clone(),
        matched: matched.values().iter().collect(),
        columns: columns[AHEAD..].to_vec(),
    };
    Ok((side, new))
}

fn columns(side: Side, chunk: &Chunk, keys: &JoinKeys) -> Result<Vec<ArrayRef>, ArrowError> {
    let live = chunk.live_places();
    let rows = &chunk.rows;
    let places = || live.iter().map(|&place| place as usize);
    let encoded = places().map(|place| keys.key(rows.keys[place]));
    let times = places().map(|place| rows.times[place]);
    let matched = places().map(|place| rows.matched.get(place).copied().unwrap_or_default());
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(BinaryArray::from_iter_values(encoded)),
        Arc::new(BooleanArray::from(vec![side == Side::Right; live.len()])),
        Arc::new(Int64Array::from_iter_values(times)),
        Arc::new(BooleanArray::from(matched.collect::<Vec<_>>())),
    ];
    let live = UInt32Array::from(live.clone());
    for column in &rows.columns {
        columns.push(compute::take(column, &live, None)?);
    }
    Ok(columns)
}

/// A table of columns that are known by their place.
fn table(columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    let fields = columns.iter().enumerate();
    let fields = fields
        .map(|(place, column)| Field::new(place.to_string(), column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    RecordBatch::try_new(schema, columns)
}
