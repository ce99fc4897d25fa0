//! Finds the rows on which a call fails and lets the others through.
//!
//! A call that fails is made again for each half of its rows, and so on down to single rows. How long that may take in
//! all, and how long a part may take once calls have exceeded their deadline, is said by [`Patience`].
//! (`docs/adr/0014-lost-time-is-bounded.md`)

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use super::{
    failure::{BadRow, Failure},
    patience::{Lost, Pace, Patience},
};
use crate::wasm::CallError;

/// Applies `attempt` to all of `rows`; if that fails, to each half, and so on down to single rows.
/// A row that fails by itself is bad; the bad rows are returned, in order. What succeeds is handed to
/// `accept`, in the order of the rows, each row exactly once.
///
/// Stops when more rows have failed one after the other than `patience` allows, or when failed attempts have taken more
/// time than it allows; the caller's policy then ends the job, so that rows after them need not be looked at.
///
/// An attempt must change nothing when it fails, and make its calls at the pace that it is given.
pub(super) fn isolate<T>(
    rows: Range<usize>,
    patience: &Patience,
    attempt: &mut impl FnMut(Range<usize>, Pace) -> Result<T, Failure>,
    accept: &mut impl FnMut(Range<usize>, T),
) -> Vec<BadRow> {
    let mut lost = patience.lost();
    let mut search = Search::new(rows, patience.clone(), &mut lost);
    while let Some((rows, pace)) = search.next() {
        let start = Instant::now();
        match attempt(rows.clone(), pace) {
            Ok(result) => {
                search.pass(&rows, start.elapsed());
                accept(rows, result);
            }
            Err(failure) => search.fail(rows, pace, &failure, start.elapsed()),
        }
    }
    search.bad
}

/// Makes an attempt that is not isolated if it fails, because there is another way to what it is for. What it takes
/// then counts as lost. `None` if it fails, or there is no time left to lose.
pub(super) fn try_once<T>(
    patience: &Patience,
    attempt: impl FnOnce() -> Result<T, Failure>,
) -> Option<T> {
    let mut lost = patience.lost();
    if lost.used_up().is_some() {
        return None;
    }
    let start = Instant::now();
    match attempt() {
        Ok(value) => Some(value),
        Err(failure) => {
            lost.lose(start.elapsed(), || failure.cause());
            None
        }
    }
}

/// What is known while bad rows are searched for. Makes no calls and looks at no clock.
struct Search<'a> {
    /// What is left to do, the first rows on top.
    left: Vec<Range<usize>>,
    patience: Patience,
    lost: &'a mut Lost,
    /// What a row has taken at most, of those that have passed.
    slowest: Duration,
    /// How many rows there are.
    rows: usize,
    bad: Vec<BadRow>,
}

impl<'a> Search<'a> {
    fn new(rows: Range<usize>, patience: Patience, lost: &'a mut Lost) -> Self {
        Self {
            rows: rows.len(),
            left: if lost.used_up().is_none() {
                vec![rows]
            } else {
                Vec::new()
            },
            patience,
            lost,
            slowest: Duration::ZERO,
            bad: Vec::new(),
        }
    }

    /// The rows to try next, and how long that may take.
    fn next(&mut self) -> Option<(Range<usize>, Pace)> {
        loop {
            let rows = self.left.pop()?;
            let pace = match rows.len() {
                0 => continue,
                1 => Some(self.lost.pace_of_row(self.slowest)),
                all if all == self.rows => Some(Pace::Whole),
                some => self.lost.pace_of_part(some, self.slowest),
            };
            match pace {
                Some(pace) => return Some((rows, pace)),
                None => self.halve(&rows),
            }
        }
    }

    fn pass(&mut self, rows: &Range<usize>, took: Duration) {
        self.patience.renew();
        let rows = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.slowest = self.slowest.max(took / rows.max(1));
    }

    fn fail(&mut self, rows: Range<usize>, pace: Pace, failure: &Failure, took: Duration) {
        let exceeded = match failure.error {
            CallError::Deadline { deadline, .. } => Some(deadline),
            _ => None,
        };
        if let (Some(deadline), Pace::Whole) = (exceeded, pace) {
            self.lost.exceed(deadline);
        }
        let mut is_over = self.lost.lose(took, || failure.cause());
        if rows.len() == 1 {
            self.bad.push(BadRow {
                row: rows.start,
                cause: failure.cause(),
            });
            if exceeded.is_some() {
                self.lost.judge_slow();
            }
            is_over |= self.patience.lose();
        } else {
            self.halve(&rows);
        }
        if is_over {
            self.left.clear();
        }
    }

    fn halve(&mut self, rows: &Range<usize>) {
        let middle = rows.start + rows.len() / 2;
        self.left.push(middle..rows.end);
        self.left.push(rows.start..middle);
    }
}

#[cfg(test)]
mod tests;
