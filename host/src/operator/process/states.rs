//! The states of keys: made when the first row of a key comes, forgotten some time after the last.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array, UInt32Array},
    compute,
    datatypes::Int64Type,
};

use crate::{
    batch::{Field, Keys},
    operator::expiry::Expiry,
    state::{Columns, KeyTable, RowStore, Share, TooLarge, portions},
    time::{Duration, Timestamp},
};

/// The states of keys.
pub(super) struct States {
    keys: KeyTable,
    /// By the number of the key.
    entries: Vec<Entry>,
    rows: RowStore,
    /// How long a state is kept after the last row of its key.
    ttl: Option<Duration>,
    expiry: Expiry,
    /// How many runs of rows have been opened.
    runs: u64,
}

/// What is known of a key.
#[derive(Clone, Copy)]
struct Entry {
    /// Where its state is.
    place: u32,
    /// The time of the latest of the rows that have made its state what it is.
    last: i64,
    /// The same if all rows of the run that is at work are accepted, if one of them is of this key.
    last_in_run: i64,
    /// That run.
    run: u64,
}

/// No row yet.
const NEVER: i64 = i64::MIN;

/// The states that a run of rows finds.
pub(super) struct Opened {
    /// The rows.
    pub(super) rows: Range<usize>,
    /// The number of each row's key.
    keys: Vec<u32>,
    /// The place of the state that each row finds.
    places: Vec<u32>,
    /// Keys that are new.
    fresh: Vec<u32>,
    /// States that have been forgotten since the run began.
    forgotten: Vec<u32>,
}

impl Opened {
    /// The places of the states that some of the rows find.
    pub(super) fn places_of(&self, rows: &Range<usize>) -> &[u32] {
        &self.places[rows.start - self.rows.start..rows.end - self.rows.start]
    }
}

impl States {
    pub(super) fn new(state: &[Field], ttl: Option<Duration>) -> Self {
        Self {
            keys: KeyTable::default(),
            entries: Vec::new(),
            rows: RowStore::new(state.iter().map(|field| field.data_type)),
            ttl,
            expiry: Expiry::default(),
            runs: 0,
        }
    }

    /// Finds the states of the keys of the rows from `start` on. A row finds a `blank` one if its key
    /// is new, or if the latest row of the key is too old by `now`; also if that is a row of the same run.
    ///
    /// The run ends early before a row whose state depends on whether rows of the run are accepted.
    pub(super) fn open(
        &mut self,
        keys: &Keys,
        start: usize,
        blank: &[ArrayRef],
        time: impl Fn(usize) -> i64,
        now: Timestamp,
    ) -> Opened {
        self.runs += 1;
        let mut opened = Opened {
            rows: start..start,
            keys: Vec::new(),
            places: Vec::new(),
            fresh: Vec::new(),
            forgotten: Vec::new(),
        };
        let ttl = self.ttl;
        let is_over = |last: i64| ttl.is_some_and(|ttl| due(last, ttl) <= now);
        let mut made = Vec::new();
        for row in start..keys.len() {
            let (key, is_new) = self.keys.number(keys.get(row));
            if is_new {
                let place = self.rows.reserve_for(&mut made);
                self.put(key, place, NEVER);
                opened.fresh.push(key);
            }
            let entry = &mut self.entries[key as usize];
            if entry.run != self.runs {
                entry.run = self.runs;
                entry.last_in_run = entry.last;
            }
            let was_over = entry.last == NEVER || is_over(entry.last);
            if entry.last_in_run != NEVER {
                match is_over(entry.last_in_run) {
                    true => {
                        opened.forgotten.push(entry.place);
                        entry.place = self.rows.reserve_for(&mut made);
                        entry.last = NEVER;
                        entry.last_in_run = NEVER;
                    }
                    false if was_over && is_over(time(row)) => break,
                    false => {}
                }
            }
            entry.last_in_run = entry.last_in_run.max(time(row));
            opened.keys.push(key);
            opened.places.push(entry.place);
        }
        opened.rows.end = start + opened.places.len();
        self.rows.fill_copies(&made, blank);
        opened
    }

    /// The bytes that the states at `places` take.
    pub(super) fn weight(&self, places: &[u32]) -> usize {
        self.rows.weight(places)
    }

    /// Copies the states at `places`.
    pub(super) fn gather(&self, places: &[u32]) -> Result<Columns, TooLarge> {
        self.rows.gather(places)
    }

    /// Overwrites the states at `places`.
    pub(super) fn scatter(&mut self, places: &[u32], states: &[ArrayRef]) {
        self.rows.fill(places, states);
    }

    /// Ends a run: rows for which `accepted` says no have not come. Forgets what is too old by `now`.
    pub(super) fn close(
        &mut self,
        opened: &Opened,
        time: impl Fn(usize) -> i64,
        accepted: &[bool],
        now: Timestamp,
    ) {
        let found = opened.keys.iter().zip(&opened.places);
        for (row, (&key, &place)) in opened.rows.clone().zip(found) {
            if !accepted[row] {
                continue;
            }
            let entry = &mut self.entries[key as usize];
            if entry.place == place {
                entry.last = entry.last.max(time(row));
            }
        }
        for &place in &opened.forgotten {
            self.rows.release(place);
        }
        for &key in &opened.fresh {
            let last = self.entries[key as usize].last;
            if last == NEVER {
                self.forget(key);
            } else if let Some(ttl) = self.ttl {
                self.expiry.push(due(last, ttl), key);
            }
        }
        self.expire(now);
    }

    /// Forgets the states of keys whose last row is too old by `now`.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let Some(ttl) = self.ttl else {
            return;
        };
        let entries = &self.entries;
        let put_off = |key: u32| due(entries[key as usize].last, ttl);
        let mut over = Vec::new();
        while let Some(key) = self.expiry.pop(now, put_off) {
            over.push(key);
        }
        over.into_iter().for_each(|key| self.forget(key));
    }

    /// When there may be something to forget.
    pub(super) fn next_expiry(&self) -> Option<Timestamp> {
        self.expiry.next()
    }

    /// A row for each key: the key, the time of its last row if that matters, the state. In portions.
    pub(super) fn write_down(&self) -> Result<Vec<Vec<ArrayRef>>, TooLarge> {
        let mut keys: Vec<u32> = self.keys.numbers().collect();
        self.keys.sort(&mut keys);
        let sizes = keys.iter().map(|&key| {
            let place = self.entries[key as usize].place;
            self.keys.key(key).len() + self.rows.weight_of(place)
        });
        let portions = portions(sizes).into_iter();
        portions
            .map(|rows| self.write_down_keys(&keys[rows]))
            .collect()
    }

    fn write_down_keys(&self, keys: &[u32]) -> Result<Vec<ArrayRef>, TooLarge> {
        let entries = keys.iter().map(|&key| self.entries[key as usize]);
        let lasts = entries
            .clone()
            .map(|entry| self.ttl.is_some().then_some(entry.last));
        let places: Vec<u32> = entries.map(|entry| entry.place).collect();
        let encoded = keys.iter().map(|&key| self.keys.key(key));
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(BinaryArray::from_iter_values(encoded)),
            Arc::new(lasts.collect::<Int64Array>()),
        ];
        columns.extend(self.gather(&places)?);
        Ok(columns)
    }

    /// Takes up the keys of `columns` that belong to `share`. A key whose last row has no time counts as
    /// if its row had come at `now`.
    pub(super) fn take_up(
        &mut self,
        columns: &[ArrayRef],
        share: Share,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let [keys, lasts, state @ ..] = columns else {
            anyhow::bail!("the snapshot of a `process` stage is cut off");
        };
        let (keys, lasts) = (keys.as_binary::<i32>(), lasts.as_primitive::<Int64Type>());
        let mine = |row: &u32| share.owns(keys.value(*row as usize));
        let rows: Vec<u32> = (0..keys.len() as u32).filter(mine).collect();
        let places = UInt32Array::from(rows.clone());
        let state = state
            .iter()
            .map(|column| compute::take(column, &places, None))
            .collect::<Result<Columns, _>>()?;
        let places = self.rows.insert(rows.len(), &state);
        for (row, place) in rows.into_iter().zip(places) {
            let row = row as usize;
            let known = lasts.is_valid(row).then(|| lasts.value(row));
            let last = known.unwrap_or(now.as_micros());
            let (key, _) = self.keys.number(keys.value(row));
            self.put(key, place, last);
            if let Some(ttl) = self.ttl {
                self.expiry.push(due(last, ttl), key);
            }
        }
        Ok(())
    }

    fn put(&mut self, key: u32, place: u32, last: i64) {
        let entry = Entry {
            place,
            last,
            last_in_run: last,
            run: 0,
        };
        match self.entries.get_mut(key as usize) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }

    fn forget(&mut self, key: u32) {
        self.rows.release(self.entries[key as usize].place);
        self.keys.remove(key);
    }
}

/// When a state is forgotten whose last row is of the time `last`.
fn due(last: i64, ttl: Duration) -> Timestamp {
    Timestamp::from_micros(last).saturating_add(ttl)
}

#[cfg(test)]
mod tests;
