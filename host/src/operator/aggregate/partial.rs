//! What the rows of a piece of event time come to, once they are all there: of a slice, of several, of
//! a window.

use std::{collections::HashMap, sync::Arc};

use arrow::{array::UInt32Array, compute, error::ArrowError};

use super::value_log::ValueLog;
use crate::{
    batch::RowWeights,
    operator::{failure::Cause, guest},
    state::{Columns, portions},
};

/// The keys that have rows in a piece of event time, and what each function has made of those rows.
/// It does not change any more, so that its columns can be shared and sent as they are.
#[derive(Clone, Debug)]
pub(super) struct Partial {
    /// By row: the number of the key. They ascend.
    pub(super) keys: Vec<u32>,
    /// One a function.
    pub(super) calls: Vec<Settled>,
    /// Keys whose accumulators could not be merged, and why.
    pub(super) failed: HashMap<u32, Arc<Cause>>,
}

/// What one function has made.
#[derive(Clone, Debug)]
pub(super) enum Settled {
    /// One accumulator a key, in the order of the keys.
    Accumulators(Columns),
    /// The arguments of every row. There may be rows of other keys, which are passed over.
    Values(ValueLog),
}

impl Settled {
    pub(super) const fn accumulators(&self) -> Option<&Columns> {
        match self {
            Self::Accumulators(columns) => Some(columns),
            Self::Values(_) => None,
        }
    }

    pub(super) const fn values(&self) -> Option<&ValueLog> {
        match self {
            Self::Accumulators(_) => None,
            Self::Values(log) => Some(log),
        }
    }
}

impl Partial {
    /// Its keys, whose `length` is told, and the accumulators of all functions, in portions.
    pub(super) fn portions(&self, length: impl Fn(u32) -> usize) -> Vec<(Vec<u32>, Columns)> {
        let calls = self.calls.iter().filter_map(Settled::accumulators);
        let columns: Columns = calls.flatten().cloned().collect();
        let weights = RowWeights::of(&columns);
        let keys = self.keys.iter().enumerate();
        let sizes = keys.map(|(row, &key)| length(key).saturating_add(weights.of_row(row)));
        let portions = portions(sizes).into_iter();
        portions
            .map(|rows| {
                (
                    self.keys[rows.clone()].to_vec(),
                    guest::slice(&columns, &rows),
                )
            })
            .collect()
    }

    /// The part of it that belongs to `keys`, which ascend; it may lack some of them.
    pub(super) fn restrict(&self, keys: &[u32]) -> Result<Self, ArrowError> {
        let mut mine = (0_u32..).zip(&self.keys).peekable();
        let (mut rows, mut kept) = (Vec::new(), Vec::new());
        for &key in keys {
            while mine.next_if(|(_, mine)| **mine < key).is_some() {}
            if let Some((row, _)) = mine.next_if(|(_, mine)| **mine == key) {
                rows.push(row);
                kept.push(key);
            }
        }
        let rows = UInt32Array::from(rows);
        let calls = self.calls.iter().map(|call| {
            Ok(match call {
                Settled::Accumulators(columns) => Settled::Accumulators(take(columns, &rows)?),
                Settled::Values(log) => Settled::Values(log.clone()),
            })
        });
        Ok(Self {
            calls: calls.collect::<Result<_, ArrowError>>()?,
            keys: kept,
            failed: self.failed.clone(),
        })
    }
}

/// Some rows of columns.
pub(super) fn take(columns: &Columns, rows: &UInt32Array) -> Result<Columns, ArrowError> {
    columns
        .iter()
        .map(|column| compute::take(column, rows, None))
        .collect()
}
