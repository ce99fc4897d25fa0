//! Fires the windows that are complete.

use std::sync::Arc;

use super::{
    Aggregate,
    combine::Combiner,
    keys::Sorted,
    partial::Partial,
    ready::{Piece, Ready},
};
use crate::{
    batch::Batch,
    operator::{
        BATCH_ROWS, Emit, Outbox, Progress,
        finish::{finish, without},
    },
    time::{Timestamp, Watermark},
};

impl Aggregate {
    /// Makes the rows of the windows that `to` closes, in the order of their ends and by key in each
    /// window. Stops early when there is much to hand on.
    pub(super) fn fire(&mut self, to: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let mut ready = Ready::default();
        self.slices.settle(to.time());
        while let Some(window) = self.due(to) {
            self.next = window.saturating_add(1);
            match self.emit {
                Emit::Final => self.fire_window(window, &mut ready, out)?,
                Emit::Every(_) => self.fire_changes(window, &mut ready, out)?,
                // Its rows have left with the last change.
                Emit::Update => {}
            }
            if out.batches.iter().map(Batch::rows).sum::<usize>() >= ENOUGH_ROWS {
                self.flush(&mut ready, out)?;
                let end = self.slicing.window(window).end;
                // The end of time is reached when all windows that are cut off there have fired.
                let reached = end.as_micros().min(i64::MAX - 1);
                return Ok(Progress::More(Watermark::at(Timestamp::from_micros(
                    reached,
                ))));
            }
        }
        self.next = self.next.max(self.slicing.first_open(to.time()));
        self.flush(&mut ready, out)?;
        Ok(Progress::Done(to))
    }

    /// The next window that `to` closes.
    fn due(&self, to: Watermark) -> Option<i64> {
        match self.emit {
            Emit::Update => None,
            Emit::Final | Emit::Every(_) => self.slices.next_due(self.next, to),
        }
    }

    /// Makes the rows of a window.
    fn fire_window(
        &mut self,
        window: i64,
        ready: &mut Ready,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let mut combiner = Combiner {
            patience: self.failed_windows.patience_with_parts(),
            calls: &mut self.calls,
        };
        let partial = self.slices.window(window, &mut combiner);
        match self.failed_windows.check(partial)? {
            None => Ok(()),
            Some(partial) => self.make_rows(window, &partial, None, ready, out),
        }
    }

    /// Makes the rows of a window, sooner or later: of all of its keys, or of those whose rows in
    /// `partial` are `only`.
    pub(super) fn make_rows(
        &mut self,
        window: i64,
        partial: &Arc<Partial>,
        only: Option<&[u32]>,
        ready: &mut Ready,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let sorted = match only {
            None => self.keys.sort(&partial.keys)?,
            Some(only) => {
                let row = |&row: &u32| partial.keys[row as usize];
                let keys: Vec<u32> = only.iter().map(row).collect();
                let sorted = self.keys.sort(&keys)?;
                let rows = sorted.rows.iter().map(|&row| only[row as usize]);
                Sorted {
                    rows: rows.collect(),
                    ..sorted
                }
            }
        };
        let bounds = self.timed.then(|| self.slicing.window(window));
        for first in (0..sorted.rows.len()).step_by(BATCH_ROWS) {
            let rows = first..sorted.rows.len().min(first + BATCH_ROWS);
            // A holistic function gets all rows of its windows, which is enough for one call.
            if self.calls.has_holistic() || ready.rows() + rows.len() > BATCH_ROWS {
                self.flush(ready, out)?;
            }
            let keys = sorted.columns.iter();
            ready.add(Piece {
                bounds,
                partial: Arc::clone(partial),
                keys: keys.map(|column| column.slice(first, rows.len())).collect(),
                rows: sorted.rows[rows].into(),
            });
        }
        Ok(())
    }

    /// Makes the rows of the windows that are ready and hands them on.
    pub(super) fn flush(&mut self, ready: &mut Ready, out: &mut Outbox) -> anyhow::Result<()> {
        let ready = std::mem::take(ready);
        if ready.rows() == 0 {
            return Ok(());
        }
        let mut patience = self.failed_windows.patience();
        let (results, mut bad) = finish(&mut self.calls, &ready, &mut patience)?;
        bad.extend(ready.not_merged());
        let batch = ready.batch(&self.output, results)?;
        let bad = self.failed_windows.settle(&batch, bad, out)?;
        out.push(without(batch, &bad)?);
        Ok(())
    }
}

/// Rows after which the rows of windows are handed on before more are made.
const ENOUGH_ROWS: usize = 4 * BATCH_ROWS;
