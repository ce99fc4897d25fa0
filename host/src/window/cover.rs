//! Runs of slides: how a long window is put together of few pieces.
//!
//! A run is `2^level` slides that begin at a multiple of `2^level`: a node of a binary tree over time.
//! Any range of `n` slides is made of at most `2 log2 n` runs, and windows that overlap share most of
//! them. (The flat aggregation tree of Arasu and Widom, "Resource sharing in continuous sliding-window
//! aggregates", 2004, over slices.)

use std::ops::Range;

/// `2^level` slides from slide `index * 2^level` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// The logarithm of its length.
    pub level: u32,
    /// Its place among the runs of its level.
    pub index: i64,
}

impl Run {
    /// The run of `2^level` slides in which `slide` lies.
    pub const fn containing(slide: i64, level: u32) -> Self {
        Self {
            level,
            index: slide >> level,
        }
    }

    /// Its slides.
    pub const fn slides(self) -> Range<i64> {
        let start = self.index << self.level;
        start..start + (1 << self.level)
    }

    /// The two runs that it is made of; `None` for a single slide.
    pub const fn halves(self) -> Option<[Self; 2]> {
        let Some(level) = self.level.checked_sub(1) else {
            return None;
        };
        let index = self.index << 1;
        let (first, second) = (
            Self { level, index },
            Self {
                level,
                index: index + 1,
            },
        );
        Some([first, second])
    }
}

/// The runs that `slides` is made of, in order, as few as possible.
pub fn cover(slides: Range<i64>) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = slides.start;
    while at < slides.end {
        // The longest run that begins here and does not reach beyond the end.
        let room = (slides.end - at).ilog2();
        let run = Run::containing(at, at.trailing_zeros().min(room));
        runs.push(run);
        at = run.slides().end;
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_cover_the_slides_once_and_are_few(start in -5000_i64..5000, count in 0_i64..5000) {
            let runs = cover(start..start + count);
            let covered: Vec<i64> = runs.iter().flat_map(|run| run.slides()).collect();
            prop_assert_eq!(covered, (start..start + count).collect::<Vec<_>>());
            prop_assert!(runs.len() as i64 <= 2 * i64::from((count + 1).ilog2()) + 1);
            for run in runs {
                let slides = run.slides();
                prop_assert!(slides.clone().all(|slide| Run::containing(slide, run.level) == run));
                if let Some([first, second]) = run.halves() {
                    prop_assert_eq!(first.slides().start, slides.start);
                    prop_assert_eq!(first.slides().end, second.slides().start);
                    prop_assert_eq!(second.slides().end, slides.end);
                }
            }
        }
    }
}
