//! The functions of an aggregate stage, and calls of them.

use arrow::array::ArrayRef;

use crate::{
    operator::{
        Call, Guests,
        failure::{BadRow, Failure},
        patience::Pace,
    },
    state::Columns,
    wasm::{self, HolisticOutput, Kind, RowError, Unit, UpdateOutput},
};

/// The functions of an aggregate stage and the instances they run in.
pub(super) struct Calls {
    guests: Guests,
    calls: Vec<Call>,
}

impl Calls {
    pub(super) fn new(calls: &[Call], guests: Guests) -> Self {
        Self {
            calls: calls.to_vec(),
            guests,
        }
    }

    /// What the functions run in.
    pub(super) const fn guests(&mut self) -> &mut Guests {
        &mut self.guests
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

    /// An accumulator of a call that has seen no row; nothing for a holistic function.
    pub(super) fn blank(&self, call: usize) -> &[ArrayRef] {
        self.guests.blank(call)
    }

    /// Whether a call may be sent `count` units of so many bytes together. To be asked before they are copied.
    pub(super) fn weigh(
        &self,
        call: usize,
        unit: Unit,
        count: usize,
        bytes: usize,
    ) -> Result<(), Failure> {
        self.guests.weigh(call, unit, count, bytes)
    }

    /// How often the version of the functions was exchanged.
    pub(super) const fn generation(&self) -> u64 {
        self.guests.generation()
    }

    /// The rows that a function has refused in the call made last, by their places in it.
    pub(super) fn refused(&self, call: usize, errors: Vec<RowError>) -> Vec<BadRow> {
        self.guests.refused(call, errors)
    }

    /// Adds row `i` of `arguments` to accumulator `groups[i]`.
    pub(super) fn update(
        &mut self,
        call: usize,
        pace: Pace,
        accumulators: wasm::Columns<'_>,
        groups: &[u32],
        arguments: wasm::Columns<'_>,
    ) -> Result<UpdateOutput, Failure> {
        self.guests.call(call, pace, |instance, function| {
            instance.aggregate_update(function, accumulators, groups, arguments)
        })
    }

    /// Adds partial `i` to accumulator `groups[i]`.
    pub(super) fn merge(
        &mut self,
        call: usize,
        pace: Pace,
        accumulators: wasm::Columns<'_>,
        groups: &[u32],
        partials: wasm::Columns<'_>,
    ) -> Result<Columns, Failure> {
        self.guests.call(call, pace, |instance, function| {
            instance.aggregate_merge(function, accumulators, groups, partials)
        })
    }

    /// The results of accumulators.
    pub(super) fn finish(
        &mut self,
        call: usize,
        pace: Pace,
        accumulators: wasm::Columns<'_>,
    ) -> Result<Columns, Failure> {
        self.guests.call(call, pace, |instance, function| {
            instance.aggregate_finish(function, accumulators)
        })
    }

    /// The results of a holistic function for `count` groups of rows.
    pub(super) fn evaluate(
        &mut self,
        call: usize,
        pace: Pace,
        count: usize,
        groups: &[u32],
        arguments: wasm::Columns<'_>,
    ) -> Result<HolisticOutput, Failure> {
        self.guests.call(call, pace, |instance, function| {
            instance.holistic_evaluate(function, count, groups, arguments)
        })
    }
}
