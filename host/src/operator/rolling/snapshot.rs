//! What a stage with rolling windows knows, as rows that can be dealt out by key, and back.
//!
//! The first table has a row for each row that is kept: the key; its number among the rows of the
//! key, if it is settled; its time; its place among all rows of the stage; whether it has been fired;
//! what it keeps for the output, and its event time, if it has not; its accumulators; its values. What
//! runs of rows come to is not in it: it is made again, of the same rows. The second table says how far the
//! input had come.

use std::{cmp::Reverse, sync::Arc};

use anyhow::Context;
use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array, RecordBatch, UInt32Array,
    },
    compute,
    datatypes::Int64Type,
};

use super::{
    Rolling, Unsettled,
    track::{Places, Track},
};
use crate::{
    operator::{AggregateWork, state_table},
    state::{Share, Snapshot},
};

/// A row that is kept.
struct Kept {
    key: u32,
    number: Option<i64>,
    time: i64,
    arrival: u64,
    /// Where its columns are, if it has not been fired.
    row: Option<u32>,
    places: Places,
}

/// The columns ahead of those that rows keep.
const FIXED_COLUMNS: usize = 5;

/// The place of the first column of accumulators, behind what rows keep for the output and their event time.
pub(in crate::operator) const fn first_kept_column(work: &AggregateWork) -> usize {
    FIXED_COLUMNS + work.keep.len() + 1
}

impl Rolling {
    pub(super) fn write_down(&self) -> anyhow::Result<Snapshot> {
        let kept = self.kept();
        let each = || kept.iter();
        let keys = each().map(|row| self.keys.key(row.key));
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(BinaryArray::from_iter_values(keys)),
            Arc::new(each().map(|row| row.number).collect::<Int64Array>()),
            Arc::new(Int64Array::from_iter_values(each().map(|row| row.time))),
            Arc::new(Int64Array::from_iter_values(
                each().map(|row| row.arrival.cast_signed()),
            )),
            Arc::new(
                each()
                    .map(|row| Some(row.row.is_none()))
                    .collect::<BooleanArray>(),
            ),
        ];
        let unfired: Vec<u32> = each().filter_map(|row| row.row).collect();
        let mut next = 0..;
        let places: UInt32Array = each()
            .map(|row| row.row.and_then(|_| next.next()))
            .collect();
        for column in self.rows.gather(&unfired) {
            columns.push(compute::take(&column, &places, None)?);
        }
        let leaves: Vec<u32> = each().map(|row| row.places.leaf).collect();
        columns.extend(self.nodes.gather(&leaves));
        let values: Vec<u32> = each().filter_map(|row| row.places.values).collect();
        if values.len() == kept.len() {
            columns.extend(self.values.gather(&values));
        }
        Ok(Snapshot {
            watermark: self.reached,
            tables: vec![
                state_table::of_columns(columns)?,
                state_table::of_watermark(self.watermark)?,
            ],
        })
    }

    /// The rows that are kept: those of a key in their order, and after them the unsettled ones as they
    /// have come.
    fn kept(&self) -> Vec<Kept> {
        let mut keys: Vec<u32> = self.keys.numbers().collect();
        self.keys.sort(&mut keys);
        let mut kept = Vec::new();
        for key in keys {
            for (number, time, places, waiting) in self.tracks[key as usize].rows() {
                kept.push(Kept {
                    key,
                    number: Some(number),
                    time,
                    arrival: waiting.map_or(0, |waiting| waiting.arrival),
                    row: waiting.map(|waiting| waiting.row),
                    places,
                });
            }
        }
        let settled = kept.len();
        kept.extend(self.unsettled.iter().map(|Reverse(row)| Kept {
            key: row.key,
            number: None,
            time: row.time,
            arrival: row.arrival,
            row: Some(row.row),
            places: Places {
                leaf: row.leaf,
                values: row.values,
            },
        }));
        kept[settled..].sort_unstable_by_key(|row| row.arrival);
        kept
    }

    pub(super) fn take_up(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        self.watermark = state_table::watermark(snapshots, 1)?;
        self.reached = state_table::reached(snapshots);
        self.look_at_clock();
        for snapshot in snapshots {
            let table = state_table::get(snapshot, 0)?;
            let keys = table.column(0).as_binary::<i32>();
            let mine = |row: &u32| share.owns(keys.value(*row as usize));
            let rows: UInt32Array = (0..keys.len() as u32).filter(mine).collect();
            self.take_up_rows(&compute::take_record_batch(table, &rows)?)?;
        }
        let keys: Vec<u32> = self.keys.numbers().collect();
        let mut patience = self.failed_frames.patience_with_parts();
        let (functions, tracks) = (&mut self.functions, &mut self.tracks);
        let nodes = &mut self.nodes;
        let built = nodes.build(functions, tracks, &keys, self.frame, &mut patience);
        self.failed_frames.check(built)?;
        self.reach();
        Ok(())
    }

    fn take_up_rows(&mut self, table: &RecordBatch) -> anyhow::Result<()> {
        let rows = table.num_rows();
        let widths = [
            FIXED_COLUMNS,
            self.keep.len() + 1,
            self.functions.accumulator_types().len(),
        ];
        let [fixed, kept, accumulators] = widths;
        let columns = table.columns();
        let (fixed, columns) = columns.split_at_checked(fixed).context(CUT_OFF)?;
        let (kept, columns) = columns.split_at_checked(kept).context(CUT_OFF)?;
        let (accumulators, values) = columns.split_at_checked(accumulators).context(CUT_OFF)?;
        let keys = fixed[0].as_binary::<i32>();
        let numbers = fixed[1].as_primitive::<Int64Type>();
        let times = fixed[2].as_primitive::<Int64Type>();
        let arrivals = fixed[3].as_primitive::<Int64Type>();
        let fired = fixed[4].as_boolean();
        let event_times = kept.last().context(CUT_OFF)?.as_primitive::<Int64Type>();
        let leaves = self.nodes.insert(rows, accumulators);
        let values = match values.is_empty() {
            true => Vec::new(),
            false => self.values.insert(rows, values),
        };
        let places = self.rows.insert(rows, kept);
        for row in 0..rows {
            let (key, _) = self.keys.number(keys.value(row));
            if self.tracks.len() <= key as usize {
                self.tracks.push(Track::default());
            }
            let track = &mut self.tracks[key as usize];
            if track.is_blank() && numbers.is_valid(row) {
                *track = Track::starting_at(numbers.value(row));
            }
            track.unsettled += 1;
            let unsettled = Unsettled {
                time: times.value(row),
                arrival: arrivals.value(row).cast_unsigned(),
                key,
                row: places[row],
                leaf: leaves[row],
                values: values.get(row).copied(),
            };
            self.arrivals = self.arrivals.max(unsettled.arrival);
            let event_time = event_times.is_valid(row).then(|| event_times.value(row));
            let held = event_time.filter(|_| self.frame.looks_ahead() && !fired.value(row));
            if let Some(time) = held {
                *self.held_back.entry(time).or_default() += 1;
            }
            match numbers.is_valid(row) {
                true => self.settle(&unsettled, event_time),
                false => self.unsettled.push(Reverse(unsettled)),
            }
            if fired.value(row) {
                self.tracks[key as usize].was_fired();
                self.rows.release(places[row]);
            }
        }
        Ok(())
    }
}

const CUT_OFF: &str = "the snapshot of rolling windows is cut off";
