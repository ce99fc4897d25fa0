//! Which window is due when the watermark moves.

use std::collections::BTreeMap;

use super::{Slice, Slicing};
use crate::time::{Timestamp, Watermark};

/// The end of the first window that `after` has not closed and `to` does, leaving out those in which
/// no slice stands. `slices` is keyed by the start of each slice.
///
/// Costs one look at `slices`, however far the watermark moves.
pub fn next_due<T>(
    slicing: &Slicing,
    slices: &BTreeMap<Timestamp, (Slice, T)>,
    after: Watermark,
    to: Watermark,
) -> Option<Timestamp> {
    if after == Watermark::END {
        return None;
    }
    next_window(slicing, slices, after.time()).filter(|&end| to.closes(end))
}

/// The end of the first window that ends after `after` and holds a slice.
fn next_window<T>(
    slicing: &Slicing,
    slices: &BTreeMap<Timestamp, (Slice, T)>,
    after: Timestamp,
) -> Option<Timestamp> {
    let end = slicing.end_after(after);
    let (slice, _) = slices
        .range(slicing.start_of(end)..)
        .next()
        .map(|(_, slice)| slice)?;
    // The slice may stand beyond that window; then the windows in between are empty.
    Some(if slice.start < end {
        end
    } else {
        slicing.first_end(*slice)
    })
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;
    use crate::{time::Duration, window::WindowKind};

    #[track_caller]
    fn check(
        size: u32,
        slide: u32,
        rows: &[i64],
        from: Watermark,
        to: Watermark,
        expected: &[i64],
    ) {
        let slicing = Slicing::new(WindowKind::Sliding {
            size: Duration::from_secs(size),
            slide: Duration::from_secs(slide),
            offset: Duration::ZERO,
        });
        let slices: BTreeMap<_, _> = rows
            .iter()
            .filter_map(|&seconds| slicing.slice_of(seconds_after_epoch(seconds)))
            .map(|slice| (slice.start, (slice, ())))
            .collect();
        let due: Vec<i64> = due(&slicing, &slices, from, to)
            .into_iter()
            .map(|end| end.as_micros() / 1_000_000)
            .collect();
        assert_eq!(due, expected);
    }

    fn due(
        slicing: &Slicing,
        slices: &BTreeMap<Timestamp, (Slice, ())>,
        from: Watermark,
        to: Watermark,
    ) -> Vec<Timestamp> {
        let next = |after| next_due(slicing, slices, after, to);
        iter::successors(next(from), |&end| next(Watermark::at(end))).collect()
    }

    fn seconds_after_epoch(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn at(seconds: i64) -> Watermark {
        Watermark::at(seconds_after_epoch(seconds))
    }

    #[test]
    fn windows_fire_when_the_watermark_reaches_their_end() {
        check(20, 5, &[12], Watermark::START, at(14), &[]);
        check(20, 5, &[12], Watermark::START, at(15), &[15]);
        check(20, 5, &[12], at(15), at(24), &[20]);
        check(
            20,
            5,
            &[12],
            Watermark::START,
            Watermark::END,
            &[15, 20, 25, 30],
        );
    }

    #[test]
    fn empty_stretches_of_time_cost_nothing() {
        let years = 3_000_000_000;
        check(
            10,
            10,
            &[-years, years],
            Watermark::START,
            Watermark::END,
            &[-years + 10, years + 10],
        );
    }

    #[test]
    fn a_global_window_fires_at_the_end_only() {
        let slicing = Slicing::new(WindowKind::Global);
        let slice = slicing
            .slice_of(Timestamp::EPOCH)
            .expect("everything is in it");
        let slices = BTreeMap::from([(slice.start, (slice, ()))]);
        assert_eq!(next_due(&slicing, &slices, Watermark::START, at(1)), None);
        assert_eq!(
            due(&slicing, &slices, at(1), Watermark::END),
            [Watermark::END.time()]
        );
    }
}
