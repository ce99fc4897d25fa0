//! Slices: the pieces that windows share.
//!
//! Every start and every end of a window is the border of a slice, and there are no other borders.
//! So a row belongs to exactly one slice, a window is a run of whole slices, and a stream that is
//! cut at `n` instants a minute has at most `2 n` slices a minute, however long the windows are.
//! (Li et al., "No pane, no gain", 2005; cut at window borders as in Carbone et al., "Cutty", 2016.)
//!
//! Slices and windows are numbered in the order of time. Their bounds are cut off at the ends of the
//! range of timestamps; their numbers are not.

use std::ops::{Range, RangeInclusive};

use super::WindowKind;
use crate::time::Timestamp;

/// A half-open piece of event time, `[start, end)`: a slice or a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slice {
    /// The first instant in it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Slice {
    /// All of time.
    pub const EVERYTHING: Self = Self {
        start: Timestamp::from_micros(i64::MIN),
        end: Timestamp::from_micros(i64::MAX),
    };

    /// Whether `time` falls into the slice.
    pub fn contains(self, time: Timestamp) -> bool {
        self.start <= time && (time < self.end || self.end == Self::EVERYTHING.end)
    }
}

/// Cuts event time into slices and tells which windows they belong to: for the kinds of windows that
/// are the same for every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slicing(Cut);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// One slice, one window.
    Nowhere,
    /// Windows `[origin + k * slide, origin + k * slide + size)` for every integer `k`.
    Sliding { size: i64, slide: i64, origin: i64 },
    /// Windows `[origin + k * steps * step, origin + j * step)` for every integer `j` and the greatest
    /// `k` with a window that is not empty.
    Growing { steps: i64, step: i64, origin: i64 },
}

impl Slicing {
    /// The slices of windows of `kind`; `None` if each key has windows of its own.
    pub const fn new(kind: WindowKind) -> Option<Self> {
        Some(Self(match kind {
            WindowKind::Global => Cut::Nowhere,
            WindowKind::Tumbling { size, offset } => Cut::Sliding {
                size: size.as_micros(),
                slide: size.as_micros(),
                origin: offset.as_micros(),
            },
            WindowKind::Sliding {
                size,
                slide,
                offset,
            } => Cut::Sliding {
                size: size.as_micros(),
                slide: slide.as_micros(),
                origin: offset.as_micros(),
            },
            WindowKind::Cumulate { size, step, offset } => Cut::Growing {
                steps: size.as_micros() / step.as_micros(),
                step: step.as_micros(),
                origin: offset.as_micros(),
            },
            WindowKind::Session { .. }
            | WindowKind::Inherited
            | WindowKind::Count(_)
            | WindowKind::RollingRows { .. }
            | WindowKind::Rolling { .. } => return None,
        }))
    }

    /// The number of the slice that a row at `time` falls into; `None` if it falls into a gap between
    /// windows.
    pub fn slice_at(&self, time: Timestamp) -> Option<i64> {
        // So that even after the last slice of a microsecond there is a number left.
        let time = time.min(Timestamp::from_micros(i64::MAX - 1));
        match self.0 {
            Cut::Nowhere => Some(0),
            Cut::Growing { step, origin, .. } => Some(floor(time, origin, step).0),
            Cut::Sliding {
                size,
                slide,
                origin,
            } => {
                let (number, into) = floor(time, origin, slide);
                match size % slide {
                    0 => Some(number),
                    // A window ends within the slide.
                    cut if into < cut => Some(number.saturating_mul(2)),
                    _ if size < slide => None,
                    _ => Some(number.saturating_mul(2).saturating_add(1)),
                }
            }
        }
    }

    /// The bounds of a slice.
    pub fn slice(&self, slice: i64) -> Slice {
        let (from, to) = match self.0 {
            Cut::Nowhere => return Slice::EVERYTHING,
            Cut::Growing { step, origin, .. } => {
                let start = at(origin, slice, step);
                (start, start + i128::from(step))
            }
            Cut::Sliding {
                size,
                slide,
                origin,
            } => match size % slide {
                0 => {
                    let start = at(origin, slice, slide);
                    (start, start + i128::from(slide))
                }
                cut => {
                    let start = at(origin, slice.div_euclid(2), slide);
                    let middle = start + i128::from(cut);
                    match slice.rem_euclid(2) {
                        0 => (start, middle),
                        _ => (middle, start + i128::from(slide)),
                    }
                }
            },
        };
        bounds(from, to)
    }

    /// The windows that hold a slice, in order.
    pub fn windows_of(&self, slice: i64) -> RangeInclusive<i64> {
        match self.0 {
            Cut::Nowhere => 0..=0,
            Cut::Growing { steps, .. } => {
                let first = slice.saturating_sub(slice.rem_euclid(steps));
                slice..=first.saturating_add(steps - 1)
            }
            Cut::Sliding { size, slide, .. } => {
                let slides = size / slide;
                match (size % slide, slice.rem_euclid(2)) {
                    (0, _) => slice.saturating_sub(slides - 1)..=slice,
                    // The first part of a slide is also the end of a window.
                    (_, 0) => slice.div_euclid(2) - slides..=slice.div_euclid(2),
                    _ => slice.div_euclid(2) - slides + 1..=slice.div_euclid(2),
                }
            }
        }
    }

    /// The slices of a window.
    pub fn slices_of(&self, window: i64) -> Range<i64> {
        match self.0 {
            Cut::Nowhere => window..window.saturating_add(1),
            Cut::Growing { steps, .. } => {
                window.saturating_sub(window.rem_euclid(steps))..window.saturating_add(1)
            }
            Cut::Sliding { size, slide, .. } => {
                let slides = size / slide;
                match size % slide {
                    0 => window..window.saturating_add(slides),
                    _ => {
                        let start = window.saturating_mul(2);
                        start..start.saturating_add(slides * 2 + 1)
                    }
                }
            }
        }
    }

    /// The bounds of a window.
    pub fn window(&self, window: i64) -> Slice {
        match self.0 {
            Cut::Nowhere => Slice::EVERYTHING,
            Cut::Growing {
                steps,
                step,
                origin,
            } => {
                let first = window.saturating_sub(window.rem_euclid(steps));
                let end = at(origin, window, step) + i128::from(step);
                bounds(at(origin, first, step), end)
            }
            Cut::Sliding {
                size,
                slide,
                origin,
            } => {
                let start = at(origin, window, slide);
                bounds(start, start + i128::from(size))
            }
        }
    }

    /// The first window that ends after `time`.
    pub fn first_open(&self, time: Timestamp) -> i64 {
        match self.0 {
            Cut::Nowhere => 0,
            Cut::Growing { step, origin, .. } => floor(time, origin, step).0,
            Cut::Sliding {
                size,
                slide,
                origin,
            } => {
                let past = i128::from(time.as_micros()) - i128::from(origin) - i128::from(size);
                clamp(past.div_euclid(i128::from(slide)) + 1)
            }
        }
    }

    /// How many slices the longest window has.
    pub fn slices_in_window(&self) -> i64 {
        let slices = self.slices_of(match self.0 {
            Cut::Growing { steps, .. } => steps - 1,
            Cut::Nowhere | Cut::Sliding { .. } => 0,
        });
        slices.end - slices.start
    }
}

/// How often `step` fits between `origin` and `time`, and what is left over.
fn floor(time: Timestamp, origin: i64, step: i64) -> (i64, i64) {
    let time = time.as_micros();
    match time.checked_sub(origin) {
        Some(past) => (past.div_euclid(step), past.rem_euclid(step)),
        None => {
            let past = i128::from(time) - i128::from(origin);
            let step = i128::from(step);
            (clamp(past.div_euclid(step)), clamp(past.rem_euclid(step)))
        }
    }
}

/// The instant `number` steps after `origin`, which may lie beyond the range of timestamps.
fn at(origin: i64, number: i64, step: i64) -> i128 {
    i128::from(number) * i128::from(step) + i128::from(origin)
}

fn bounds(start: i128, end: i128) -> Slice {
    Slice {
        start: Timestamp::from_micros(clamp(start)),
        end: Timestamp::from_micros(clamp(end)),
    }
}

fn clamp(number: i128) -> i64 {
    number.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Duration;

    fn micros(micros: i64) -> Duration {
        Duration::from_micros(micros).expect("not negative")
    }

    fn sliding(size: i64, slide: i64, offset: i64) -> Slicing {
        Slicing::new(WindowKind::Sliding {
            size: micros(size),
            slide: micros(slide),
            offset: micros(offset),
        })
        .expect("it has slices")
    }

    fn cumulate(size: i64, step: i64, offset: i64) -> Slicing {
        Slicing::new(WindowKind::Cumulate {
            size: micros(size),
            step: micros(step),
            offset: micros(offset),
        })
        .expect("it has slices")
    }

    /// Checks the slice that `time` falls into, and the ends of the first and the last window with it.
    #[track_caller]
    fn check(slicing: Slicing, time: i64, slice: (i64, i64), ends: (i64, i64)) {
        let number = slicing
            .slice_at(Timestamp::from_micros(time))
            .expect("the time is in a window");
        let found = slicing.slice(number);
        assert_eq!((found.start.as_micros(), found.end.as_micros()), slice);
        let windows = slicing.windows_of(number);
        let end = |window| slicing.window(window).end.as_micros();
        assert_eq!((end(*windows.start()), end(*windows.end())), ends);
    }

    #[test]
    fn a_size_that_is_a_multiple_of_the_slide_gives_one_slice_a_slide() {
        check(sliding(20, 5, 0), 12, (10, 15), (15, 30));
        check(sliding(20, 5, 0), -1, (-5, 0), (0, 15));
        check(sliding(20, 5, 3), 2, (-2, 3), (3, 18));
        assert_eq!(sliding(20, 5, 3).slices_in_window(), 4);
    }

    #[test]
    fn any_other_size_gives_two() {
        check(sliding(7, 5, 0), 1, (0, 2), (2, 7));
        check(sliding(7, 5, 0), 2, (2, 5), (7, 7));
        assert_eq!(sliding(7, 5, 0).slices_in_window(), 3);
    }

    #[test]
    fn times_between_windows_have_no_slice() {
        check(sliding(2, 5, 0), 6, (5, 7), (7, 7));
        assert_eq!(sliding(2, 5, 0).slice_at(Timestamp::from_micros(8)), None);
    }

    #[test]
    fn growing_windows_share_their_start() {
        check(cumulate(20, 5, 0), 12, (10, 15), (15, 20));
        check(cumulate(20, 5, 0), -1, (-5, 0), (0, 0));
        check(cumulate(20, 5, 7), 6, (2, 7), (7, 7));
        let window = cumulate(20, 5, 7).window(3);
        assert_eq!((window.start.as_micros(), window.end.as_micros()), (7, 27));
    }

    #[test]
    fn a_global_window_is_one_slice() {
        let slicing = Slicing::new(WindowKind::Global).expect("it has slices");
        for time in [i64::MIN, 0, i64::MAX] {
            check(slicing, time, (i64::MIN, i64::MAX), (i64::MAX, i64::MAX));
        }
    }

    #[test]
    fn the_ends_of_time_are_in_windows_too() {
        for slicing in [sliding(7, 5, 3), sliding(1, 1, 0), cumulate(9, 3, 8)] {
            for time in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
                let time = Timestamp::from_micros(time);
                let slice = slicing.slice_at(time).expect("there are no gaps");
                assert!(slicing.slice(slice).contains(time));
                for window in slicing.windows_of(slice) {
                    assert!(slicing.slices_of(window).contains(&slice));
                    assert!(slicing.window(window).contains(time));
                }
            }
        }
    }

    proptest! {
        /// The slice of a time lies in exactly those windows that the time lies in.
        #[test]
        fn sliding_windows_are_runs_of_whole_slices(
            size in 1_i64..50, slide in 1_i64..50, offset in 0_i64..50, time in -1000_i64..1000,
        ) {
            let slicing = sliding(size, slide, offset % slide);
            let windows: Vec<(i64, i64)> = (-2000..2000)
                .map(|k| k * slide + offset % slide)
                .map(|start| (start, start + size))
                .collect();
            check_windows(slicing, &windows, time)?;
        }

        #[test]
        fn growing_windows_are_runs_of_whole_slices(
            steps in 1_i64..9, step in 1_i64..20, offset in 0_i64..50, time in -1000_i64..1000,
        ) {
            let size = steps * step;
            let slicing = cumulate(size, step, offset % size);
            let windows: Vec<(i64, i64)> = (-1200..1200)
                .map(|k| k * size + offset % size)
                .flat_map(|start| (1..=steps).map(move |steps| (start, start + steps * step)))
                .collect();
            check_windows(slicing, &windows, time)?;
        }
    }

    fn check_windows(
        slicing: Slicing,
        windows: &[(i64, i64)],
        time: i64,
    ) -> Result<(), TestCaseError> {
        let pair = |slice: Slice| (slice.start.as_micros(), slice.end.as_micros());
        let instant = Timestamp::from_micros(time);
        let holding: Vec<(i64, i64)> = windows
            .iter()
            .copied()
            .filter(|(start, end)| *start <= time && time < *end)
            .collect();
        let found: Vec<(i64, i64)> = match slicing.slice_at(instant) {
            None => Vec::new(),
            Some(slice) => {
                prop_assert!(slicing.slice(slice).contains(instant));
                let numbers = slicing.windows_of(slice);
                for window in numbers.clone() {
                    let slices = slicing.slices_of(window);
                    prop_assert!(slices.contains(&slice));
                    prop_assert_eq!(
                        slicing.slice(slices.start).start,
                        slicing.window(window).start
                    );
                    prop_assert_eq!(
                        slicing.slice(slices.end - 1).end,
                        slicing.window(window).end
                    );
                }
                numbers.map(|window| pair(slicing.window(window))).collect()
            }
        };
        prop_assert_eq!(found, holding);
        let next = slicing.first_open(instant);
        prop_assert!(slicing.window(next).end > instant);
        prop_assert!(slicing.window(next - 1).end <= instant);
        Ok(())
    }
}
