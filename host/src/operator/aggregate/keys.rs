//! The keys of a stage: numbered once for all of its slices, and kept in order.

use std::{mem, sync::Arc};

use arrow::{
    array::{ArrayRef, UInt32Array},
    compute,
};

use crate::{
    batch::{Batch, KeyEncoder, KeyMemo},
    state::KeyTable,
};

/// The keys of a stage.
///
/// Slices and windows know a key by its number. A key is forgotten with the last slice that holds it.
pub(super) struct StageKeys {
    /// The places of the key's columns.
    places: Vec<usize>,
    encoder: KeyEncoder,
    table: KeyTable,
    /// The numbers of keys that were seen lately.
    memo: KeyMemo,
    /// By number: how many slices hold the key.
    holders: Vec<u32>,
    order: Option<Order>,
    /// Keys that were sorted last, and how: the next window most often has the same.
    last: Option<(Vec<u32>, Sorted)>,
}

/// All keys in their order.
struct Order {
    /// By number: the place in the order.
    ranks: Vec<u32>,
    /// The key columns, in the order.
    columns: Vec<ArrayRef>,
}

/// The keys of a batch.
pub(super) struct Numbered {
    /// The number of each row's key.
    pub(super) numbers: Vec<u32>,
    /// Keys that no slice holds yet.
    pub(super) fresh: Vec<u32>,
}

/// Rows in the order of their keys.
#[derive(Clone)]
pub(super) struct Sorted {
    /// The rows.
    pub(super) rows: Arc<[u32]>,
    /// The key columns of each.
    pub(super) columns: Vec<ArrayRef>,
}

/// The order of all keys is worth making for this share of them.
const WORTH_IT: usize = 4;

impl StageKeys {
    pub(super) fn new(places: &[usize], encoder: KeyEncoder) -> Self {
        Self {
            places: places.to_vec(),
            encoder,
            table: KeyTable::default(),
            memo: KeyMemo::default(),
            holders: Vec::new(),
            order: None,
            last: None,
        }
    }

    /// The key with a number, encoded.
    pub(super) fn key(&self, number: u32) -> &[u8] {
        self.table.key(number)
    }

    /// One more than the greatest number.
    pub(super) fn bound(&self) -> usize {
        self.table.bound()
    }

    /// Numbers the keys of a batch. Those that no slice takes up must be
    /// [forgotten](Self::forget_unheld) again.
    pub(super) fn number(&mut self, batch: &Batch) -> anyhow::Result<Numbered> {
        let columns: Vec<ArrayRef> = self
            .places
            .iter()
            .map(|&place| ArrayRef::clone(batch.column(place)))
            .collect();
        let mut fresh = Vec::new();
        let mut memo = mem::take(&mut self.memo);
        let ids = batch.key_ids(&self.places);
        let numbers = memo.numbers_by_ids(ids, &columns, batch.rows(), |columns, rows| {
            let keys = self.encoder.encode(columns, rows)?;
            let numbers = (0..rows).map(|row| self.number_one(keys.get(row), &mut fresh));
            anyhow::Ok(numbers.collect())
        });
        self.memo = memo;
        Ok(Numbered {
            numbers: numbers?,
            fresh,
        })
    }

    /// The number of one key; it is added to `fresh` if it is new.
    pub(super) fn number_one(&mut self, key: &[u8], fresh: &mut Vec<u32>) -> u32 {
        let (number, is_new) = self.table.number(key);
        if is_new {
            fresh.push(number);
            self.order = None;
            self.last = None;
            if self.holders.len() < self.table.bound() {
                self.holders.resize(self.table.bound(), 0);
            }
        }
        number
    }

    /// Takes note that a slice holds `keys`.
    pub(super) fn hold(&mut self, keys: &[u32]) {
        for &key in keys {
            self.holders[key as usize] += 1;
        }
    }

    /// Takes note that a slice that held `keys` is gone.
    pub(super) fn release(&mut self, keys: &[u32]) {
        for &key in keys {
            self.holders[key as usize] -= 1;
        }
        self.forget_unheld(keys);
    }

    /// Forgets those of `keys` that no slice holds.
    pub(super) fn forget_unheld(&mut self, keys: &[u32]) {
        for &key in keys {
            if self.holders[key as usize] == 0 {
                self.table.remove(key);
                self.memo.forget();
            }
        }
    }

    /// Puts rows whose keys have these numbers in the order of their keys.
    pub(super) fn sort(&mut self, keys: &[u32]) -> anyhow::Result<Sorted> {
        if let Some((last, sorted)) = &self.last
            && last == keys
        {
            return Ok(sorted.clone());
        }
        if self.order.is_none() && keys.len() >= self.table.len() / WORTH_IT {
            self.order = Some(self.order()?);
        }
        let mut rows: Vec<u32> = (0..keys.len() as u32).collect();
        let columns = match &self.order {
            None => {
                let key = |row: u32| self.table.key(keys[row as usize]);
                rows.sort_unstable_by(|&a, &b| key(a).cmp(key(b)));
                self.encoder.decode(rows.iter().map(|&row| key(row)))?
            }
            Some(order) => {
                let rank = |row: u32| order.ranks[keys[row as usize] as usize];
                rows.sort_unstable_by_key(|&row| rank(row));
                let ranks: UInt32Array = rows.iter().map(|&row| rank(row)).collect();
                let columns = order.columns.iter();
                columns
                    .map(|column| compute::take(column, &ranks, None))
                    .collect::<Result<_, _>>()?
            }
        };
        let rows = rows.into();
        let sorted = Sorted { rows, columns };
        self.last = Some((keys.to_vec(), sorted.clone()));
        Ok(sorted)
    }

    fn order(&self) -> anyhow::Result<Order> {
        let mut numbers: Vec<u32> = self.table.numbers().collect();
        self.table.sort(&mut numbers);
        let mut ranks = vec![0; self.table.bound()];
        for (rank, &number) in (0..).zip(&numbers) {
            ranks[number as usize] = rank;
        }
        let keys = numbers.iter().map(|&number| self.table.key(number));
        let columns = self.encoder.decode(keys)?;
        Ok(Order { ranks, columns })
    }
}
