//! How much of a batch is worked off before what was made of it is handed on.
//!
//! A function may make much of each row: what a call gives back is limited, but a batch may take many calls. So an
//! operator stops when it has made about as much as one call may, hands that on, and is called again with the rest
//! of the rows ([`Outbox::rest`](super::Outbox::rest)).

use std::{cell::Cell, ops::Range};

use crate::batch::Batch;

/// The portions that batches are worked off in.
#[derive(Debug)]
pub(super) struct Portions {
    /// The rows of the next one at most: about as many as have filled the last one, so that calls are not made in
    /// vain for all that is left.
    rows: usize,
}

impl Default for Portions {
    fn default() -> Self {
        Self { rows: usize::MAX }
    }
}

/// The rows of a batch that are worked off before something is handed on: the first ones.
pub(super) struct Portion {
    /// The bytes that may be made of them until no other row is looked at.
    limit: usize,
    made: Cell<usize>,
    rows: Cell<usize>,
}

impl Portions {
    /// The next portion of a batch of `rows` rows. It is full when `limit` bytes were made of it.
    pub(super) fn next(&self, rows: usize, limit: usize) -> Portion {
        Portion {
            limit,
            made: Cell::new(0),
            rows: Cell::new(rows.min(self.rows)),
        }
    }

    /// The rows of `batch` that were worked off, and the rest.
    pub(super) fn close(&mut self, portion: &Portion, batch: &Batch) -> (Batch, Option<Batch>) {
        let (done, rows) = (portion.rows(), batch.rows());
        self.rows = match portion.is_full() {
            true => done.max(1),
            false => self.rows.saturating_mul(2),
        };
        let rest = (done < rows).then(|| batch.slice(done, rows - done));
        (batch.slice(0, done), rest)
    }
}

impl Portion {
    /// How many rows it has.
    pub(super) fn rows(&self) -> usize {
        self.rows.get()
    }

    /// Whether no other row is to be looked at.
    pub(super) fn is_full(&self) -> bool {
        self.made.get() >= self.limit
    }

    /// Makes an attempt, which returns what it has made and how many bytes that is. `None` if there is no room for
    /// it: then there is none for the rows behind, either.
    pub(super) fn attempt<T, E>(
        &self,
        attempt: impl FnOnce() -> Result<(T, usize), E>,
    ) -> Result<Option<(T, usize)>, E> {
        if self.is_full() {
            return Ok(None);
        }
        let (made, bytes) = attempt()?;
        // What was made is put together, and arrays hold no more.
        let together = self.made.get().saturating_add(bytes);
        if self.made.get() > 0 && together > i32::MAX as usize {
            self.made.set(usize::MAX);
            return Ok(None);
        }
        Ok(Some((made, bytes)))
    }

    /// Takes note of what an [attempt](Self::attempt) has made of `rows`; what it has not made is left for later.
    pub(super) fn accept<T>(&self, rows: &Range<usize>, tried: Option<(T, usize)>) -> Option<T> {
        let Some((made, bytes)) = tried else {
            self.rows.set(self.rows().min(rows.start));
            return None;
        };
        self.made.set(self.made.get().saturating_add(bytes));
        Some(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_portion_has_as_many_rows_as_have_filled_the_last_one() {
        let batch = |rows| {
            let schema = std::sync::Arc::new(arrow::datatypes::Schema::empty());
            Batch::new(
                schema,
                Vec::new(),
                rows,
                None,
                crate::batch::Origin::Derived,
            )
            .expect("no columns")
        };
        let mut portions = Portions::default();
        let portion = portions.next(100, 10);
        let make = |rows, bytes| {
            let tried = portion.attempt(|| Ok::<_, ()>(((), bytes)))?;
            Ok::<_, ()>(portion.accept(&rows, tried))
        };
        assert_eq!(make(0..10, 9), Ok(Some(())));
        assert_eq!(make(10..20, 9), Ok(Some(())));
        assert!(portion.is_full());
        assert_eq!(make(20..30, 9), Ok(None));
        assert_eq!(make(30..100, 0), Ok(None));
        let (done, rest) = portions.close(&portion, &batch(100));
        assert_eq!((done.rows(), rest.map(|rest| rest.rows())), (20, Some(80)));

        let portion = portions.next(80, 10);
        assert_eq!(portion.rows(), 20);
        let (_, rest) = portions.close(&portion, &batch(80));
        assert_eq!(rest.map(|rest| rest.rows()), Some(60));
        assert_eq!(portions.next(60, 10).rows(), 40, "it was not filled");
    }

    #[test]
    fn what_an_array_could_not_hold_is_made_again() {
        let portions = Portions::default();
        let portion = portions.next(100, usize::MAX);
        let make = |rows, bytes| {
            let tried = portion.attempt(|| Ok::<_, ()>(((), bytes)));
            tried.map(|tried| portion.accept(&rows, tried))
        };
        assert_eq!(make(0..10, 4 << 30), Ok(Some(())), "by itself");
        assert_eq!(make(10..20, 1), Ok(None));
        assert_eq!(make(20..30, 0), Ok(None), "nothing behind it");
        assert_eq!(portion.rows(), 10);
    }
}
