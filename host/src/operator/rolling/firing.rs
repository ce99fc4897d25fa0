//! Makes the rows whose frames are complete, and forgets what no frame needs.

use std::{cmp::Reverse, collections::btree_map::Entry, sync::Arc};

use super::{
    Rolling, Unsettled,
    results::Frames,
    track::{Frame, Freed, Track, Waiting},
};
use crate::{
    batch::{Batch, Origin},
    operator::{BATCH_ROWS, Outbox, TimeDomain, event_times, failure::BadRow},
    time::{Timestamp, Watermark},
};

/// A row whose frame is complete.
struct Fired {
    key: u32,
    /// Its number among those of its key.
    number: i64,
    time: i64,
    waiting: Waiting,
}

/// Rows that are settled before those whose frames are complete are handed on.
const ENOUGH_ROWS: usize = 4 * BATCH_ROWS;

impl Rolling {
    /// Settles the rows below `watermark`, or the first of them if there are many. Returns their keys, and
    /// whether that was all.
    pub(super) fn settle_until(&mut self, watermark: Watermark) -> (Vec<u32>, bool) {
        let passed = |row: &Unsettled| {
            watermark == Watermark::END || row.time < watermark.time().as_micros()
        };
        let mut keys = Vec::new();
        while let Some(Reverse(row)) = self.unsettled.peek().copied().filter(|row| passed(&row.0)) {
            if keys.len() == ENOUGH_ROWS {
                return (self.touched.of(&keys).0, false);
            }
            self.unsettled.pop();
            self.settle(&row, Some(row.time));
            keys.push(row.key);
        }
        (self.touched.of(&keys).0, true)
    }

    /// Makes the rows of `keys` whose frames are complete; all of them if no more rows come.
    pub(super) fn fire(
        &mut self,
        keys: &[u32],
        is_end: bool,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        let mut patience = self.failed_frames.patience_with_parts();
        let (functions, tracks) = (&mut self.functions, &mut self.tracks);
        let nodes = &mut self.nodes;
        let built = nodes.build(functions, tracks, keys, self.frame, &mut patience);
        self.failed_frames.check(built)?;
        let mut fired = Vec::new();
        for &key in keys {
            let track = &mut self.tracks[key as usize];
            for (number, waiting) in track.ready(self.frame, is_end) {
                fired.push(Fired {
                    key,
                    number,
                    time: track.time(number),
                    waiting,
                });
            }
        }
        let key = |row: &Fired| self.keys.key(row.key);
        fired.sort_unstable_by(|a, b| {
            let by_arrival = a.waiting.arrival.cmp(&b.waiting.arrival);
            match (self.time, a.waiting.time) {
                (TimeDomain::Event, Some(_)) => {
                    let by_time = a.time.cmp(&b.time);
                    let by_key = || key(a).cmp(key(b));
                    by_time.then_with(by_key).then(by_arrival)
                }
                // Rows leave as they have come.
                _ => by_arrival,
            }
        });
        for fired in fired.chunks(BATCH_ROWS) {
            self.make_rows(fired, out)?;
        }
        let mut freed = Freed::default();
        for &key in keys {
            self.trim(key, &mut freed);
        }
        self.release(freed);
        Ok(())
    }

    /// Makes the rows of complete frames, in their order.
    fn make_rows(&mut self, fired: &[Fired], out: &mut Outbox) -> anyhow::Result<()> {
        let (mut runs, mut values) = (Vec::new(), Vec::new());
        for row in fired {
            let track = &self.tracks[row.key as usize];
            let frame = track.frame_of(row.number, self.frame);
            values.push(track.values_of(frame.clone()).collect());
            if self.nodes.is_used() {
                runs.push(track.runs_of(frame));
            }
        }
        let functions = &mut self.functions;
        let mut patience = self.failed_frames.patience_with_parts();
        let combined = self.nodes.combine(functions, &runs, &mut patience);
        let (accumulators, failures) = self.failed_frames.check(combined)?;
        let frames = Frames {
            len: fired.len(),
            accumulators,
            values,
            store: &self.values,
        };
        let mut patience = self.failed_frames.patience();
        let (results, bad) = frames.results(functions, failures, &mut patience)?;

        let places: Vec<u32> = fired.iter().map(|row| row.waiting.row).collect();
        let mut columns = self.rows.gather(&places);
        let times = columns.pop().and_then(|times| event_times::of(&times));
        columns.extend(results);
        let schema = Arc::clone(&self.output);
        let batch = Batch::new(schema, columns, fired.len(), times, Origin::Derived)?;
        let bad = self.failed_frames.settle(&batch, bad, out)?;
        out.push(without(batch, &bad)?);

        for row in fired {
            self.rows.release(row.waiting.row);
            if let Some(time) = row.waiting.time {
                self.let_go(time);
            }
        }
        Ok(())
    }

    /// Takes note that a row with an event time has left.
    fn let_go(&mut self, time: i64) {
        if let Entry::Occupied(mut held) = self.held_back.entry(time) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }

    /// Forgets the keys that no frame needs any more.
    pub(super) fn forget(&mut self) {
        let now = Timestamp::from_micros(self.present());
        let mut freed = Freed::default();
        let Frame::Span(span) = self.frame else {
            return;
        };
        let tracks = &self.tracks;
        let put_off = |key: u32| {
            let last = tracks[key as usize].last();
            Timestamp::from_micros(last.saturating_add(span))
        };
        let mut due = Vec::new();
        while let Some(key) = self.expiry.pop(now, put_off) {
            due.push(key);
        }
        for key in due {
            self.tracks[key as usize].is_queued = false;
            self.trim(key, &mut freed);
        }
        self.release(freed);
    }

    /// Forgets the rows of a key that no frame needs any more, and the key if none is left.
    fn trim(&mut self, key: u32, freed: &mut Freed) {
        let now = self.present();
        let track = &mut self.tracks[key as usize];
        track.trim(self.frame, now, freed);
        if track.is_blank() && !track.is_queued {
            *track = Track::default();
            self.keys.remove(key);
        }
    }

    fn release(&mut self, freed: Freed) {
        self.nodes.release(freed.nodes);
        for place in freed.values {
            self.values.release(place);
        }
    }
}

/// The rows of `batch` that are not bad.
fn without(batch: Batch, bad: &[BadRow]) -> anyhow::Result<Batch> {
    if bad.is_empty() {
        return Ok(batch);
    }
    let mut bad = bad.iter().map(|bad| bad.row as u32).peekable();
    let is_good = |row: &u32| bad.next_if_eq(row).is_none();
    let good: Vec<u32> = (0..batch.rows() as u32).filter(is_good).collect();
    Ok(batch.take(&good)?)
}
