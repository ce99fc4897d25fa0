//! What runs of slices come to, for windows that share most of their slices with the one before.
//!
//! Slices are grouped in blocks of about the square root of a window's length. A window is then the
//! rest of a block and a run of slices from the start of the next block on:
//!
//! ```text
//! slices   | . . . . | . . . . | . . . . | . . . . |
//! window       [rest )          run            )
//! ```
//!
//! The rests of a block are all made at once, from its end to its start. The run grows by a slice with
//! each window, and is made anew, of whole blocks, when the window has moved by a block. So a window costs
//! about four merges of its keys however many slices it has, and what is kept beside the slices is as
//! large as two blocks of windows. (The two stacks of Tangwongsan et al., "Low-latency sliding-window
//! aggregation in worst-case constant time", 2017, over blocks, as a stack over all slices would be as
//! large as that many windows.)

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
    rests: Option<(i64, Vec<Option<Arc<Partial>>>)>,
    /// What whole blocks come to.
    blocks: HashMap<i64, Option<Arc<Partial>>>,
    /// What a run of slices from the start of a block on comes to.
    run: Option<(Range<i64>, Option<Arc<Partial>>)>,
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
    ) -> anyhow::Result<Option<Arc<Partial>>> {
        let into_block = slices.start.rem_euclid(self.block);
        let next_block = slices.start + (self.block - into_block) % self.block;
        if self.block == 1 || next_block > slices.end {
            return combiner.combine(slices.filter_map(slice_at));
        }
        let rest = match into_block {
            0 => None,
            _ => self.rest(slices.start, slice_at, combiner)?,
        };
        let run = self.run(next_block..slices.end, slice_at, combiner)?;
        combiner.combine([rest, run].into_iter().flatten())
    }

    /// Forgets what a slice is part of, which is about to change.
    pub(super) fn forget(&mut self, slice: i64) {
        let block = slice.div_euclid(self.block);
        self.blocks.remove(&block);
        self.rests.take_if(|(known, _)| *known == block);
        self.run.take_if(|(slices, _)| slices.contains(&slice));
    }

    /// Forgets what begins before `slice`: no window will begin there any more.
    pub(super) fn forget_before(&mut self, slice: i64) {
        let block = slice.div_euclid(self.block);
        self.blocks.retain(|known, _| *known >= block);
        self.rests.take_if(|(known, _)| *known < block);
        self.run.take_if(|(slices, _)| slices.end <= slice);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self {
            block: self.block,
            ..Self::default()
        };
    }

    /// What the slices from `slice`, which is not the first of its block, to the end of the block come
    /// to.
    fn rest(
        &mut self,
        slice: i64,
        slice_at: SliceAt<'_>,
        combiner: &mut Combiner<'_>,
    ) -> anyhow::Result<Option<Arc<Partial>>> {
        let block = slice.div_euclid(self.block);
        let start = block * self.block;
        if self.rests.as_ref().is_none_or(|(known, _)| *known != block) {
            let mut rests = vec![None; self.block as usize];
            let mut rest: Option<Arc<Partial>> = None;
            for slice in (start + 1..start + self.block).rev() {
                let parts = [slice_at(slice), rest].into_iter().flatten();
                rest = combiner.combine(parts)?;
                rests[(slice - start) as usize].clone_from(&rest);
            }
            self.rests = Some((block, rests));
        }
        let rests = self.rests.as_ref().map(|(_, rests)| rests);
        Ok(rests.and_then(|rests| rests[(slice - start) as usize].clone()))
    }

    /// What `slices` come to, the first of which begins a block.
    fn run(
        &mut self,
        slices: Range<i64>,
        slice_at: SliceAt<'_>,
        combiner: &mut Combiner<'_>,
    ) -> anyhow::Result<Option<Arc<Partial>>> {
        let known = self.run.take();
        let known =
            known.filter(|(known, _)| known.start == slices.start && known.end <= slices.end);
        let (done, run) = match known {
            Some((known, run)) => (known.end, run),
            None => {
                let blocks = slices.start.div_euclid(self.block)..slices.end.div_euclid(self.block);
                let done = blocks.end * self.block;
                let blocks: Vec<Option<Arc<Partial>>> = blocks
                    .map(|block| self.block(block, slice_at, combiner))
                    .collect::<anyhow::Result<_>>()?;
                (done, combiner.combine(blocks.into_iter().flatten())?)
            }
        };
        let more = (done..slices.end).filter_map(slice_at);
        let run = combiner.combine(run.into_iter().chain(more))?;
        self.run = Some((slices, run.clone()));
        Ok(run)
    }

    fn block(
        &mut self,
        block: i64,
        slice_at: SliceAt<'_>,
        combiner: &mut Combiner<'_>,
    ) -> anyhow::Result<Option<Arc<Partial>>> {
        if let Some(known) = self.blocks.get(&block) {
            return Ok(known.clone());
        }
        let slices = block * self.block..(block + 1) * self.block;
        let made = combiner.combine(slices.filter_map(slice_at))?;
        self.blocks.insert(block, made.clone());
        Ok(made)
    }
}
