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
    failure::{BadRow, BadRows, Failure},
    patience::{Lost, Pace, Patience},
};
use crate::wasm::CallError;

/// Applies `attempt` to all of `rows`; if that fails, to each half, and so on down to single rows.
/// A row that fails by itself is bad; the bad rows are returned, in order. What succeeds is handed to
/// `accept`, in the order of the rows, each row exactly once.
///
/// Stops when more rows have failed one after the other than `patience` allows, or when failed attempts have taken more
/// time than it allows. Rows after them are left untried, and the caller's policy ends the job.
///
/// A batch has one `patience`, and its rows come in order, also if they come in several ranges.
///
/// An attempt must change nothing when it fails, and make its calls at the pace that it is given.
pub(super) fn isolate<T>(
    rows: Range<usize>,
    patience: &mut Patience,
    attempt: &mut impl FnMut(Range<usize>, Pace) -> Result<T, Failure>,
    accept: &mut impl FnMut(Range<usize>, T),
) -> BadRows {
    let allowance = patience.allowance();
    let mut lost = allowance.lost();
    let mut search = Search::new(rows, patience, &mut lost);
    search.go_through(attempt, accept);
    search.into_bad()
}

/// The same for some of the rows of a batch, those at `places`. Attempts are made with ranges of places; the bad rows
/// are those of the batch.
pub(super) fn isolate_some<T>(
    places: &[u32],
    patience: &mut Patience,
    attempt: &mut impl FnMut(Range<usize>, Pace) -> Result<T, Failure>,
    accept: &mut impl FnMut(Range<usize>, T),
) -> BadRows {
    let allowance = patience.allowance();
    let mut lost = allowance.lost();
    let mut search = Search::new(0..places.len(), patience, &mut lost);
    search.places = Some(places);
    search.go_through(attempt, accept);
    search.into_bad()
}

/// The same for what rows have come to, in windows or frames: nothing is wrong with one for which a function only lacks
/// the means, so it must not be left out. Each is judged by the whole deadline.
///
/// # Errors
///
/// If a function lacks the time, the memory or the room in its answer for a single one. The job has to end.
pub(super) fn isolate_windows<T>(
    rows: Range<usize>,
    patience: &mut Patience,
    attempt: &mut impl FnMut(Range<usize>, Pace) -> Result<T, Failure>,
    accept: &mut impl FnMut(Range<usize>, T),
) -> Result<BadRows, Failure> {
    let allowance = patience.allowance();
    let mut lost = allowance.lost();
    let mut search = Search::new(rows, patience, &mut lost);
    search.is_of_windows = true;
    search.go_through(attempt, accept);
    match search.exhausted.take() {
        Some(failure) => Err(failure),
        None => Ok(search.into_bad()),
    }
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
            lost.allow(failure.deadline().unwrap_or_default());
            lost.lose(start.elapsed(), || failure.cause());
            None
        }
    }
}

/// What is known while bad rows are searched for. Makes no calls and looks at no clock.
struct Search<'a> {
    /// What is left to do, the first rows on top.
    left: Vec<Range<usize>>,
    patience: &'a mut Patience,
    lost: &'a mut Lost,
    /// What a row has taken at most, of those that have passed.
    slowest: Duration,
    /// How many rows there are.
    rows: usize,
    /// Their places in the batch; `None` if they are those themselves.
    places: Option<&'a [u32]>,
    bad: Vec<BadRow>,
    /// Whether rows were left untried.
    has_untried: bool,
    /// Whether the rows are windows.
    is_of_windows: bool,
    /// Why a single window has failed that a function lacks the means for.
    exhausted: Option<Failure>,
}

impl<'a> Search<'a> {
    fn new(rows: Range<usize>, patience: &'a mut Patience, lost: &'a mut Lost) -> Self {
        let is_over = patience.is_worn_out() || lost.used_up().is_some();
        let mut search = Self {
            rows: rows.len(),
            left: vec![rows],
            patience,
            lost,
            slowest: Duration::ZERO,
            places: None,
            bad: Vec::new(),
            has_untried: false,
            is_of_windows: false,
            exhausted: None,
        };
        if is_over {
            search.give_up();
        }
        search
    }

    fn go_through<T>(
        &mut self,
        attempt: &mut impl FnMut(Range<usize>, Pace) -> Result<T, Failure>,
        accept: &mut impl FnMut(Range<usize>, T),
    ) {
        while let Some((rows, pace)) = self.next() {
            let start = Instant::now();
            match attempt(rows.clone(), pace) {
                Ok(result) => {
                    self.pass(&rows, start.elapsed());
                    accept(rows, result);
                }
                Err(failure) => self.fail(rows, pace, &failure, start.elapsed()),
            }
        }
    }

    fn into_bad(self) -> BadRows {
        BadRows::new(self.bad, self.has_untried)
    }

    /// The rows to try next, and how long that may take.
    fn next(&mut self) -> Option<(Range<usize>, Pace)> {
        loop {
            let rows = self.left.pop()?;
            let pace = match rows.len() {
                0 => continue,
                1 if self.is_of_windows => Some(Pace::Whole),
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
        self.lost.allow(failure.deadline().unwrap_or_default());
        let mut is_over = self.lost.lose(took, || failure.cause());
        if rows.len() > 1 {
            self.halve(&rows);
        } else if self.is_of_windows && failure.error.is_lack_of_means() {
            self.exhausted = Some(failure.clone());
            is_over = true;
        } else {
            let row = self
                .places
                .map_or(rows.start, |places| places[rows.start] as usize);
            self.bad.push(BadRow {
                row,
                cause: failure.cause(),
            });
            if exceeded.is_some() {
                self.lost.judge_slow();
            }
            is_over |= self.patience.lose(row);
        }
        if is_over {
            self.give_up();
        }
    }

    /// Leaves the rows that are left untried.
    fn give_up(&mut self) {
        self.has_untried |= self.left.iter().any(|rows| !rows.is_empty());
        self.left.clear();
    }

    fn halve(&mut self, rows: &Range<usize>) {
        let middle = rows.start + rows.len() / 2;
        self.left.push(middle..rows.end);
        self.left.push(rows.start..middle);
    }
}

#[cfg(test)]
mod tests;
