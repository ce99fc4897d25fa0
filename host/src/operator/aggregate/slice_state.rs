//! What is kept for the rows of one slice.

use std::collections::HashMap;

use super::value_log::ValueLog;
use crate::{
    operator::touched::Touched,
    state::{KeyTable, StateTable},
    wasm::{Function, Kind},
};

/// The keys of a slice and the accumulators of each.
#[derive(Clone, Debug)]
pub(super) struct SliceState {
    pub(super) keys: KeyTable,
    /// Which keys have a row: one whose only rows were refused has none.
    pub(super) live: Vec<bool>,
    pub(super) touched: Touched,
    pub(super) calls: Vec<CallState>,
    /// Keys whose accumulators could not be merged, and why. Only in what was merged.
    pub(super) failed: HashMap<u32, String>,
}

/// What one function keeps of the rows of a slice.
#[derive(Clone, Debug)]
pub(super) enum CallState {
    /// One accumulator a key.
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
    pub(super) fn new(calls: impl Iterator<Item = CallState>) -> Self {
        Self {
            keys: KeyTable::default(),
            live: Vec::new(),
            touched: Touched::default(),
            calls: calls.collect(),
            failed: HashMap::new(),
        }
    }

    /// A copy to merge others into.
    pub(super) fn copy(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            live: self.live.clone(),
            touched: Touched::default(),
            calls: self.calls.clone(),
            failed: self.failed.clone(),
        }
    }

    /// Whether no row has been accepted.
    pub(super) fn is_blank(&self) -> bool {
        !self.live.contains(&true)
    }
}
