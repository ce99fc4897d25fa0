//! The Wasm instances of a stage and the arguments that calls are made with.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use arrow::{array::ArrayRef, compute, error::ArrowError};

use super::{
    Argument,
    version::{Faults, Probation, Version},
};
use crate::{
    batch::Batch,
    time::{Timestamp, Watermark},
    wasm::{CallError, Function, Instance},
};

/// What the functions of one stage run in, in one subtask. It can be exchanged between two batches for
/// [another version](Version) of the same functions.
pub struct Guests {
    version: Version,
    /// While the version is on probation: the one before it.
    probation: Option<Probation>,
    component: ComponentDigest,
    /// How far event time has come.
    reached: Timestamp,
}

/// The digest of the component that a stage calls now, for those who tell it.
#[derive(Clone)]
pub(super) struct ComponentDigest(Arc<Mutex<Arc<str>>>);

impl ComponentDigest {
    fn new(digest: Arc<str>) -> Self {
        Self(Arc::new(Mutex::new(digest)))
    }

    /// In hexadecimal.
    pub(super) fn get(&self) -> Arc<str> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, digest: Arc<str>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = digest;
    }
}

impl fmt::Debug for ComponentDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.get())
    }
}

impl Guests {
    /// The guests of a stage that makes the calls of `version`.
    pub fn new(version: Version) -> Self {
        Self {
            component: ComponentDigest::new(version.digest()),
            version,
            probation: None,
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

    /// The digest of the component of the first function.
    pub(super) fn component(&self) -> ComponentDigest {
        self.component.clone()
    }

    /// What the function at a place among the stage's calls begins with: an accumulator or a state that has
    /// seen no row, as one row; nothing if it keeps nothing.
    pub(super) fn blank(&self, place: usize) -> &[ArrayRef] {
        self.version.blank(place)
    }

    /// Exchanges the version for another one of the same functions, which keep the same state. Returns the one
    /// that is not needed any more, if there is no `probation` in which it may be.
    pub fn swap(&mut self, version: Version, probation: Option<Faults>) -> Option<Version> {
        let before = std::mem::replace(&mut self.version, version);
        self.component.set(self.version.digest());
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
    /// A call on which a version on probation fails is made to the version before it. If that one does
    /// better, it is taken back.
    pub(super) fn call<T>(
        &mut self,
        place: usize,
        run: impl Fn(&mut Instance, &Function) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let result = self.version.call(place, self.reached, &run);
        let Some(probation) = &mut self.probation else {
            return result;
        };
        let error = match result {
            Ok(value) => {
                if probation.is_passed() {
                    self.probation = None;
                }
                return Ok(value);
            }
            // Nothing was called yet.
            Err(error) if error.wants_less() => return Err(error),
            Err(error) => error,
        };
        match probation.before().call(place, self.reached, &run) {
            Ok(value) => {
                self.take_back(&error);
                Ok(value)
            }
            // The rows are to blame.
            Err(_) => Err(error),
        }
    }

    /// Goes on with the version before, since the present one has failed where that one does not.
    fn take_back(&mut self, error: &CallError) {
        if let Some(probation) = self.probation.take() {
            self.version = probation.fail(&self.component.get(), error);
            self.component.set(self.version.digest());
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
