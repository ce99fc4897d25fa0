//! The functions of an aggregate stage, and calls of them.

use std::sync::Arc;

use anyhow::Context;
use arrow::array::ArrayRef;

use crate::{
    operator::{Call, Guests},
    state::Columns,
    wasm::{self, CallError, HolisticOutput, Kind, UpdateOutput},
};

/// The functions of an aggregate stage and the instances they run in.
pub(super) struct Calls {
    guests: Guests,
    calls: Vec<Call>,
    /// One a call: an accumulator that has seen no row; nothing for a holistic function.
    blanks: Vec<Columns>,
}

impl Calls {
    pub(super) fn open(stage: &str, calls: &[Call], mut guests: Guests) -> anyhow::Result<Self> {
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

    /// The calls, in the order of their results.
    pub(super) fn all(&self) -> &[Call] {
        &self.calls
    }

    /// Whether a function needs every value, and so has no accumulators.
    pub(super) fn is_holistic(&self, call: usize) -> bool {
        self.calls[call].function.kind == Kind::Holistic
    }

    /// Whether some function needs every value.
    pub(super) fn has_holistic(&self) -> bool {
        (0..self.calls.len()).any(|call| self.is_holistic(call))
    }

    /// An accumulator of a call that has seen no row.
    pub(super) fn blank(&self, call: usize) -> &[ArrayRef] {
        &self.blanks[call]
    }

    /// The digest of the first function's component.
    pub(super) fn digest(&self) -> Arc<str> {
        let first = self.calls.first().expect("a stage has a function");
        self.guests.digest(first)
    }

    /// Adds row `i` of `arguments` to accumulator `groups[i]`.
    pub(super) fn update(
        &mut self,
        call: usize,
        accumulators: wasm::Columns<'_>,
        groups: &[u32],
        arguments: wasm::Columns<'_>,
    ) -> Result<UpdateOutput, CallError> {
        let call = &self.calls[call];
        self.guests.call(call, |instance| {
            instance.aggregate_update(&call.function, accumulators, groups, arguments)
        })
    }

    /// Adds partial `i` to accumulator `groups[i]`.
    pub(super) fn merge(
        &mut self,
        call: usize,
        accumulators: wasm::Columns<'_>,
        groups: &[u32],
        partials: wasm::Columns<'_>,
    ) -> Result<Columns, CallError> {
        let call = &self.calls[call];
        self.guests.call(call, |instance| {
            instance.aggregate_merge(&call.function, accumulators, groups, partials)
        })
    }

    /// The results of accumulators.
    pub(super) fn finish(
        &mut self,
        call: usize,
        accumulators: wasm::Columns<'_>,
    ) -> Result<Columns, CallError> {
        let call = &self.calls[call];
        self.guests.call(call, |instance| {
            instance.aggregate_finish(&call.function, accumulators)
        })
    }

    /// The results of a holistic function for `count` groups of rows.
    pub(super) fn evaluate(
        &mut self,
        call: usize,
        count: usize,
        groups: &[u32],
        arguments: wasm::Columns<'_>,
    ) -> Result<HolisticOutput, CallError> {
        let call = &self.calls[call];
        self.guests.call(call, |instance| {
            instance.holistic_evaluate(&call.function, count, groups, arguments)
        })
    }
}
