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
    state::{Share, Snapshot, portions},
    time::Timestamp,
};

/// The columns ahead of those of the rows.
const FIXED_COLUMNS: usize = 5;

/// A row that a window keeps, as it is written down.
struct Kept<'a> {
    key: &'a [u8],
    place: u32,
    /// The end and the start of the window, the arrival and the version.
    numbers: [i64; FIXED_COLUMNS - 1],
}

impl Top {
    pub(super) fn write_down(&self) -> anyhow::Result<Vec<Snapshot>> {
        let mut all = Vec::new();
        for (window, rankings) in &self.open {
            let mut known: Vec<u32> = rankings.by_key.keys().copied().collect();
            self.keys.sort(&mut known);
            let [end, start] = [window.end, window.start].map(Timestamp::as_micros);
            for key in known {
                let kept = rankings.by_key[&key].rows().map(|(arrival, row)| {
                    let [arrival, version] = [arrival, row.version].map(u64::cast_signed);
                    Kept {
                        key: self.keys.key(key),
                        place: row.place,
                        numbers: [end, start, arrival, version],
                    }
                });
                all.extend(kept);
            }
        }
        let size = |kept: &Kept<'_>| {
            size_of_val(&kept.numbers) + kept.key.len() + self.rows.weight_of(kept.place)
        };
        let portions = portions(all.iter().map(size)).into_iter();
        let tables = portions.map(|portion| {
            let rows = self.table(&all[portion])?;
            Ok(vec![rows, state_table::of_watermark(self.watermark)?])
        });
        state_table::snapshots(self.reached, tables)
    }

    fn table(&self, all: &[Kept<'_>]) -> anyhow::Result<RecordBatch> {
        let keys = BinaryArray::from_iter_values(all.iter().map(|kept| kept.key));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(keys)];
        for place in 0..FIXED_COLUMNS - 1 {
            let numbers = all.iter().map(|kept| kept.numbers[place]);
            columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
        }
        let places: Vec<u32> = all.iter().map(|kept| kept.place).collect();
        columns.extend(self.rows.gather(&places)?);
        state_table::of_columns(columns)
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
        // A row that several windows keep is kept once, or once for each portion.
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
