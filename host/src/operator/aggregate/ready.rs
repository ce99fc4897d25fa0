//! Windows whose rows are about to be made.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, TimestampMicrosecondArray, UInt32Array},
    compute,
    datatypes::SchemaRef,
    error::ArrowError,
};

use super::partial::{Partial, Settled, take};
use crate::{
    batch::{Batch, Origin, RowWeights},
    operator::{
        failure::BadRow,
        finish::{Finishable, Gathered},
    },
    state::Columns,
    window::Slice,
};

/// Windows, or parts of large ones, whose rows are about to be made: together, since most windows are
/// small and a call of a function has a price.
#[derive(Default)]
pub(super) struct Ready {
    pieces: Vec<Piece>,
    rows: usize,
}

/// A window, or a part of it.
pub(super) struct Piece {
    /// Where the window begins and ends, if it does.
    pub(super) bounds: Option<Slice>,
    /// What its rows come to.
    pub(super) partial: Arc<Partial>,
    /// The rows of `partial` to make rows of, in the order of their keys.
    pub(super) rows: Arc<[u32]>,
    /// The key columns of each.
    pub(super) keys: Columns,
}

impl Ready {
    /// How many rows there will be.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn add(&mut self, piece: Piece) {
        self.rows += piece.rows.len();
        self.pieces.push(piece);
    }

    /// The pieces that `rows` lie in, and which of their rows those are.
    fn pieces(&self, rows: Range<usize>) -> impl Iterator<Item = (&Piece, &[u32])> {
        let mut first = 0;
        self.pieces.iter().filter_map(move |piece| {
            let start = rows.start.saturating_sub(first);
            let end = rows.end.saturating_sub(first).min(piece.rows.len());
            first += piece.rows.len();
            (start < end).then(|| (piece, &piece.rows[start..end]))
        })
    }

    /// The rows of keys whose accumulators could not be merged.
    pub(super) fn not_merged(&self) -> impl Iterator<Item = BadRow> {
        let rows = self.pieces(0..self.rows).flat_map(|(piece, rows)| {
            let partial = &piece.partial;
            rows.iter().map(move |&row| {
                let failed = (!partial.failed.is_empty()).then_some(&partial.failed);
                failed.and_then(|failed| failed.get(&partial.keys[row as usize]))
            })
        });
        rows.enumerate().filter_map(|(row, cause)| {
            let cause = Arc::clone(cause?);
            Some(BadRow { row, cause })
        })
    }

    /// The rows, with the results of the functions.
    pub(super) fn batch(self, schema: &SchemaRef, results: Columns) -> anyhow::Result<Batch> {
        let keys = self.pieces.first().map_or(0, |piece| piece.keys.len());
        let mut columns: Columns = (0..keys)
            .map(|key| self.key(key))
            .collect::<Result<_, ArrowError>>()?;
        let mut times = None;
        if self.pieces.iter().any(|piece| piece.bounds.is_some()) {
            columns.push(self.border(|window| window.start.as_micros()));
            columns.push(self.border(|window| window.end.as_micros()));
            // The last instant of the window: the row belongs to whatever window that belongs to.
            let last = self.times(|window| window.end.as_micros().saturating_sub(1));
            times = Some(last.into());
        }
        columns.extend(results);
        let schema = Arc::clone(schema);
        Ok(Batch::new(
            schema,
            columns,
            self.rows,
            times,
            Origin::Derived,
        )?)
    }

    /// The accumulators of some rows.
    fn accumulators(&self, call: usize, rows: Range<usize>) -> Result<Columns, ArrowError> {
        let pieces = self.pieces(rows).filter_map(|(piece, rows)| {
            let columns = piece.partial.calls[call].accumulators()?;
            Some(take(columns, &UInt32Array::from(rows.to_vec())))
        });
        let mut pieces: Vec<Columns> = pieces.collect::<Result<_, _>>()?;
        if pieces.len() < 2 {
            return Ok(pieces.pop().unwrap_or_default());
        }
        let columns = 0..pieces[0].len();
        columns
            .map(|column| {
                let parts = pieces.iter().map(|columns| &*columns[column]);
                compute::concat(&parts.collect::<Vec<&dyn Array>>())
            })
            .collect()
    }

    /// The values of some rows: for each the place of its row among them, and the arguments. A piece that a
    /// holistic function is called for is alone.
    fn values(&self, call: usize, rows: Range<usize>) -> Result<(Vec<u32>, Columns), ArrowError> {
        debug_assert!(self.pieces.len() < 2, "values are not joined");
        let found = self.pieces(rows).next();
        let found = found.and_then(|(piece, rows)| {
            let log = piece.partial.calls[call].values()?;
            Some((
                log,
                rows.iter().map(|&row| piece.partial.keys[row as usize]),
            ))
        });
        match found {
            Some((log, keys)) => log.rows_of(&keys.collect::<Vec<_>>()),
            None => Ok((Vec::new(), Columns::new())),
        }
    }

    fn key(&self, key: usize) -> Result<ArrayRef, ArrowError> {
        let parts = self.pieces.iter().map(|piece| &*piece.keys[key]);
        let parts: Vec<&dyn Array> = parts.collect();
        match &self.pieces[..] {
            [piece] => Ok(Arc::clone(&piece.keys[key])),
            _ => compute::concat(&parts),
        }
    }

    fn border(&self, border: impl Fn(Slice) -> i64) -> ArrayRef {
        let times = TimestampMicrosecondArray::from(self.times(border));
        Arc::new(times.with_timezone("UTC"))
    }

    /// One time a row.
    fn times(&self, time: impl Fn(Slice) -> i64) -> Vec<i64> {
        let mut times = Vec::with_capacity(self.rows);
        for piece in &self.pieces {
            if let Some(window) = piece.bounds {
                times.resize(times.len() + piece.rows.len(), time(window));
            }
        }
        times
    }
}

impl Finishable for Ready {
    fn count(&self) -> usize {
        self.rows
    }

    fn weight(&self, call: usize, rows: Range<usize>) -> usize {
        let pieces = self
            .pieces(rows)
            .map(|(piece, rows)| match &piece.partial.calls[call] {
                Settled::Accumulators(columns) => RowWeights::of(columns).of_rows(0, rows, 0),
                Settled::Values(log) => {
                    let keys = rows.iter().map(|&row| piece.partial.keys[row as usize]);
                    log.weight(&keys.collect::<Vec<_>>())
                }
            });
        pieces.fold(0, usize::saturating_add)
    }

    fn gather(&self, call: usize, rows: Range<usize>) -> Result<Gathered, ArrowError> {
        let is_holistic = |piece: &Piece| matches!(piece.partial.calls[call], Settled::Values(_));
        if self.pieces.first().is_some_and(is_holistic) {
            let (groups, arguments) = self.values(call, rows)?;
            return Ok(Gathered::Values(groups, arguments));
        }
        self.accumulators(call, rows).map(Gathered::Accumulators)
    }
}
