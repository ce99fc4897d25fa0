//! The slices of a stage, and what windows make of them.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use super::{combine::Combiner, keys::StageKeys, partial::Partial, ranges::Ranges};
use crate::{
    time::{Duration, Watermark},
    window::{Slicing, next_due},
};

/// The slices that open windows need.
pub(super) struct Slices {
    slicing: Slicing,
    slices: BTreeMap<i64, Arc<Partial>>,
    ranges: Ranges,
}

impl Slices {
    pub(super) fn new(slicing: Slicing) -> Self {
        Self {
            slicing,
            slices: BTreeMap::new(),
            ranges: Ranges::new(slicing.slices_in_window()),
        }
    }

    /// The slices by their number, in the order of time.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Partial)> {
        self.slices
            .iter()
            .map(|(number, slice)| (*number, &**slice))
    }

    /// Takes out a slice to be changed; what was made of it is forgotten.
    pub(super) fn take(&mut self, slice: i64) -> Option<Partial> {
        self.ranges.forget(slice);
        self.slices.remove(&slice).map(Arc::unwrap_or_clone)
    }

    /// Puts a slice in or back, unless it has no rows.
    pub(super) fn put(&mut self, slice: i64, state: Partial) {
        if !state.keys.is_empty() {
            self.slices.insert(slice, Arc::new(state));
        }
    }

    /// The first window with rows from window `next` on that `to` closes.
    pub(super) fn next_due(&self, next: i64, to: Watermark) -> Option<i64> {
        next_due(&self.slicing, &self.slices, next, to)
    }

    /// What the rows of a window come to.
    pub(super) fn window(
        &mut self,
        window: i64,
        combiner: &mut Combiner<'_>,
    ) -> Option<Arc<Partial>> {
        let slice_at = |slice| self.slices.get(&slice).map(Arc::clone);
        let slices = self.slicing.slices_of(window);
        self.ranges.get(slices, &slice_at, combiner)
    }

    /// The part of some slices that belongs to `keys`.
    pub(super) fn restrict(
        &self,
        slices: Range<i64>,
        keys: &[u32],
        bound: usize,
    ) -> BTreeMap<i64, Arc<Partial>> {
        let touched = self.slices.range(slices);
        touched
            .map(|(number, slice)| (*number, Arc::new(slice.restrict(keys, bound))))
            .collect()
    }

    /// Drops the slices that no window needs any more once `reached` is reached, if windows are kept
    /// for `lateness` after their end.
    pub(super) fn drop_closed(
        &mut self,
        reached: Watermark,
        lateness: Duration,
        keys: &mut StageKeys,
    ) {
        let mut dropped = None;
        while let Some(first) = self.slices.first_entry() {
            let last = *self.slicing.windows_of(*first.key()).end();
            let end = self.slicing.window(last).end;
            if !reached.closes(end.saturating_add(lateness)) {
                break;
            }
            dropped = Some(*first.key());
            keys.release(&first.remove().keys);
        }
        match (dropped, self.slices.first_key_value()) {
            (None, _) => {}
            (Some(_), None) => self.ranges.clear(),
            (Some(_), Some((&first, _))) => self.ranges.forget_before(first),
        }
    }

    /// Gives back the memory of indexes of slices in which rows are no longer expected.
    pub(super) fn settle(&mut self, reached: Watermark) {
        for (number, slice) in self.slices.iter_mut().rev() {
            if self.slicing.slice(*number).start.as_micros() > reached.time().as_micros() {
                continue;
            }
            let Some(slice) = Arc::get_mut(slice) else {
                continue;
            };
            if !slice.drop_index() {
                break;
            }
        }
    }
}
