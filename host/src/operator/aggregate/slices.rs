//! The slices of a stage, and what windows make of them.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use arrow::error::ArrowError;

use super::{
    combine::Combiner,
    keys::StageKeys,
    partial::Partial,
    ranges::Ranges,
    slice_state::{CallState, SliceState},
    value_log::ValueLog,
};
use crate::{
    operator::calls::Calls,
    state::{Columns, TooLarge},
    time::{Duration, Timestamp, Watermark},
    window::{Slicing, next_due},
};

/// The slices that open windows need.
pub(super) struct Slices {
    slicing: Slicing,
    slices: BTreeMap<i64, Held>,
    /// Slices that have got rows since they were settled.
    loose: BTreeSet<i64>,
    ranges: Ranges<Partial>,
}

/// What is held of a slice.
pub(super) enum Held {
    /// While rows are expected.
    Loose(SliceState),
    /// Once they are all there, but for late ones.
    Settled(Arc<Partial>),
}

impl Held {
    /// The numbers of its keys.
    fn keys(&self) -> &[u32] {
        match self {
            Self::Loose(state) => &state.keys,
            Self::Settled(partial) => &partial.keys,
        }
    }

    /// What a function that wants every value keeps.
    pub(super) fn values(&self, call: usize) -> Option<&ValueLog> {
        match self {
            Self::Loose(state) => match &state.calls[call] {
                CallState::Values(log) => Some(log),
                CallState::Accumulators(_) => None,
            },
            Self::Settled(partial) => partial.calls[call].values(),
        }
    }

    /// Its keys, which ascend, and the accumulators of all functions, in portions.
    ///
    /// # Errors
    ///
    /// If the accumulators of a key are more than an array holds.
    pub(super) fn portions(&self, keys: &StageKeys) -> Result<Vec<(Vec<u32>, Columns)>, TooLarge> {
        let length = |key: u32| keys.key(key).len();
        match self {
            Self::Loose(state) => state.portions(length),
            Self::Settled(partial) => Ok(partial.portions(length)),
        }
    }

    /// What its rows come to.
    ///
    /// # Errors
    ///
    /// If its accumulators are more than an array holds.
    pub(super) fn settled(&self) -> Result<Arc<Partial>, TooLarge> {
        match self {
            Self::Loose(state) => state.settle().map(Arc::new),
            Self::Settled(partial) => Ok(Arc::clone(partial)),
        }
    }
}

impl Slices {
    pub(super) fn new(slicing: Slicing) -> Self {
        Self {
            slicing,
            slices: BTreeMap::new(),
            loose: BTreeSet::new(),
            ranges: Ranges::new(slicing.slices_in_window()),
        }
    }

    /// The slices by their number, in the order of time.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Held)> {
        self.slices.iter().map(|(number, held)| (*number, held))
    }

    /// Takes out a slice to be changed, or a new one; what was made of it is forgotten. The numbers of
    /// all keys of the stage are below `bound`.
    pub(super) fn take(&mut self, slice: i64, calls: &Calls, bound: usize) -> SliceState {
        let held = self.slices.remove(&slice);
        if let Some(Held::Loose(state)) = held {
            // Nothing is made of it before it is settled.
            return state;
        }
        self.ranges.forget(slice);
        match held {
            None | Some(Held::Loose(_)) => SliceState::new(calls),
            Some(Held::Settled(partial)) => {
                let mut state = SliceState::new(calls);
                state.add(&partial.keys, bound, &partial.calls);
                state
            }
        }
    }

    /// Puts a slice in or back, unless it has no rows.
    pub(super) fn put(&mut self, slice: i64, state: SliceState) {
        if !state.keys.is_empty() {
            self.loose.insert(slice);
            self.slices.insert(slice, Held::Loose(state));
        }
    }

    /// The first window with rows from window `next` on that `to` closes.
    pub(super) fn next_due(&self, next: i64, to: Watermark) -> Option<i64> {
        next_due(&self.slicing, &self.slices, next, to)
    }

    /// Makes the slices that end by `time` ready to be merged.
    ///
    /// # Errors
    ///
    /// If the accumulators of one are more than an array holds.
    pub(super) fn settle(&mut self, time: Timestamp) -> Result<(), TooLarge> {
        while let Some(&first) = self.loose.first()
            && self.slicing.slice(first).end <= time
        {
            self.loose.remove(&first);
            if let Some(held) = self.slices.get_mut(&first) {
                *held = Held::Settled(held.settled()?);
            }
        }
        Ok(())
    }

    /// What the rows of a window come to, whose slices have been settled.
    pub(super) fn window(
        &mut self,
        window: i64,
        combiner: &mut Combiner<'_>,
    ) -> anyhow::Result<Option<Arc<Partial>>> {
        let too_large = Cell::new(None);
        let slice_at = |slice| {
            let settled = self.slices.get(&slice)?.settled();
            settled.map_err(|error| too_large.set(Some(error))).ok()
        };
        let slices = self.slicing.slices_of(window);
        let made = self.ranges.get(slices, &slice_at, combiner)?;
        too_large.get().map_or(Ok(made), |error| Err(error.into()))
    }

    /// The part of some slices that belongs to `keys`, which ascend.
    pub(super) fn restrict(
        &self,
        slices: Range<i64>,
        keys: &[u32],
    ) -> Result<BTreeMap<i64, Arc<Partial>>, ArrowError> {
        let restricted = self.slices.range(slices).map(|(number, held)| {
            let part = match held {
                Held::Loose(state) => state.restrict(keys)?,
                Held::Settled(partial) => partial.restrict(keys)?,
            };
            Ok((*number, Arc::new(part)))
        });
        restricted.collect()
    }

    /// Drops the slices that no window needs any more once `reached` is reached, if windows are kept
    /// for `lateness` after their end.
    pub(super) fn drop_closed(
        &mut self,
        reached: Watermark,
        lateness: Duration,
        keys: &mut StageKeys,
    ) {
        let before = self.slices.len();
        while let Some(first) = self.slices.first_entry() {
            let last = *self.slicing.windows_of(*first.key()).end();
            let end = self.slicing.window(last).end;
            if !reached.closes(end.saturating_add(lateness)) {
                break;
            }
            self.loose.remove(first.key());
            keys.release(first.remove().keys());
        }
        match self.slices.first_key_value() {
            _ if self.slices.len() == before => {}
            None => self.ranges.clear(),
            Some((&first, _)) => self.ranges.forget_before(first),
        }
    }
}
