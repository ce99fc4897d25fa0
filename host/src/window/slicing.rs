//! Slices: the pieces that windows share.
//!
//! Every start and every end of a window is the border of a slice, and there are no other borders.
//! So a row belongs to exactly one slice, a window is a run of whole slices, and a stream that is
//! cut at `n` instants a minute has at most `2 n` slices a minute, however long the windows are.
//! (Li et al., "No pane, no gain", 2005; cut at window borders as in Carbone et al., "Cutty", 2016.)

use std::ops::Range;

use super::WindowKind;
use crate::time::Timestamp;

/// A half-open piece of event time, `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slice {
    /// The first instant in it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Slice {
    /// Whether `time` falls into the slice.
    pub fn contains(self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }
}

/// Cuts event time into slices and tells which windows they belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slicing(Option<Timed>);

/// Windows `[origin + k * slide, origin + k * slide + size)` for every integer `k`, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Timed {
    size: i64,
    slide: i64,
    origin: i64,
}

impl Slicing {
    /// The slices of windows of `kind`.
    pub const fn new(kind: WindowKind) -> Self {
        let (size, slide, offset) = match kind {
            WindowKind::Tumbling { size, offset } => (size, size, offset),
            WindowKind::Sliding {
                size,
                slide,
                offset,
            } => (size, slide, offset),
            _ => return Self(None),
        };
        Self(Some(Timed {
            size: size.as_micros(),
            slide: slide.as_micros(),
            origin: offset.as_micros(),
        }))
    }

    /// The slice that a row at `time` falls into; `None` if it falls into a gap between windows.
    pub fn slice_of(&self, time: Timestamp) -> Option<Slice> {
        let Some(timed) = self.0 else {
            return Some(Self::EVERYTHING);
        };
        let time = time.as_micros();
        let into = (time.wrapping_sub(timed.origin)).rem_euclid(timed.slide);
        let start = time.saturating_sub(into);
        // A window ends this far into each slide, unless it ends where the next one starts.
        let cut = timed.size % timed.slide;
        let gap_follows = timed.size < timed.slide;
        let (from, to) = match (cut, into < cut) {
            (0, _) => (0, timed.slide),
            (_, true) => (0, cut),
            (_, false) if gap_follows => return None,
            (_, false) => (cut, timed.slide),
        };
        Some(Slice {
            start: Timestamp::from_micros(start.saturating_add(from)),
            end: Timestamp::from_micros(start.saturating_add(to)),
        })
    }

    /// The end of the first window that holds `slice`.
    pub fn first_end(&self, slice: Slice) -> Timestamp {
        let Some(timed) = self.0 else {
            return Self::EVERYTHING.end;
        };
        Timestamp::from_micros(timed.end_from(slice.end.as_micros()))
    }

    /// The end of the last window that holds `slice`.
    pub fn last_end(&self, slice: Slice) -> Timestamp {
        let Some(timed) = self.0 else {
            return Self::EVERYTHING.end;
        };
        let start = slice.start.as_micros();
        let into = start.wrapping_sub(timed.origin).rem_euclid(timed.slide);
        Timestamp::from_micros(start.saturating_sub(into).saturating_add(timed.size))
    }

    /// The end of the first window that ends after `time`.
    pub fn end_after(&self, time: Timestamp) -> Timestamp {
        match self.0 {
            None => Self::EVERYTHING.end,
            Some(timed) => {
                Timestamp::from_micros(timed.end_from(time.as_micros().saturating_add(1)))
            }
        }
    }

    /// The start of the window that ends at `end`.
    pub fn start_of(&self, end: Timestamp) -> Timestamp {
        match self.0 {
            None => Self::EVERYTHING.start,
            Some(timed) => Timestamp::from_micros(end.as_micros().saturating_sub(timed.size)),
        }
    }

    /// Which slide `time` lies in: slide 0 starts at the offset. `None` for a global window.
    pub fn slide_of(&self, time: Timestamp) -> Option<i64> {
        let timed = self.0?;
        let into = time.as_micros().saturating_sub(timed.origin);
        Some(into.div_euclid(timed.slide))
    }

    /// When a slide starts; `None` for a global window.
    pub fn slide_start(&self, slide: i64) -> Option<Timestamp> {
        let timed = self.0?;
        let into = slide.saturating_mul(timed.slide);
        Some(Timestamp::from_micros(into.saturating_add(timed.origin)))
    }

    /// The whole slides of the window that ends at `end`, from its start on.
    pub fn slides_of(&self, end: Timestamp) -> Range<i64> {
        let Some(timed) = self.0 else {
            return 0..0;
        };
        let first = self.slide_of(self.start_of(end)).unwrap_or_default();
        first..first + timed.size / timed.slide
    }

    /// The level of the longest [`Run`](super::Run) that a window can hold.
    pub fn levels(&self) -> u32 {
        let slides = self.0.map_or(1, |timed| timed.size / timed.slide);
        slides.max(1).ilog2()
    }

    /// The one slice of a global window.
    const EVERYTHING: Slice = Slice {
        start: Timestamp::from_micros(i64::MIN),
        end: Timestamp::from_micros(i64::MAX),
    };
}

impl Timed {
    /// The first end of a window that is not before `time`.
    const fn end_from(&self, time: i64) -> i64 {
        let past = time
            .wrapping_sub(self.origin)
            .wrapping_sub(self.size)
            .rem_euclid(self.slide);
        if past == 0 {
            time
        } else {
            time.saturating_add(self.slide - past)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Duration;

    fn sliding(size: i64, slide: i64, offset: i64) -> Slicing {
        let micros = |micros| Duration::from_micros(micros).expect("not negative");
        Slicing::new(WindowKind::Sliding {
            size: micros(size),
            slide: micros(slide),
            offset: micros(offset),
        })
    }

    #[track_caller]
    fn check(slicing: Slicing, time: i64, slice: (i64, i64), ends: (i64, i64)) {
        let found = slicing
            .slice_of(Timestamp::from_micros(time))
            .expect("the time is in a window");
        assert_eq!((found.start.as_micros(), found.end.as_micros()), slice);
        let (first, last) = (slicing.first_end(found), slicing.last_end(found));
        assert_eq!((first.as_micros(), last.as_micros()), ends);
    }

    #[test]
    fn a_size_that_is_a_multiple_of_the_slide_gives_one_slice_a_slide() {
        check(sliding(20, 5, 0), 12, (10, 15), (15, 30));
        check(sliding(20, 5, 0), -1, (-5, 0), (0, 15));
        check(sliding(20, 5, 3), 2, (-2, 3), (3, 18));
    }

    #[test]
    fn any_other_size_gives_two() {
        check(sliding(7, 5, 0), 1, (0, 2), (2, 7));
        check(sliding(7, 5, 0), 2, (2, 5), (7, 7));
    }

    #[test]
    fn times_between_windows_have_no_slice() {
        check(sliding(2, 5, 0), 6, (5, 7), (7, 7));
        assert_eq!(sliding(2, 5, 0).slice_of(Timestamp::from_micros(8)), None);
    }

    #[test]
    fn a_global_window_is_one_slice() {
        let slicing = Slicing::new(WindowKind::Global);
        let slice = slicing.slice_of(Timestamp::from_micros(i64::MIN));
        assert_eq!(slice, slicing.slice_of(Timestamp::EPOCH));
    }

    proptest! {
        /// The slice of a time lies in exactly those windows that the time lies in.
        #[test]
        fn windows_are_runs_of_whole_slices(
            size in 1_i64..50, slide in 1_i64..50, offset in 0_i64..50, time in -1000_i64..1000,
        ) {
            let offset = offset % slide;
            let slicing = sliding(size, slide, offset);
            let ends: Vec<i64> = (-2000..2000)
                .map(|k| k * slide + offset + size)
                .filter(|end| end - size <= time && time < *end)
                .collect();
            match slicing.slice_of(Timestamp::from_micros(time)) {
                None => prop_assert!(ends.is_empty()),
                Some(slice) => {
                    prop_assert!(slice.contains(Timestamp::from_micros(time)));
                    prop_assert_eq!(ends.first().copied(), Some(slicing.first_end(slice).as_micros()));
                    prop_assert_eq!(ends.last().copied(), Some(slicing.last_end(slice).as_micros()));
                    for border in [slice.start.as_micros(), slice.end.as_micros()] {
                        let into = (border - offset).rem_euclid(slide);
                        prop_assert!(into == 0 || into == size % slide);
                    }
                }
            }
        }

        #[test]
        fn the_next_end_is_the_least_one_after(
            size in 1_i64..50, slide in 1_i64..50, time in -1000_i64..1000,
        ) {
            let end = sliding(size, slide, 0).end_after(Timestamp::from_micros(time)).as_micros();
            prop_assert!(end > time && end - time <= slide);
            prop_assert_eq!((end - size).rem_euclid(slide), 0);
        }
    }
}
