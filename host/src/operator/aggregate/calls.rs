//! The functions of an aggregate stage.

use std::sync::Arc;

use anyhow::Context;
use arrow::array::ArrayRef;

use super::slice_state::{CallState, SliceState};
use crate::{
    operator::{Call, Guests},
    state::Columns,
    wasm::{self, CallError, Kind},
};

/// The functions of an aggregate stage and the instances they run in.
pub(super) struct Calls {
    pub(super) guests: Guests,
    pub(super) calls: Vec<Call>,
    /// One a call: an accumulator that has seen no row; nothing for a holistic function.
    pub(super) blanks: Vec<Columns>,
}

impl Calls {
    pub(super) fn open(
        stage: &Arc<str>,
        calls: &[Call],
        mut guests: Guests,
    ) -> anyhow::Result<Self> {
        let blank = |call: &Call| -> anyhow::Result<Columns> {
            if call.function.kind == Kind::Holistic {
                return Ok(Vec::new());
            }
            guests
                .call(call, |instance| instance.aggregate_init(&call.function, 1))
                .with_context(|| {
                    let name = &call.function.name;
                    format!("stage `{stage}`: function `{name}` cannot make an accumulator")
                })
        };
        Ok(Self {
            blanks: calls.iter().map(blank).collect::<Result<_, _>>()?,
            calls: calls.to_vec(),
            guests,
        })
    }

    /// The digest of the first function's component.
    pub(super) fn digest(&self) -> Arc<str> {
        let first = self.calls.first().expect("a stage has a function");
        self.guests.digest(first)
    }

    /// Whether a function needs every value, and so has no accumulators.
    pub(super) fn is_holistic(&self, call: usize) -> bool {
        self.calls[call].function.kind == Kind::Holistic
    }

    /// A slice that has seen no row.
    pub(super) fn new_slice(&self) -> SliceState {
        SliceState::new(self.calls.iter().map(|call| CallState::new(&call.function)))
    }

    /// Adds `partials` to `accumulators`, one to one.
    pub(super) fn merge(
        &mut self,
        call: usize,
        accumulators: &[ArrayRef],
        partials: &[ArrayRef],
        rows: usize,
    ) -> Result<Columns, CallError> {
        let groups: Vec<u32> = (0..rows as u32).collect();
        self.merge_groups(call, (rows, accumulators), &groups, partials)
    }

    /// Adds partial `i` to accumulator `groups[i]`.
    pub(super) fn merge_into(
        &mut self,
        call: usize,
        accumulators: &[ArrayRef],
        groups: &[u32],
        partials: &[ArrayRef],
    ) -> Result<Columns, CallError> {
        let rows = accumulators.first().map_or(0, |column| column.len());
        self.merge_groups(call, (rows, accumulators), groups, partials)
    }

    fn merge_groups(
        &mut self,
        call: usize,
        (rows, accumulators): (usize, &[ArrayRef]),
        groups: &[u32],
        partials: &[ArrayRef],
    ) -> Result<Columns, CallError> {
        let call = &self.calls[call];
        self.guests.call(call, |instance| {
            let accumulators = wasm::Columns {
                rows,
                arrays: accumulators,
            };
            let partials = wasm::Columns {
                rows: groups.len(),
                arrays: partials,
            };
            instance.aggregate_merge(&call.function, accumulators, groups, partials)
        })
    }
}
