//! What a stage that ranks rows knows, as rows that can be dealt out by key, and back.
//!
//! The first table has a row for each row that a window keeps, the best of each key and window
//! first: the key, the end and the start of the window, the row's arrival and version, its columns and
//! its event time. The second table says how far the input had come.

use std::{collections::HashMap, sync::Arc};

use anyhow::ensure;
use arrow::{
    array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, UInt32Array},
    compute,
    datatypes::Int64Type,
};

use super::{Top, Window, ranking::Row};
use crate::{
    batch::{Batch, Origin},
    operator::{Emit, event_times, state_table},
    state::{Share, Snapshot},
    time::Timestamp,
};

/// The columns ahead of those of the rows.
const FIXED_COLUMNS: usize = 5;

impl Top {
    pub(super) fn write_down(&self) -> anyhow::Result<Snapshot> {
        let (mut keys, mut places) = (Vec::new(), Vec::new());
        // The end and the start of the window, the arrival and the version.
        let mut numbers: [Vec<i64>; 4] = Default::default();
        for (window, rankings) in &self.open {
            let mut known: Vec<u32> = rankings.by_key.keys().copied().collect();
            self.keys.sort(&mut known);
            for key in known {
                for (arrival, row) in rankings.by_key[&key].rows() {
                    keys.push(self.keys.key(key));
                    places.push(row.place);
                    let bounds = [window.end, window.start].map(Timestamp::as_micros);
                    let counts = [arrival, row.version].map(u64::cast_signed);
                    for (column, number) in numbers.iter_mut().zip(bounds.into_iter().chain(counts))
                    {
                        column.push(number);
                    }
                }
            }
        }
        let mut columns: Vec<ArrayRef> = vec![Arc::new(BinaryArray::from_iter_values(keys))];
        columns.extend(numbers.map(|column| Arc::new(Int64Array::from(column)) as ArrayRef));
        columns.extend(self.rows.gather(&places)?);
        Ok(Snapshot {
            watermark: self.reached,
            tables: vec![
                state_table::of_columns(columns)?,
                state_table::of_watermark(self.watermark)?,
            ],
        })
    }

    pub(super) fn take_up(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        for snapshot in snapshots {
            let table = state_table::get(snapshot, 0)?;
            let keys = table.column(0).as_binary::<i32>();
            let mine = |row: &u32| share.owns(keys.value(*row as usize));
            let rows: UInt32Array = (0..keys.len() as u32).filter(mine).collect();
            self.take_up_rows(&compute::take_record_batch(table, &rows)?)?;
        }
        self.reached = state_table::reached(snapshots);
        self.reach(state_table::watermark(snapshots, 1)?);
        if self.emit != Emit::Final {
            // All changes were handed on before the snapshot.
            let rankings = self.open.values_mut();
            let rankings = rankings.flat_map(|rankings| rankings.by_key.values_mut());
            for ranking in rankings {
                ranking.changes(self.n);
            }
        }
        Ok(())
    }

    fn take_up_rows(&mut self, table: &RecordBatch) -> anyhow::Result<()> {
        let columns = self.input.fields().len();
        ensure!(
            table.num_columns() == FIXED_COLUMNS + columns + 1,
            "the snapshot of ranked rows has other columns"
        );
        let numbers = |place: usize| table.column(place).as_primitive::<Int64Type>();
        let (ends, starts, arrivals, versions) = (numbers(1), numbers(2), numbers(3), numbers(4));
        let kept = &table.columns()[FIXED_COLUMNS..];
        let schema = Arc::clone(&self.input);
        let rows = table.num_rows();
        let batch = Batch::new(
            schema,
            kept[..columns].to_vec(),
            rows,
            None,
            Origin::Derived,
        )?;
        let times = event_times::of(&kept[columns]);
        let order = self.order.encode(&batch)?;
        let replaces = self.replaces.as_ref();
        let replaces = replaces.map(|columns| columns.encode(&batch)).transpose()?;
        // A row that several windows keep is kept once.
        let mut known: HashMap<i64, u32> = HashMap::new();
        // Subtasks count versions each for itself, so rows get new ones, after those of the subtasks
        // before.
        let first_version = self.versions;
        let (mut places, mut first_rows) = (Vec::new(), Vec::new());
        for row in 0..rows {
            let key = self.number(table.column(0).as_binary::<i32>().value(row));
            let version = versions.value(row);
            let place = *known.entry(version).or_insert_with(|| {
                first_rows.push(row as u32);
                self.rows.reserve_for(&mut places)
            });
            let version = first_version + version.cast_unsigned();
            self.versions = self.versions.max(version);
            self.hold(place);
            let window = Window {
                end: Timestamp::from_micros(ends.value(row)),
                start: Timestamp::from_micros(starts.value(row)),
            };
            let rankings = self.open.entry(window).or_default();
            let time = times.as_ref().map(|times| times[row]);
            rankings.earliest = rankings.earliest.into_iter().chain(time).min();
            let ranking = rankings.by_key.entry(key).or_insert_with(|| {
                self.holders[key as usize] += 1;
                Default::default()
            });
            let replaced = replaces.as_ref().map(|replaces| replaces.get(row));
            let arrival = arrivals.value(row).cast_unsigned();
            ranking.restore(replaced, order.get(row), arrival, Row { place, version });
        }
        let first_rows = UInt32Array::from(first_rows);
        let kept = kept.iter();
        let kept = kept.map(|column| compute::take(column, &first_rows, None));
        self.rows
            .fill(&places, &kept.collect::<Result<Vec<_>, _>>()?);
        Ok(())
    }
}
