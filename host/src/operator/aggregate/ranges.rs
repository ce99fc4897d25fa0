//! What runs of slices come to, for windows that share most of their slices with the one before.
//!
//! Slices are grouped in blocks of about the square root of a window's length. A window is then the
//! rest of one block, whole blocks, and the beginning of another:
//!
//! ```text
//! slices   | . . . . | . . . . | . . . . | . . . . |
//! window       [ suffix          middle       prefix )
//! ```
//!
//! The suffixes of a block are all made at once, from its end to its start; the middle stays the same
//! until the window has moved by a block; the prefix grows by a slice with each window. So a window
//! costs about four merges of its keys however many slices it has, and what is kept beside the slices
//! is as large as two blocks of windows. (The two stacks of Tangwongsan et al., "Low-latency
//! sliding-window aggregation in worst-case constant time", 2017, over blocks, as memory for a stack
//! over all slices would be that of as many windows.)

use std::{collections::HashMap, ops::Range, sync::Arc};

use super::{combine::Combiner, partial::Partial};

/// The slice with a number, if it has rows.
pub(super) type SliceAt<'a> = &'a dyn Fn(i64) -> Option<Arc<Partial>>;

/// What runs of slices come to, as far as it can be of use again.
#[derive(Default)]
pub(super) struct Ranges {
    /// Slices in a block.
    block: i64,
    /// A block, and what its slices from each one to the last come to.
    suffixes: Option<(i64, Vec<Option<Arc<Partial>>>)>,
    /// What whole blocks come to, by themselves…
    blocks: HashMap<i64, Option<Arc<Partial>>>,
    /// … and one after the other.
    middle: Option<(Range<i64>, Option<Arc<Partial>>)>,
    /// What the slices from the start of a block come to.
    prefix: Option<(Range<i64>, Option<Arc<Partial>>)>,
}

/// Below this many slices a window is put together slice by slice.
const FEW: i64 = 5;

impl Ranges {
    /// For windows of so many slices.
    pub(super) fn new(slices_in_window: i64) -> Self {
        let block = if slices_in_window < FEW {
            1
        } else {
            slices_in_window.isqrt()
        };
        Self {
            block,
            ..Self::default()
        }
    }

    /// What `slices` come to.
    pub(super) fn get(
        &mut self,
        slices: Range<i64>,
        slice_at: SliceAt<'_>,
        combiner: &mut Combiner<'_>,
    ) -> Option<Arc<Partial>> {
        let first = slices.start.div_euclid(self.block);
        let last = slices.end.div_euclid(self.block);
        let starts_block = slices.start.rem_euclid(self.block) == 0;
        let whole = if starts_block { first } else { first + 1 }..last;
        if whole.start > whole.end {
            let parts = slices.filter_map(slice_at).collect();
            return combiner.combine(parts);
        }
        let suffix = if starts_block {
            None
        } else {
            self.suffix(slices.start, slice_at, combiner)
        };
        let middle = self.middle(whole, slice_at, combiner);
        let prefix = self.prefix(last * self.block..slices.end, slice_at, combiner);
        let parts = [suffix, middle, prefix].into_iter().flatten();
        combiner.combine(parts.collect())
    }

    /// Forgets what a slice is part of, which is about to change.
    pub(super) fn forget(&mut self, slice: i64) {
        let block = slice.div_euclid(self.block);
        self.blocks.remove(&block);
        self.suffixes.take_if(|(known, _)| *known == block);
        self.middle.take_if(|(blocks, _)| blocks.contains(&block));
        self.prefix.take_if(|(slices, _)| slices.contains(&slice));
    }

    /// Forgets what begins before `slice`: no window will begin there any more.
    pub(super) fn forget_before(&mut self, slice: i64) {
        let block = slice.div_euclid(self.block);
        self.blocks.retain(|known, _| *known >= block);
        self.suffixes.take_if(|(known, _)| *known < block);
        self.middle.take_if(|(blocks, _)| blocks.end <= block);
        self.prefix.take_if(|(slices, _)| slices.end <= slice);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self {
            block: self.block,
            ..Self::default()
        };
    }

    /// What the slices from `slice` to the end of its block come to.
    fn suffix(
        &mut self,
        slice: i64,
        slice_at: SliceAt<'_>,
        combiner: &mut Combiner<'_>,
    ) -> Option<Arc<Partial>> {
        let block = slice.div_euclid(self.block);
        let start = block * self.block;
        let known = self.suffixes.as_ref();
        if known.is_none_or(|(known, _)| *known != block) {
            let mut suffixes = Vec::new();
            let mut suffix: Option<Arc<Partial>> = None;
            for slice in (start + 1..start + self.block).rev() {
                let parts = [slice_at(slice), suffix.clone()].into_iter().flatten();
                suffix = combiner.combine(parts.collect());
                suffixes.push(suffix.clone());
            }
            // The first slice of a block has no suffix: the block is whole from there on.
            suffixes.push(None);
            suffixes.reverse();
            self.suffixes = Some((block, suffixes));
        }
        let (_, suffixes) = self.suffixes.as_ref()?;
        suffixes.get((slice - start) as usize)?.clone()
    }

    fn middle(
        &mut self,
        blocks: Range<i64>,
        slice_at: SliceAt<'_>,
        combiner: &mut Combiner<'_>,
    ) -> Option<Arc<Partial>> {
        if blocks.is_empty() {
            return None;
        }
        if self.block == 1 {
            return combiner.combine(blocks.filter_map(slice_at).collect());
        }
        if let Some((known, middle)) = &self.middle
            && *known == blocks
        {
            return middle.clone();
        }
        let parts: Vec<Arc<Partial>> = blocks
            .clone()
            .filter_map(|block| self.block(block, slice_at, combiner))
            .collect();
        let middle = combiner.combine(parts);
        self.middle = Some((blocks, middle.clone()));
        middle
    }

    fn block(
        &mut self,
        block: i64,
        slice_at: SliceAt<'_>,
        combiner: &mut Combiner<'_>,
    ) -> Option<Arc<Partial>> {
        if let Some(known) = self.blocks.get(&block) {
            return known.clone();
        }
        let slices = block * self.block..(block + 1) * self.block;
        let made = combiner.combine(slices.filter_map(slice_at).collect());
        self.blocks.insert(block, made.clone());
        made
    }

    /// What `slices` come to, the first of which begins a block.
    fn prefix(
        &mut self,
        slices: Range<i64>,
        slice_at: SliceAt<'_>,
        combiner: &mut Combiner<'_>,
    ) -> Option<Arc<Partial>> {
        if slices.is_empty() {
            return None;
        }
        let (known, prefix) = self
            .prefix
            .take()
            .filter(|(known, _)| known.start == slices.start && known.end <= slices.end)
            .unwrap_or((slices.start..slices.start, None));
        let more = (known.end..slices.end).filter_map(slice_at);
        let prefix = match prefix {
            None => combiner.combine(more.collect()),
            Some(mut prefix) => {
                let whole = Arc::make_mut(&mut prefix);
                more.for_each(|slice| combiner.extend(whole, &slice));
                Some(prefix)
            }
        };
        self.prefix = Some((slices, prefix.clone()));
        prefix
    }
}
