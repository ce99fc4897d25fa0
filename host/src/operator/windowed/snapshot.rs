//! What windows have come to, as rows that can be dealt out by key, and back.
//!
//! Each row begins with what its window is known by, the encoded key first. The first table has a row
//! for each window and goes on with the accumulators of all functions, one column after the other. Each
//! holistic function has a table of its own, with a row for each of its rows: it goes on with the event
//! time and the arguments. What is too much for one snapshot is in several.

use std::sync::Arc;

use anyhow::{Context, ensure};
use arrow::{
    array::{ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, UInt32Array},
    compute,
    datatypes::{DataType, Int64Type},
};

use super::{aggregator::Aggregator, store::Part, values::ValueStore};
use crate::{
    batch,
    operator::state_table,
    state::{Columns, Share, Snapshot, portions},
    time::Watermark,
};

/// What numbered windows are known by: the key and `N` numbers.
pub(in crate::operator) trait Describe<const N: usize> {
    /// The key of a window, encoded.
    fn key(&self, window: u32) -> &[u8];

    /// What else it is known by.
    fn numbers(&self, window: u32) -> [i64; N];

    /// The window that is known by these; if there is none, it is opened.
    fn find_or_open(&mut self, key: &[u8], numbers: [i64; N]) -> u32;

    /// The numbers of all windows are below this.
    fn bound(&self) -> usize;
}

/// How far time had come for all of the subtasks that have written `snapshots`.
pub(in crate::operator) fn watermark(snapshots: &[Snapshot]) -> Watermark {
    let watermarks = snapshots.iter().map(|snapshot| snapshot.watermark);
    watermarks.min().unwrap_or(Watermark::START)
}

impl Aggregator {
    /// Writes down what `windows` have come to, when event time had come to `watermark`.
    pub(in crate::operator) fn write_down<const N: usize>(
        &self,
        known: &impl Describe<N>,
        windows: &[u32],
        watermark: Watermark,
    ) -> anyhow::Result<Vec<Snapshot>> {
        let parts = &self.store.parts;
        let mut tables = vec![write_down_accumulators(known, windows, parts)?];
        for part in parts {
            if let Part::Values(values) = part {
                tables.push(write_down_values(known, windows, values)?);
            }
        }
        Ok(state_table::of_parts(watermark, &tables))
    }

    /// Takes up the windows of `snapshot` whose keys belong to `share`.
    pub(in crate::operator) fn take_up<const N: usize>(
        &mut self,
        known: &mut impl Describe<N>,
        snapshot: &Snapshot,
        share: Share,
    ) -> anyhow::Result<()> {
        let mut tables = snapshot.tables.iter();
        let mut next = || {
            tables
                .next()
                .context("the snapshot of the stage is cut off")
        };
        let (windows, columns) = dealt(known, next()?, share)?;
        self.store.grow(&self.calls, known.bound());
        let mut columns = columns.into_iter();
        for (call, state) in self.calls.all().iter().enumerate() {
            if let Part::Accumulators(_) = &self.store.parts[call] {
                let fields = &state.function.state;
                let mine: Columns = columns.by_ref().take(fields.len()).collect();
                check(&mine, fields)?;
                self.store.put(call, &windows, &mine);
            }
        }
        for (part, call) in self.store.parts.iter_mut().zip(self.calls.all()) {
            if let Part::Values(values) = part {
                let (windows, columns) = dealt(known, next()?, share)?;
                let (times, arguments) = columns.split_first().context("values without times")?;
                let times = times.as_primitive_opt::<Int64Type>();
                let times = times.context("times of values are not numbers")?;
                check(arguments, &call.function.parameters)?;
                values.append(&windows, Some(times.values()), arguments, known.bound());
            }
        }
        Ok(())
    }
}

/// A row for each window, in portions.
fn write_down_accumulators<const N: usize>(
    known: &impl Describe<N>,
    windows: &[u32],
    parts: &[Part],
) -> anyhow::Result<Vec<RecordBatch>> {
    let tables = || {
        parts.iter().filter_map(|part| match part {
            Part::Accumulators(table) => Some(table),
            Part::Values(_) => None,
        })
    };
    let sizes = windows.iter().map(|&window| {
        let weights = tables().map(|table| table.weight_of(window));
        weights.fold(known.key(window).len(), usize::saturating_add)
    });
    let portions = portions(sizes).into_iter().map(|rows| {
        let windows = &windows[rows];
        let mut columns = describe(known, windows);
        for table in tables() {
            columns.extend(table.gather(windows)?);
        }
        state_table::of_columns(columns)
    });
    portions.collect()
}

/// A row for each row of windows, in portions.
fn write_down_values<const N: usize>(
    known: &impl Describe<N>,
    windows: &[u32],
    values: &ValueStore,
) -> anyhow::Result<Vec<RecordBatch>> {
    let rows = values.placed(windows);
    let sizes = rows.iter().map(|row| {
        let key = known.key(windows[row.group as usize]);
        key.len() + values.weight_of(row)
    });
    let portions = portions(sizes).into_iter().map(|portion| {
        let rows = &rows[portion];
        let owners = rows.iter().map(|row| windows[row.group as usize]);
        let mut columns = describe(known, &owners.collect::<Vec<u32>>());
        let (times, arguments) = values.write_down(rows)?;
        columns.push(Arc::new(Int64Array::from(times)));
        columns.extend(arguments);
        state_table::of_columns(columns)
    });
    portions.collect()
}

/// Checks that columns are of the types of `fields`.
fn check(columns: &[ArrayRef], fields: &[batch::Field]) -> anyhow::Result<()> {
    let types = columns.iter().map(|column| column.data_type().clone());
    let wanted = fields.iter().map(|field| field.data_type.to_arrow());
    ensure!(
        types.eq(wanted),
        "the snapshot of the stage is one of another function"
    );
    Ok(())
}

fn describe<const N: usize>(known: &impl Describe<N>, windows: &[u32]) -> Columns {
    let keys = windows.iter().map(|&window| known.key(window));
    let mut columns: Columns = vec![Arc::new(BinaryArray::from_iter_values(keys))];
    let numbers: Vec<[i64; N]> = windows
        .iter()
        .map(|&window| known.numbers(window))
        .collect();
    columns.extend((0..N).map(|place| -> ArrayRef {
        let column = numbers.iter().map(|numbers| numbers[place]);
        Arc::new(Int64Array::from_iter_values(column))
    }));
    columns
}

/// The rows of `table` whose keys belong to `share`: their windows, and the columns after those by which
/// windows are known.
fn dealt<const N: usize>(
    known: &mut impl Describe<N>,
    table: &RecordBatch,
    share: Share,
) -> anyhow::Result<(Vec<u32>, Columns)> {
    let types = table.columns().iter().map(|column| column.data_type());
    let wanted = std::iter::once(DataType::Binary).chain([const { DataType::Int64 }; N]);
    ensure!(
        types.take(N + 1).eq(&wanted.collect::<Vec<_>>()),
        "the snapshot of the stage is one of other windows"
    );
    let keys = table.column(0).as_binary::<i32>();
    let numbers: [&Int64Array; N] =
        std::array::from_fn(|place| table.column(place + 1).as_primitive::<Int64Type>());
    let is_mine = |row: &u32| share.owns(keys.value(*row as usize));
    let rows: Vec<u32> = (0..table.num_rows() as u32).filter(is_mine).collect();
    let windows = rows
        .iter()
        .map(|&row| {
            let row = row as usize;
            known.find_or_open(keys.value(row), numbers.map(|column| column.value(row)))
        })
        .collect();
    let rows = UInt32Array::from(rows);
    let columns = table.columns()[N + 1..]
        .iter()
        .map(|column| compute::take(column, &rows, None))
        .collect::<Result<_, _>>()?;
    Ok((windows, columns))
}
