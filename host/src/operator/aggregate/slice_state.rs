//! What is kept of the rows of a slice while it gets rows.

use super::{index::Index, partial::Partial, partial::Settled, value_log::ValueLog};
use crate::{
    operator::calls::Calls,
    state::{Columns, StateTable, TooLarge, portions},
    wasm::{Function, Kind},
};

/// The keys that have rows in a slice, in the order of their coming, and what each function keeps of
/// those rows.
#[derive(Clone, Debug)]
pub(super) struct SliceState {
    /// By row: the number of the key.
    pub(super) keys: Vec<u32>,
    index: Index,
    /// One a function.
    pub(super) calls: Vec<CallState>,
}

/// What one function keeps.
#[derive(Clone, Debug)]
pub(super) enum CallState {
    /// One accumulator a key, in the order of the keys.
    Accumulators(StateTable),
    /// The arguments of every row.
    Values(ValueLog),
}

impl CallState {
    pub(super) fn new(function: &Function) -> Self {
        match function.kind {
            Kind::Holistic => Self::Values(ValueLog::default()),
            _ => Self::Accumulators(StateTable::new(&function.state)),
        }
    }
}

impl SliceState {
    /// A slice without rows.
    pub(super) fn new(calls: &Calls) -> Self {
        let calls = calls.all().iter();
        Self {
            keys: Vec::new(),
            index: Index::default(),
            calls: calls.map(|call| CallState::new(&call.function)).collect(),
        }
    }

    /// Adds rows for keys that it does not have yet.
    pub(super) fn add(&mut self, keys: &[u32], bound: usize, columns: &[Settled]) {
        for &key in keys {
            self.row_or_new(key, bound);
        }
        for (call, settled) in self.calls.iter_mut().zip(columns) {
            match (call, settled) {
                (CallState::Accumulators(table), Settled::Accumulators(columns)) => {
                    table.append(keys.len(), columns);
                }
                (CallState::Values(log), Settled::Values(more)) => {
                    log.chunks.extend_from_slice(&more.chunks);
                }
                _ => unreachable!("the slices of a stage keep the same things"),
            }
        }
    }

    /// The row of a key, which is added if it is not there. Accumulators are for the caller to add. The
    /// numbers of all keys of the stage are below `bound`.
    pub(super) fn row_or_new(&mut self, key: u32, bound: usize) -> u32 {
        let next = self.keys.len() as u32;
        let row = self.index.get_or_insert(key, next, bound);
        if row == next {
            self.keys.push(key);
        }
        row
    }

    /// Removes the rows at and after `rows` for which `keep` is false. One flag a row from `rows` on.
    pub(super) fn retain_from(&mut self, rows: usize, keep: &[bool], bound: usize) {
        if keep.iter().all(|&keep| keep) {
            return;
        }
        let kept: Vec<u32> = (rows as u32..)
            .zip(keep)
            .filter_map(|(row, keep)| keep.then_some(row))
            .collect();
        for call in &mut self.calls {
            if let CallState::Accumulators(table) = call {
                table.retain_from(rows, &kept);
            }
        }
        let kept: Vec<u32> = kept.iter().map(|&row| self.keys[row as usize]).collect();
        self.keys.truncate(rows);
        self.keys.extend(kept);
        let keys = std::mem::take(&mut self.keys);
        self.index = Index::default();
        for key in keys {
            self.row_or_new(key, bound);
        }
    }

    /// What its rows come to.
    ///
    /// # Errors
    ///
    /// If its accumulators are more than an array holds.
    pub(super) fn settle(&self) -> Result<Partial, TooLarge> {
        self.part(&self.index.rows_by_key())
    }

    /// Its keys, which ascend and whose `length` is told, and the accumulators of all functions, in portions.
    ///
    /// # Errors
    ///
    /// If the accumulators of a key are more than an array holds.
    pub(super) fn portions(
        &self,
        length: impl Fn(u32) -> usize,
    ) -> Result<Vec<(Vec<u32>, Columns)>, TooLarge> {
        let tables = || {
            self.calls.iter().filter_map(|call| match call {
                CallState::Accumulators(table) => Some(table),
                CallState::Values(_) => None,
            })
        };
        let rows = self.index.rows_by_key();
        let key = |row: u32| self.keys[row as usize];
        let sizes = rows.iter().map(|&row| {
            let weights = tables().map(|table| table.weight_of(row));
            weights.fold(length(key(row)), usize::saturating_add)
        });
        let portions = portions(sizes).into_iter().map(|portion| {
            let rows = &rows[portion];
            let mut columns = Columns::new();
            for table in tables() {
                columns.extend(table.gather(rows)?);
            }
            Ok((rows.iter().copied().map(key).collect(), columns))
        });
        portions.collect()
    }

    /// What the rows of `keys`, which ascend, come to; it may lack some of them.
    ///
    /// # Errors
    ///
    /// If their accumulators are more than an array holds.
    pub(super) fn restrict(&self, keys: &[u32]) -> Result<Partial, TooLarge> {
        let rows = keys.iter().filter_map(|&key| self.index.get(key));
        self.part(&rows.collect::<Vec<_>>())
    }

    fn part(&self, rows: &[u32]) -> Result<Partial, TooLarge> {
        let calls = self.calls.iter().map(|call| {
            Ok(match call {
                CallState::Accumulators(table) => Settled::Accumulators(table.gather(rows)?),
                CallState::Values(log) => Settled::Values(log.clone()),
            })
        });
        Ok(Partial {
            keys: rows.iter().map(|&row| self.keys[row as usize]).collect(),
            calls: calls.collect::<Result<_, _>>()?,
            failed: std::collections::HashMap::new(),
        })
    }
}
