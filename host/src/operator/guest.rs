//! The Wasm instances of a stage and the arguments that calls are made with.

use std::{ops::Range, sync::Arc};

use arrow::{array::ArrayRef, compute, error::ArrowError};

use super::{
    Argument,
    failure::{BadRow, Cause, Failure},
    patience::Pace,
    version::{Faults, Probation, Version},
};
use crate::{
    batch::Batch,
    time::{Timestamp, Watermark},
    wasm::{CallError, Function, Instance, Limits, RowError, Unit},
};

/// What the functions of one stage run in, in one subtask. It can be exchanged between two batches for
/// [another version](Version) of the same functions.
pub struct Guests {
    version: Version,
    /// While the version is on probation: the one before it.
    probation: Option<Probation>,
    /// While somebody watches: what has become of the calls.
    seen: Option<Seen>,
    /// How often the version was exchanged.
    generation: u64,
    /// How far event time has come.
    reached: Timestamp,
}

/// What has become of calls since somebody looked last.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many were made.
    pub calls: u32,
    /// Why one of them has failed, if one has.
    pub failure: Option<String>,
    /// The digest of the component of that one, in hexadecimal.
    pub component: Option<Arc<str>>,
}

impl Seen {
    fn note(&mut self, failure: Option<(&Failure, Arc<str>)>) {
        self.calls = self.calls.saturating_add(1);
        if let Some((failure, component)) = failure {
            self.failure
                .get_or_insert_with(|| failure.error.to_string());
            self.component.get_or_insert(component);
        }
    }
}

impl Guests {
    /// The guests of a stage that makes the calls of `version`.
    pub fn new(version: Version) -> Self {
        Self {
            version,
            probation: None,
            seen: None,
            generation: 0,
            reached: Timestamp::EPOCH,
        }
    }

    /// Takes note that no row below `watermark` is expected any more: there the clock of guests stands that may
    /// not see the host's. At the end of time it stays where it is, for no calendar goes that far.
    pub fn advance(&mut self, watermark: Watermark) {
        if watermark != Watermark::END {
            // It may go back, and then it does so again after a restart.
            self.reached = watermark.time().max(Timestamp::EPOCH);
        }
    }

    /// Takes over how far event time has come for the guests that these replace.
    pub fn go_on_from(&mut self, before: &Self) {
        self.reached = before.reached;
    }

    /// How often the version was exchanged: what the functions [begin with](Self::blank) may be something else
    /// then.
    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// From now on takes note of what becomes of calls.
    pub fn watch(&mut self) {
        self.seen = Some(Seen::default());
    }

    /// Does so no more.
    pub fn unwatch(&mut self) {
        self.seen = None;
    }

    /// What has become of calls since somebody looked last, while they are watched.
    pub fn seen(&mut self) -> Seen {
        self.seen.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// What the function at a place among the stage's calls begins with: an accumulator or a state that has
    /// seen no row, as one row; nothing if it keeps nothing.
    pub(super) fn blank(&self, place: usize) -> &[ArrayRef] {
        self.version.blank(place)
    }

    /// What the function at a place among the stage's calls may use.
    pub(super) fn limits(&self, place: usize) -> &Limits {
        self.version.limits(place)
    }

    /// Whether the function at a place among the stage's calls may be sent `count` units of so many bytes together.
    /// To be asked before they are copied.
    pub(super) fn weigh(
        &self,
        place: usize,
        unit: Unit,
        count: usize,
        bytes: usize,
    ) -> Result<(), Failure> {
        let limits = self.limits(place);
        let called = || self.version.called(place);
        limits
            .check_weight(unit, count, bytes)
            .map_err(|error| Failure::of_call(error.into(), called(), limits.deadline, Vec::new()))
    }

    /// Exchanges the version for another one of the same functions, which keep the same state. Returns the one
    /// that is not needed any more, if there is no `probation` in which it may be.
    pub fn swap(&mut self, version: Version, probation: Option<Faults>) -> Option<Version> {
        let before = std::mem::replace(&mut self.version, version);
        self.generation += 1;
        let unneeded = self.probation.take().map(Probation::into_before);
        match probation {
            None => Some(before),
            Some(faults) => {
                self.probation = Some(Probation::new(before, faults));
                unneeded
            }
        }
    }

    /// Makes the call at a place among the stage's calls. If it leaves the instance unusable, the next call gets a fresh one: no state is
    /// lost, for a guest has none.
    ///
    /// It may take as long as `pace` says; so may the one to the version before, if there is one.
    ///
    /// A call on which a version on probation fails is made to the version before it. If that one does
    /// better, it is taken back.
    pub(super) fn call<T>(
        &mut self,
        place: usize,
        pace: Pace,
        run: impl Fn(&mut Instance, &Function) -> Result<T, CallError>,
    ) -> Result<T, Failure> {
        let result = self.version.call(place, self.reached, pace, &run);
        if let Some(seen) = &mut self.seen {
            let failure = result.as_ref().err();
            // What wants less was not called yet.
            let failure = failure.filter(|failure| !failure.error.wants_less());
            seen.note(failure.map(|failure| (failure, self.version.called(place).component)));
        }
        let Some(probation) = &mut self.probation else {
            return result;
        };
        let failure = match result {
            Ok(value) => {
                if probation.is_passed() {
                    self.probation = None;
                }
                return Ok(value);
            }
            // Nothing was called yet.
            Err(failure) if failure.error.wants_less() => return Err(failure),
            Err(failure) => failure,
        };
        match probation.before().call(place, self.reached, pace, &run) {
            Ok(value) => {
                self.take_back(place, &failure);
                Ok(value)
            }
            // The rows are to blame.
            Err(_) => Err(failure),
        }
    }

    /// The rows that the function at a place has refused in the call made last, in order, by their places in the
    /// call.
    pub(super) fn refused(&self, place: usize, errors: Vec<RowError>) -> Vec<BadRow> {
        if errors.is_empty() {
            return Vec::new();
        }
        let called = self.version.called(place);
        let rows = errors.into_iter().map(|error| BadRow {
            row: error.row as usize,
            cause: Cause::refused(error, called.clone()),
        });
        rows.collect()
    }

    /// Goes on with the version before, since the present one has failed where that one does not.
    fn take_back(&mut self, place: usize, failure: &Failure) {
        if let Some(probation) = self.probation.take() {
            self.version = probation.fail(self.version.called(place).component, failure);
            self.generation += 1;
        }
    }
}

/// The columns that `arguments` name, converted where a parameter is wider than its column.
pub(super) fn arguments(
    arguments: &[Argument],
    batch: &Batch,
) -> Result<Vec<ArrayRef>, ArrowError> {
    arguments
        .iter()
        .map(|argument| {
            let column = batch.column(argument.column);
            match argument.cast {
                None => Ok(Arc::clone(column)),
                Some(wider) => compute::cast(column, &wider.to_arrow()),
            }
        })
        .collect()
}

/// A part of `columns`, without copying.
pub(super) fn slice(columns: &[ArrayRef], rows: &Range<usize>) -> Vec<ArrayRef> {
    columns
        .iter()
        .map(|column| column.slice(rows.start, rows.len()))
        .collect()
}
