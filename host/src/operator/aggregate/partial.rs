//! What rows of a piece of event time come to: of a slice, of several, of a window.

use std::{collections::HashMap, sync::OnceLock};

use super::{index::Index, value_log::ValueLog};
use crate::{
    state::StateTable,
    wasm::{Function, Kind},
};

/// The keys that have rows in a piece of event time, and what each function keeps of those rows.
#[derive(Clone, Debug)]
pub(super) struct Partial {
    /// By row: the number of the key.
    pub(super) keys: Vec<u32>,
    /// Made when it is needed, for most pieces are only read from one end to the other.
    index: OnceLock<Index>,
    /// One a function.
    pub(super) calls: Vec<CallState>,
    /// Keys whose accumulators could not be merged, and why.
    pub(super) failed: HashMap<u32, String>,
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

impl Partial {
    /// A piece without rows.
    pub(super) fn new(calls: impl Iterator<Item = CallState>) -> Self {
        Self {
            keys: Vec::new(),
            index: OnceLock::new(),
            calls: calls.collect(),
            failed: HashMap::new(),
        }
    }

    /// The row of a key, which is added if it is not there. Accumulators are for the caller to add.
    pub(super) fn row_or_new(&mut self, key: u32, bound: usize) -> u32 {
        let next = self.keys.len() as u32;
        self.index(bound);
        let index = self.index.get_mut().expect("it was made just now");
        let row = index.get_or_insert(key, next);
        if row == next {
            self.keys.push(key);
        }
        row
    }

    /// Forgets the index, which will not be needed for a while; says whether there was one.
    pub(super) fn drop_index(&mut self) -> bool {
        self.index.take().is_some()
    }

    /// Removes the rows at and after `rows` for which `keep` is false. One flag a row from `rows` on.
    pub(super) fn retain_from(&mut self, rows: usize, keep: &[bool]) {
        let kept: Vec<u32> = (rows as u32..)
            .zip(keep)
            .filter_map(|(row, keep)| keep.then_some(row))
            .collect();
        if kept.len() == keep.len() {
            return;
        }
        for call in &mut self.calls {
            if let CallState::Accumulators(table) = call {
                let columns = table.gather(&kept);
                table.truncate(rows);
                table.append(kept.len(), &columns);
            }
        }
        let keys: Vec<u32> = kept.iter().map(|&row| self.keys[row as usize]).collect();
        self.keys.truncate(rows);
        self.keys.extend(keys);
        self.index.take();
    }

    /// The part of it that belongs to `keys`, of which it may lack some.
    pub(super) fn restrict(&self, keys: &[u32], bound: usize) -> Self {
        let index = self.index(bound);
        let (keys, rows): (Vec<u32>, Vec<u32>) = keys
            .iter()
            .filter_map(|&key| Some((key, index.get(key)?)))
            .unzip();
        let calls = self.calls.iter().map(|call| match call {
            CallState::Accumulators(table) => {
                let mut part = table.empty();
                part.append(rows.len(), &table.gather(&rows));
                CallState::Accumulators(part)
            }
            // Other keys' rows are passed over when it is read.
            CallState::Values(log) => CallState::Values(log.clone()),
        });
        let failed = self.failed.iter();
        Self {
            calls: calls.collect(),
            index: OnceLock::new(),
            failed: failed
                .filter(|(key, _)| keys.contains(key))
                .map(|(key, reason)| (*key, reason.clone()))
                .collect(),
            keys,
        }
    }

    fn index(&self, bound: usize) -> &Index {
        self.index.get_or_init(|| Index::of(&self.keys, bound))
    }
}
