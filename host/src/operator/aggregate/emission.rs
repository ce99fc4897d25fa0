//! Makes the rows of windows that have changed: early ones, and corrections of those that have fired.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use hashbrown::HashSet;

use super::{Aggregate, combine::Combiner, ranges::Ranges, ready::Ready};
use crate::operator::Outbox;

/// The keys that have changed, by the number of the slice in which they have.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<i64, HashSet<u32>>);

impl Changes {
    /// Takes note that keys of a slice have changed.
    pub(super) fn add(&mut self, slice: i64, keys: &[u32]) {
        if !keys.is_empty() {
            self.0.entry(slice).or_default().extend(keys);
        }
    }

    /// Takes note of more changes.
    pub(super) fn join(&mut self, changes: Self) {
        for (slice, keys) in changes.0 {
            self.0.entry(slice).or_default().extend(keys);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets the changes of slices before `slice`.
    pub(super) fn forget_before(&mut self, slice: i64) {
        self.0 = self.0.split_off(&slice);
    }

    /// The keys that have changed in some slices.
    fn keys(&self, slices: Range<i64>) -> HashSet<u32> {
        let sets = self.0.range(slices).map(|(_, keys)| keys);
        sets.flatten().copied().collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, u32)> {
        let sets = self.0.iter();
        sets.flat_map(|(slice, keys)| keys.iter().map(|key| (*slice, *key)))
    }
}

impl Aggregate {
    /// Makes the rows of those of `windows` that `changes` concern, for the keys they concern.
    pub(super) fn emit_changes(
        &mut self,
        changes: &Changes,
        windows: Range<i64>,
        ready: &mut Ready,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let concerned: BTreeSet<i64> = changes
            .0
            .keys()
            .flat_map(|&slice| self.slicing.windows_of(slice))
            .filter(|window| windows.contains(window))
            .collect();
        let (Some(&first), Some(&last)) = (concerned.first(), concerned.last()) else {
            return Ok(());
        };
        let all = changes.keys(i64::MIN..i64::MAX);
        let mut all: Vec<u32> = all.into_iter().collect();
        all.sort_unstable();
        let slices = self.slicing.slices_of(first).start..self.slicing.slices_of(last).end;
        let slices = self.slices.restrict(slices, &all)?;
        let slice_at = |slice| slices.get(&slice).cloned();
        let mut ranges = Ranges::new(self.slicing.slices_in_window());
        for window in concerned {
            let slices = self.slicing.slices_of(window);
            let mut combiner = Combiner {
                patience: self.failed_windows.patience_with_parts(),
                calls: &mut self.calls,
            };
            let partial = ranges.get(slices.clone(), &slice_at, &mut combiner);
            let Some(partial) = self.failed_windows.check(partial)? else {
                continue;
            };
            let keys = changes.keys(slices);
            let rows: Vec<u32> = (0..)
                .zip(&partial.keys)
                .filter_map(|(row, key)| keys.contains(key).then_some(row))
                .collect();
            self.make_rows(window, &partial, Some(&rows), ready, out)?;
        }
        Ok(())
    }

    /// Makes the rows of a window for the keys that have changed since they left last.
    pub(super) fn fire_changes(
        &mut self,
        window: i64,
        ready: &mut Ready,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let changes = std::mem::take(&mut self.unsent);
        let fired = self.emit_changes(&changes, window..window.saturating_add(1), ready, out);
        self.unsent = changes;
        fired
    }
}
