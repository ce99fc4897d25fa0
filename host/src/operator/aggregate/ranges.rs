//! What runs of slices come to, for windows that share most of their slices with the one before.
//!
//! Slices are grouped in blocks of about the square root of a window's length. A window is then a head
//! in one block, whole blocks, and a tail that begins with a block:
//!
//! ```text
//! slices   | . . . . | . . . . | . . . . | . . . . | . . . . |
//! window       [head )       blocks      ) tail    )
//! ```
//!
//! While windows begin in one block, their whole blocks stay the same, and the tail grows by a slice with
//! each window. So the heads are all made at once, from their end to their start, with the blocks behind
//! them, and a window is what its head and its tail come to. When the windows have moved by a block, the
//! tail has become a block, and what the blocks come to is found in the same way: what all of them up to
//! some border come to was made at once, and a run grows behind it.
//!
//! So a window costs about three merges of its keys however many slices it has, and what is kept beside
//! the slices is as large as three blocks of windows. (These are the two stacks of Tangwongsan et al.,
//! "Low-latency sliding-window aggregation in worst-case constant time", 2017, twice: stacks over all
//! slices would be as large as that many windows.)

use std::{collections::HashMap, ops::Range, sync::Arc};

/// Puts pieces together.
pub(super) trait Combine {
    /// What pieces come to.
    type Piece;

    /// What `parts` come to, which follow each other in event time; `None` if there are none.
    fn combine(
        &mut self,
        parts: impl IntoIterator<Item = Arc<Self::Piece>>,
    ) -> anyhow::Result<Whole<Self::Piece>>;
}

/// The slice with a number, if it has rows.
pub(super) type SliceAt<'a, P> = &'a dyn Fn(i64) -> Whole<P>;

/// What some slices come to; `None` if none of them has rows.
type Whole<P> = Option<Arc<P>>;

/// What runs of slices come to, as far as it can be of use again.
pub(super) struct Ranges<P> {
    /// Slices in a block.
    block: i64,
    /// Heads of one block, each with the whole blocks behind it.
    heads: Rests<P>,
    /// The whole blocks behind the heads.
    middle: Range<i64>,
    /// What follows them.
    tail: Run<P>,
    /// What whole blocks come to.
    blocks: HashMap<i64, Whole<P>>,
    /// What blocks come to from each one up to a border.
    before_border: Rests<P>,
    /// What the blocks behind the border come to.
    behind_border: Run<P>,
}

/// What pieces come to from each one up to the same end, and beyond. Made from the end to the start.
struct Rests<P> {
    end: i64,
    /// What is beyond the end.
    beyond: Whole<P>,
    /// By the distance of the first piece from the end, the last piece first.
    wholes: Vec<Whole<P>>,
}

/// What pieces that follow each other come to. Grows at its end.
struct Run<P> {
    pieces: Range<i64>,
    whole: Whole<P>,
}

/// Below this many slices a window is put together slice by slice.
const FEW: i64 = 5;

impl<P> Ranges<P> {
    /// For windows of so many slices.
    pub(super) fn new(slices_in_window: i64) -> Self {
        let block = if slices_in_window < FEW {
            1
        } else {
            slices_in_window.isqrt()
        };
        Self::of_blocks(block)
    }

    /// For blocks of so many slices.
    fn of_blocks(block: i64) -> Self {
        Self {
            block,
            heads: Rests::until(0, None),
            middle: 0..0,
            tail: Run::at(0),
            blocks: HashMap::new(),
            before_border: Rests::until(0, None),
            behind_border: Run::at(0),
        }
    }

    /// What `slices` come to.
    pub(super) fn get<C: Combine<Piece = P>>(
        &mut self,
        slices: Range<i64>,
        slice_at: SliceAt<'_, P>,
        combiner: &mut C,
    ) -> anyhow::Result<Whole<P>> {
        let head = slices.start.rem_euclid(self.block);
        let head_end = slices.start + (self.block - head) % self.block;
        if self.block == 1 || head_end > slices.end {
            return combiner.combine(slices.filter_map(slice_at));
        }
        let tail = self.middle.end * self.block;
        if self.heads.end != head_end
            || tail > slices.end
            || self.tail.pieces.end > slices.end
            || self.middle.is_empty()
        {
            self.begin(head_end..slices.end, slice_at, combiner)?;
        }
        let piece_at = &mut |slice, _: &mut C| Ok(slice_at(slice));
        let head = self.heads.get(slices.start, piece_at, combiner)?;
        let block_end = self.tail.pieces.start + self.block;
        if self.tail.pieces.end < block_end && block_end <= slices.end {
            let block = self.tail.grow(block_end, piece_at, combiner)?;
            self.blocks.insert(self.middle.end, block);
        }
        let tail = self.tail.grow(slices.end, piece_at, combiner)?;
        combiner.combine([head, tail].into_iter().flatten())
    }

    /// Goes on to windows whose heads end where `slices`, the rest of such a window, begin.
    fn begin(
        &mut self,
        slices: Range<i64>,
        slice_at: SliceAt<'_, P>,
        combiner: &mut impl Combine<Piece = P>,
    ) -> anyhow::Result<()> {
        let blocks = slices.start.div_euclid(self.block)..slices.end.div_euclid(self.block);
        let beyond = self.whole_blocks(blocks.clone(), slice_at, combiner)?;
        self.heads = Rests::until(slices.start, beyond);
        let tail = blocks.end * self.block;
        if self.tail.pieces.start != tail || self.tail.pieces.end > slices.end {
            self.tail = Run::at(tail);
        }
        self.middle = blocks;
        Ok(())
    }

    /// Forgets what a slice is part of, which is about to change.
    pub(super) fn forget(&mut self, slice: i64) {
        let block = slice.div_euclid(self.block);
        if self.middle.contains(&block) {
            self.middle = 0..0;
        }
        self.heads.forget(slice);
        self.tail.forget(slice);
        self.blocks.remove(&block);
        self.before_border.forget(block);
        self.behind_border.forget(block);
    }

    /// Forgets what begins before `slice`: no window will begin there any more.
    pub(super) fn forget_before(&mut self, slice: i64) {
        let block = slice.div_euclid(self.block);
        self.blocks.retain(|known, _| *known >= block);
        self.heads.forget_before(slice);
        self.before_border.forget_before(block);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::of_blocks(self.block);
    }

    /// What `blocks` come to.
    fn whole_blocks<C: Combine<Piece = P>>(
        &mut self,
        blocks: Range<i64>,
        slice_at: SliceAt<'_, P>,
        combiner: &mut C,
    ) -> anyhow::Result<Whole<P>> {
        let Range { start: border, end } = self.behind_border.pieces;
        if border <= blocks.start || end > blocks.end {
            // Nothing of what there is before the border is of use any more: it moves to the end.
            self.behind_border = Run::at(blocks.end);
        }
        let border = self.behind_border.pieces.start;
        let Self { block, .. } = *self;
        let known = &mut self.blocks;
        let block_at = &mut |number: i64, combiner: &mut C| -> anyhow::Result<Whole<P>> {
            if let Some(known) = known.get(&number) {
                return Ok(known.clone());
            }
            let slices = number * block..(number + 1) * block;
            let made = combiner.combine(slices.filter_map(slice_at))?;
            known.insert(number, made.clone());
            Ok(made)
        };
        if self.before_border.end != border {
            self.before_border = Rests::until(border, None);
        }
        let before = self.before_border.get(blocks.start, block_at, combiner)?;
        let behind = self.behind_border.grow(blocks.end, block_at, combiner)?;
        combiner.combine([before, behind].into_iter().flatten())
    }
}

/// Makes what a piece comes to.
type PieceAt<'a, P, C> = &'a mut dyn FnMut(i64, &mut C) -> anyhow::Result<Whole<P>>;

impl<P> Rests<P> {
    /// Nothing yet, up to `end` and what is `beyond` it.
    const fn until(end: i64, beyond: Whole<P>) -> Self {
        Self {
            end,
            beyond,
            wholes: Vec::new(),
        }
    }

    /// What the pieces from `first` up to the end come to. Nothing before `first` will be asked for.
    fn get<C: Combine<Piece = P>>(
        &mut self,
        first: i64,
        piece_at: PieceAt<'_, P, C>,
        combiner: &mut C,
    ) -> anyhow::Result<Whole<P>> {
        self.forget_before(first);
        let known = self.wholes.len() as i64;
        for piece in (first..self.end - known).rev() {
            let parts = [piece_at(piece, combiner)?, self.longest()];
            self.wholes
                .push(combiner.combine(parts.into_iter().flatten())?);
        }
        Ok(self.longest())
    }

    /// What the pieces from the first one on come to.
    fn longest(&self) -> Whole<P> {
        self.wholes.last().unwrap_or(&self.beyond).clone()
    }

    /// Forgets what `piece` is part of.
    fn forget(&mut self, piece: i64) {
        if piece < self.end {
            self.wholes.truncate((self.end - 1 - piece) as usize);
        }
    }

    /// Forgets what begins before `piece`.
    fn forget_before(&mut self, piece: i64) {
        let left = (self.end - piece).max(0);
        self.wholes.truncate(left as usize);
    }
}

impl<P> Run<P> {
    /// Nothing yet, from `piece` on.
    const fn at(piece: i64) -> Self {
        Self {
            pieces: piece..piece,
            whole: None,
        }
    }

    /// Adds what is missing up to `end`.
    fn grow<C: Combine<Piece = P>>(
        &mut self,
        end: i64,
        piece_at: PieceAt<'_, P, C>,
        combiner: &mut C,
    ) -> anyhow::Result<Whole<P>> {
        let known = self.whole.take();
        let more: Vec<Whole<P>> = (self.pieces.end..end)
            .map(|piece| piece_at(piece, combiner))
            .collect::<anyhow::Result<_>>()?;
        self.whole = combiner.combine(known.into_iter().chain(more.into_iter().flatten()))?;
        self.pieces.end = end;
        Ok(self.whole.clone())
    }

    /// Forgets all of it if `piece` is part of it.
    fn forget(&mut self, piece: i64) {
        if self.pieces.contains(&piece) {
            *self = Self::at(self.pieces.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Writes pieces one after the other, so that their order shows.
    #[derive(Default)]
    struct Concat {
        calls: usize,
    }

    impl Combine for Concat {
        type Piece = String;

        fn combine(
            &mut self,
            parts: impl IntoIterator<Item = Arc<String>>,
        ) -> anyhow::Result<Whole<String>> {
            let parts: Vec<Arc<String>> = parts.into_iter().collect();
            self.calls += parts.len().saturating_sub(1);
            let whole: String = parts.iter().map(|part| part.as_str()).collect();
            Ok((!parts.is_empty()).then(|| Arc::new(whole)))
        }
    }

    /// What is done to slices between two windows.
    #[derive(Clone, Debug)]
    enum Change {
        /// The slice so far behind the window's end changes.
        Late(i64),
        /// So many windows have no rows and are passed over.
        Skip(i64),
        Nothing,
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            1 => (0_i64..200).prop_map(Change::Late),
            1 => (1_i64..90).prop_map(Change::Skip),
            4 => Just(Change::Nothing),
        ]
    }

    proptest! {
        /// Windows come to what their slices come to, whatever is known of them from before.
        #[test]
        fn windows_are_made_of_their_slices(
            start in -200_i64..200,
            length in 1_i64..150,
            slide in 1_i64..20,
            holes in prop::collection::btree_set(-200_i64..1000, 0..400),
            changes in prop::collection::vec(change(), 1..80),
        ) {
            let mut slices: BTreeMap<i64, Arc<String>> = (-200..3000)
                .filter(|slice| !holes.contains(slice))
                .map(|slice| (slice, Arc::new(format!("{slice} "))))
                .collect();
            let mut ranges = Ranges::new(length);
            let mut start = start;
            for change in changes {
                match change {
                    Change::Late(behind) => {
                        let slice = start + length - 1 - behind;
                        slices.insert(slice, Arc::new(format!("{slice}' ")));
                        ranges.forget(slice);
                    }
                    Change::Skip(windows) => start += windows * slide,
                    Change::Nothing => {}
                }
                ranges.forget_before(start);
                let window = start..start + length;
                let slice_at = |slice| slices.get(&slice).cloned();
                let found = ranges.get(window.clone(), &slice_at, &mut Concat::default());
                let expected: String =
                    slices.range(window).map(|(_, slice)| slice.as_str()).collect();
                let found = found.expect("nothing fails").map_or(String::new(), |found| found.to_string());
                prop_assert_eq!(found, expected);
                start += slide;
            }
        }
    }

    #[test]
    fn a_window_that_slides_by_a_slice_costs_three_merges() {
        let slices: BTreeMap<i64, Arc<String>> =
            (0..10_000).map(|slice| (slice, Arc::default())).collect();
        let slice_at = |slice| slices.get(&slice).cloned();
        let mut ranges = Ranges::new(3600);
        let mut count = |start: i64| {
            let mut concat = Concat::default();
            ranges
                .get(start..start + 3600, &slice_at, &mut concat)
                .expect("nothing fails");
            concat.calls
        };
        count(0);
        let calls: usize = (1..=6000).map(count).sum();
        assert!(calls < 6000 * 31 / 10, "{calls} merges for 6000 windows");
    }
}
