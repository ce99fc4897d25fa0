//! What an aggregate stage knows, as rows that can be dealt out by key, and back.
//!
//! The first table has a row for each key of each slice: the key, the number of the slice, and the
//! accumulators of all functions, one column after the other. Each holistic function has a table of its
//! own: the key, the number of the slice, the event time if there is one, and the arguments. The last
//! table has the key and the slice of what has changed since early results left last. What is too much for one
//! snapshot is in several.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context;
use arrow::{
    array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, UInt32Array},
    compute,
    datatypes::Int64Type,
};

use super::{
    Aggregate, Emit,
    emission::Changes,
    keys::StageKeys,
    partial::{Settled, take},
    slice_state::{CallState, SliceState},
    value_log::{Chunk, ValueLog},
};
use crate::{
    batch::{RowWeights, weight},
    operator::{guest, state_table},
    state::{Columns, PORTION_BYTES, Share, Snapshot, portions},
    time::Watermark,
};

/// Rows of a table that are put together as they come, and divided where they would be too many.
#[derive(Default)]
struct Parts {
    parts: Vec<RecordBatch>,
    open: Vec<RecordBatch>,
    bytes: usize,
}

impl Parts {
    fn add(&mut self, rows: RecordBatch, bytes: usize) -> anyhow::Result<()> {
        if self.bytes.saturating_add(bytes) > PORTION_BYTES {
            self.close()?;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.open.push(rows);
        Ok(())
    }

    fn close(&mut self) -> anyhow::Result<()> {
        if let Some(first) = self.open.first() {
            let part = compute::concat_batches(&first.schema(), &self.open)?;
            self.parts.push(part);
        }
        self.open.clear();
        self.bytes = 0;
        Ok(())
    }

    /// All parts; `none` if there are no rows.
    fn finish(
        mut self,
        none: impl FnOnce() -> anyhow::Result<RecordBatch>,
    ) -> anyhow::Result<Vec<RecordBatch>> {
        self.close()?;
        if self.parts.is_empty() {
            self.parts.push(none()?);
        }
        Ok(self.parts)
    }
}

impl Aggregate {
    pub(super) fn write_down(&self) -> anyhow::Result<Vec<Snapshot>> {
        let mut tables = vec![self.accumulators()?];
        for call in 0..self.calls.all().len() {
            if self.calls.is_holistic(call) {
                tables.push(self.values(call)?);
            }
        }
        tables.push(self.unsent()?);
        Ok(state_table::of_parts(self.watermark, &tables))
    }

    fn accumulators(&self) -> anyhow::Result<Vec<RecordBatch>> {
        let mut parts = Parts::default();
        for (number, held) in self.slices.iter() {
            for (keys, accumulators) in held.portions(&self.keys)? {
                self.add(&mut parts, number, &keys, accumulators)?;
            }
        }
        parts.finish(|| {
            let mut columns = vec![encoded(&self.keys, []), no_numbers()];
            for call in 0..self.calls.all().len() {
                let blank = self.calls.blank(call);
                columns.extend(blank.iter().map(|column| column.slice(0, 0)));
            }
            state_table::of_columns(columns)
        })
    }

    /// Adds rows of a slice: for each the number of its key and `columns`.
    fn add(
        &self,
        parts: &mut Parts,
        slice: i64,
        keys: &[u32],
        columns: Columns,
    ) -> anyhow::Result<()> {
        let bytes = keys.iter().map(|&key| self.keys.key(key).len());
        let bytes = bytes.fold(weight(&columns), usize::saturating_add);
        let mut all = vec![
            encoded(&self.keys, keys.iter().copied()),
            Arc::new(Int64Array::from_value(slice, keys.len())) as ArrayRef,
        ];
        all.extend(columns);
        parts.add(state_table::of_columns(all)?, bytes)
    }

    /// The rows that a holistic function will want to see.
    fn values(&self, call: usize) -> anyhow::Result<Vec<RecordBatch>> {
        let mut parts = Parts::default();
        for (number, held) in self.slices.iter() {
            for chunk in held.values(call).iter().flat_map(|log| &log.chunks) {
                let weights = RowWeights::of(&chunk.columns);
                let rows = chunk.keys.iter().enumerate();
                let sizes = rows.map(|(row, &key)| self.keys.key(key).len() + weights.of_row(row));
                for rows in portions(sizes) {
                    let times = chunk.times.as_ref();
                    let times = times.map_or_else(
                        || Int64Array::new_null(rows.len()),
                        |times| Int64Array::new(times.slice(rows.start, rows.len()), None),
                    );
                    let mut columns: Columns = vec![Arc::new(times)];
                    columns.extend(guest::slice(&chunk.columns, &rows));
                    self.add(&mut parts, number, &chunk.keys[rows], columns)?;
                }
            }
        }
        parts.finish(|| {
            let columns = vec![encoded(&self.keys, []), no_numbers(), no_numbers()];
            state_table::of_columns(columns)
        })
    }

    fn unsent(&self) -> anyhow::Result<Vec<RecordBatch>> {
        let (slices, keys): (Vec<i64>, Vec<u32>) = self.unsent.iter().unzip();
        let sizes = keys.iter().map(|&key| self.keys.key(key).len());
        let portions = portions(sizes).into_iter().map(|rows| {
            let keys = encoded(&self.keys, keys[rows.clone()].iter().copied());
            let slices = Int64Array::from(slices[rows].to_vec());
            state_table::of_columns(vec![keys, Arc::new(slices)])
        });
        portions.collect()
    }

    pub(super) fn take_up(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        let watermarks = snapshots.iter().map(|snapshot| snapshot.watermark);
        // Of that which was first: no window fires twice.
        self.watermark = watermarks.max().unwrap_or(Watermark::START);
        self.next = self.slicing.first_open(self.watermark.time());
        let mut slices: BTreeMap<i64, SliceState> = BTreeMap::new();
        for snapshot in snapshots {
            let mut tables = snapshot.tables.iter();
            let mut table = || {
                tables
                    .next()
                    .context("the snapshot of an aggregate is cut off")
            };
            self.take_up_accumulators(table()?, share, &mut slices)?;
            for call in 0..self.calls.all().len() {
                if self.calls.is_holistic(call) {
                    self.take_up_values(call, table()?, share, &mut slices)?;
                }
            }
            let unsent = self.changes(table()?, share);
            self.unsent.join(unsent);
            self.take_up_overdue(snapshot, share);
        }
        for (number, slice) in slices {
            self.slices.put(number, slice);
        }
        if let Emit::Every(interval) = self.emit
            && !self.unsent.is_empty()
        {
            self.send_at = Some(self.clock.now().next_multiple(interval));
        }
        Ok(())
    }

    fn take_up_accumulators(
        &mut self,
        table: &RecordBatch,
        share: Share,
        slices: &mut BTreeMap<i64, SliceState>,
    ) -> anyhow::Result<()> {
        for (number, rows) in by_slice(table, share) {
            let slice = slices
                .entry(number)
                .or_insert_with(|| SliceState::new(&self.calls));
            let keys = number_keys(&mut self.keys, table, &rows);
            self.keys.hold(&keys);
            let rows = UInt32Array::from(rows);
            let mut columns = table.columns().iter().skip(2).cloned();
            let calls = slice.calls.iter().enumerate();
            let settled: Vec<Settled> = calls
                .map(|(index, call)| {
                    Ok(match call {
                        CallState::Values(_) => Settled::Values(ValueLog::default()),
                        CallState::Accumulators(_) => {
                            let mine = columns
                                .by_ref()
                                .take(self.calls.blank(index).len())
                                .collect();
                            Settled::Accumulators(take(&mine, &rows)?)
                        }
                    })
                })
                .collect::<anyhow::Result<_>>()?;
            slice.add(&keys, self.keys.bound(), &settled);
        }
        Ok(())
    }

    fn take_up_values(
        &mut self,
        call: usize,
        table: &RecordBatch,
        share: Share,
        slices: &mut BTreeMap<i64, SliceState>,
    ) -> anyhow::Result<()> {
        for (number, rows) in by_slice(table, share) {
            let keys = number_keys(&mut self.keys, table, &rows);
            let rows = UInt32Array::from(rows);
            let column = |column: &ArrayRef| compute::take(column, &rows, None);
            let times = column(table.column(2))?;
            let times = times.as_primitive::<Int64Type>();
            let columns = table.columns()[3..].iter().map(column);
            let chunk = Chunk {
                keys: keys.into(),
                times: (times.null_count() == 0).then(|| times.values().clone()),
                columns: columns.collect::<Result<_, _>>()?,
            };
            let slice = slices.get_mut(&number).context("values without a slice")?;
            if let CallState::Values(log) = &mut slice.calls[call] {
                log.chunks.push(chunk);
            }
        }
        Ok(())
    }

    /// Takes note of the windows that a subtask had yet to fire and another one has fired.
    fn take_up_overdue(&mut self, snapshot: &Snapshot, share: Share) {
        let first = self.slicing.first_open(snapshot.watermark.time());
        let table = match self.emit {
            Emit::Final => snapshot.tables.first(),
            Emit::Every(_) => snapshot.tables.last(),
            // Its rows have left with the last change.
            Emit::Update => None,
        };
        if let Some(table) = table.filter(|_| first < self.next) {
            let changes = self.changes(table, share);
            self.overdue.add(first, changes);
        }
    }

    /// The keys and slices of the rows of `table` that belong to `share`.
    fn changes(&mut self, table: &RecordBatch, share: Share) -> Changes {
        let mut changes = Changes::default();
        for (number, rows) in by_slice(table, share) {
            changes.add(number, &number_keys(&mut self.keys, table, &rows));
        }
        changes
    }
}

/// The keys with these numbers, encoded.
fn encoded(keys: &StageKeys, numbers: impl IntoIterator<Item = u32>) -> ArrayRef {
    let keys = numbers.into_iter().map(|number| keys.key(number));
    Arc::new(BinaryArray::from_iter_values(keys))
}

fn no_numbers() -> ArrayRef {
    Arc::new(Int64Array::new_null(0))
}

/// The rows whose keys belong to `share`, by the number of their slice.
fn by_slice(table: &RecordBatch, share: Share) -> BTreeMap<i64, Vec<u32>> {
    let keys = table.column(0).as_binary::<i32>();
    let slices = table.column(1).as_primitive::<Int64Type>();
    let mut rows: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
    for row in (0..table.num_rows()).filter(|&row| share.owns(keys.value(row))) {
        rows.entry(slices.value(row)).or_default().push(row as u32);
    }
    rows
}

fn number_keys(keys: &mut StageKeys, table: &RecordBatch, rows: &[u32]) -> Vec<u32> {
    let encoded = table.column(0).as_binary::<i32>();
    let mut fresh = Vec::new();
    rows.iter()
        .map(|&row| keys.number_one(encoded.value(row as usize), &mut fresh))
        .collect()
}
