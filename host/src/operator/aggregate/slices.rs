//! The slices of a stage, and what windows make of them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{calls::Calls, merging::merge, slice_state::SliceState};
use crate::{
    operator::rejects::Patience,
    time::{Timestamp, Watermark},
    window::{Run, Slice, Slicing, cover, next_due},
};

/// The slices that open windows need, and what runs of them come to.
///
/// A window is merged of runs of slices; a run is merged once and kept, for the windows after it. So a
/// window costs as many merges as its length has binary digits, not as it has slides. A row that
/// comes out of order undoes the runs that its slice is part of.
pub(super) struct Slices {
    slicing: Slicing,
    slices: BTreeMap<Timestamp, (Slice, Arc<SliceState>)>,
    runs: HashMap<Run, Arc<SliceState>>,
}

impl Slices {
    pub(super) fn new(slicing: Slicing) -> Self {
        Self {
            slicing,
            slices: BTreeMap::new(),
            runs: HashMap::new(),
        }
    }

    /// Takes out a slice to be changed; what was made of it is forgotten.
    pub(super) fn take(&mut self, slice: Slice) -> Option<SliceState> {
        if let Some(slide) = self.slicing.slide_of(slice.start) {
            for level in 0..=self.slicing.levels() {
                self.runs.remove(&Run::containing(slide, level));
            }
        }
        let (_, state) = self.slices.remove(&slice.start)?;
        Some(Arc::unwrap_or_clone(state))
    }

    /// Puts a slice in or back.
    pub(super) fn put(&mut self, slice: Slice, state: SliceState) {
        self.slices.insert(slice.start, (slice, Arc::new(state)));
    }

    /// The end of the first window with rows that `after` has not closed and `to` does.
    pub(super) fn next_due(&self, after: Watermark, to: Watermark) -> Option<Timestamp> {
        next_due(&self.slicing, &self.slices, after, to)
    }

    /// What the rows of the window that ends at `end` come to.
    pub(super) fn window(
        &mut self,
        end: Timestamp,
        calls: &mut Calls,
        patience: Patience,
    ) -> Option<Arc<SliceState>> {
        let start = self.slicing.start_of(end);
        let whole = self.slicing.slides_of(end);
        let mut parts: Vec<Arc<SliceState>> = cover(whole.clone())
            .into_iter()
            .filter_map(|run| self.run(run, calls, patience))
            .collect();
        // What is left of a window whose size is not a multiple of its slide.
        let rest = self.slicing.slide_start(whole.end).unwrap_or(start);
        parts.extend(self.states(rest.max(start), end));
        merge_all(parts, calls, patience)
    }

    /// Drops the slices that no window needs any more once `reached` is reached.
    pub(super) fn drop_closed(&mut self, reached: Watermark) {
        let before = self.slices.len();
        while let Some(first) = self.slices.first_entry() {
            if !reached.closes(self.slicing.last_end(first.get().0)) {
                break;
            }
            first.remove();
        }
        if self.slices.len() < before {
            let first = self.slices.keys().next();
            let first = first.and_then(|start| self.slicing.slide_of(*start));
            let is_needed = |run: &Run| first.is_some_and(|first| run.slides().start >= first);
            self.runs.retain(|run, _| is_needed(run));
        }
    }

    /// What the rows of `run` come to.
    fn run(&mut self, run: Run, calls: &mut Calls, patience: Patience) -> Option<Arc<SliceState>> {
        if let Some(known) = self.runs.get(&run) {
            return Some(Arc::clone(known));
        }
        let slides = run.slides();
        let start = self.slicing.slide_start(slides.start)?;
        let end = self.slicing.slide_start(slides.end)?;
        let mut parts: Vec<Arc<SliceState>> = self.states(start, end).take(2).collect();
        if parts.len() == 2
            && let Some(halves) = run.halves()
        {
            let halves = halves.into_iter();
            parts = halves
                .filter_map(|half| self.run(half, calls, patience))
                .collect();
        }
        let is_made = parts.len() > 1;
        let state = merge_all(parts, calls, patience)?;
        if is_made {
            self.runs.insert(run, Arc::clone(&state));
        }
        Some(state)
    }

    /// The slices from `start` to `end`.
    fn states(&self, start: Timestamp, end: Timestamp) -> impl Iterator<Item = Arc<SliceState>> {
        let slices = self.slices.range(start..end.max(start));
        slices.map(|(_, (_, state))| Arc::clone(state))
    }
}

/// Merges `parts`, which follow each other in event time. A single part is not copied.
fn merge_all(
    parts: Vec<Arc<SliceState>>,
    calls: &mut Calls,
    patience: Patience,
) -> Option<Arc<SliceState>> {
    let mut parts = parts.into_iter();
    let first = parts.next()?;
    let Some(second) = parts.next() else {
        return Some(first);
    };
    let mut whole = first.copy();
    for part in std::iter::once(second).chain(parts) {
        merge(calls, &mut whole, &part, patience);
    }
    Some(Arc::new(whole))
}
