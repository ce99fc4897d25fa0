//! Which window is due when the watermark moves.

use std::collections::BTreeMap;

use super::Slicing;
use crate::time::Watermark;

/// The first window from window `next` on that `to` closes, leaving out those in which no slice
/// stands. `slices` is keyed by the number of each slice.
///
/// Costs one look at `slices`, however far the watermark moves.
pub fn next_due<T>(
    slicing: &Slicing,
    slices: &BTreeMap<i64, T>,
    next: i64,
    to: Watermark,
) -> Option<i64> {
    let (&slice, _) = slices.range(slicing.slices_of(next).start..).next()?;
    // The slice may stand beyond that window; then the windows in between are empty.
    let window = next.max(*slicing.windows_of(slice).start());
    to.closes(slicing.window(window).end).then_some(window)
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;
    use crate::{
        time::{Duration, Timestamp},
        window::WindowKind,
    };

    /// Checks the ends, in seconds, of the windows that are due between two watermarks if there are
    /// rows at these seconds.
    #[track_caller]
    fn check(
        (size, slide): (u32, u32),
        rows: &[i64],
        from: Watermark,
        to: Watermark,
        expected: &[i64],
    ) {
        let slicing = Slicing::new(WindowKind::Sliding {
            size: Duration::from_secs(size),
            slide: Duration::from_secs(slide),
            offset: Duration::ZERO,
        })
        .expect("it has slices");
        let slices: BTreeMap<_, _> = rows
            .iter()
            .filter_map(|&seconds| slicing.slice_at(seconds_after_epoch(seconds)))
            .map(|slice| (slice, ()))
            .collect();
        let next = |next| next_due(&slicing, &slices, next, to);
        let first = slicing.first_open(from.time());
        let due: Vec<i64> = iter::successors(next(first), |&window| next(window + 1))
            .map(|window| slicing.window(window).end.as_micros() / 1_000_000)
            .collect();
        assert_eq!(due, expected);
    }

    fn seconds_after_epoch(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn at(seconds: i64) -> Watermark {
        Watermark::at(seconds_after_epoch(seconds))
    }

    #[test]
    fn windows_fire_when_the_watermark_reaches_their_end() {
        check((20, 5), &[12], Watermark::START, at(14), &[]);
        check((20, 5), &[12], Watermark::START, at(15), &[15]);
        check((20, 5), &[12], at(15), at(24), &[20]);
        let all = [15, 20, 25, 30];
        check((20, 5), &[12], Watermark::START, Watermark::END, &all);
    }

    #[test]
    fn empty_stretches_of_time_cost_nothing() {
        let years = 3_000_000_000;
        let rows = [-years, years];
        let ends = [-years + 10, years + 10];
        check((10, 10), &rows, Watermark::START, Watermark::END, &ends);
    }

    #[test]
    fn a_global_window_fires_at_the_end_only() {
        let slicing = Slicing::new(WindowKind::Global).expect("it has slices");
        let slices = BTreeMap::from([(0, ())]);
        assert_eq!(next_due(&slicing, &slices, 0, at(1)), None);
        assert_eq!(next_due(&slicing, &slices, 0, Watermark::END), Some(0));
        assert_eq!(next_due(&slicing, &slices, 1, Watermark::END), None);
    }
}
