//! Trying a new version of a stage on the rows that came to it last, away from the stream.

use std::sync::{Arc, mpsc};

use anyhow::bail;

use super::Difference;
use crate::{
    batch::Batch,
    operator::{
        self, DeadLetter, Fault, Faults, Guests, OnError, Outbox, Progress, Resources, Side,
        StageSpec, Version,
    },
    time::{SystemClock, Watermark},
};

/// A stage that is tried, and what it is tried with.
pub(super) struct Trial {
    /// The stage as it is, and its functions.
    pub(super) old: (StageSpec, Version),
    /// The stage as it is to be, and its functions.
    pub(super) new: (StageSpec, Version),
    /// The functions as they are once more, if the new ones keep the same state: calls on which those fail
    /// are made to these.
    pub(super) fallback: Option<Version>,
}

/// What a stage has made of rows.
#[derive(Default)]
struct Made {
    batches: Vec<Batch>,
    letters: Vec<DeadLetter>,
    /// Why it has not come to the end.
    failure: Option<anyhow::Error>,
}

impl Trial {
    /// Has the old and the new version handle the same rows, beginning with no state, to the end of time.
    ///
    /// # Errors
    ///
    /// If the new version fails where the old one does not.
    pub(super) fn run(self, rows: &[(Side, Batch)]) -> anyhow::Result<Difference> {
        let (spec, version) = self.old;
        let before = make(&spec, Guests::new(version), rows)?;
        let (told, faults) = mpsc::channel();
        let (new_spec, version) = self.new;
        let after = match self.fallback {
            None => make(&new_spec, Guests::new(version), rows)?,
            // As in the stream: the operator stays, and makes the calls that it knows.
            Some(fallback) => {
                let mut guests = Guests::new(fallback);
                let stage = Arc::clone(&spec.name);
                guests.swap(version, Some(Faults { stage, told }));
                make(&spec, guests, rows)?
            }
        };
        if let Ok(Fault { error, .. }) = faults.try_recv() {
            bail!("it fails on rows that came last, with which the old one is fine: {error}");
        }
        if before.failure.is_none() && before.letters.is_empty() {
            if let Some(failure) = after.failure {
                bail!("it fails on rows that came last: {failure:#}");
            }
            if let Some(DeadLetter { reason, row, .. }) = after.letters.first()
                && after.letters.len() == rows.iter().map(|(_, batch)| batch.rows()).sum::<usize>()
            {
                bail!("it refuses all rows that came last, the first: {reason}\n  row: {row}");
            }
        }
        let input: Vec<Batch> = rows.iter().map(|(_, batch)| batch.clone()).collect();
        Ok(Difference::of(&input, &before.batches, &after.batches))
    }
}

/// What a stage makes of rows.
fn make(spec: &StageSpec, guests: Guests, rows: &[(Side, Batch)]) -> anyhow::Result<Made> {
    let spec = StageSpec {
        on_error: OnError::DeadLetter,
        ..spec.clone()
    };
    let resources = Resources {
        guests,
        metrics: Arc::default(),
        clock: Arc::new(SystemClock),
        tables: Arc::default(),
    };
    let mut operator = operator::open(&spec, resources)?;
    let mut made = Made::default();
    // The first row by itself: a function that never returns is found out after one call.
    let pieces = rows.iter().flat_map(|(side, batch)| {
        let rest = 1.min(batch.rows())..batch.rows();
        [0..rest.start, rest].map(|rows| (*side, batch.slice(rows.start, rows.len())))
    });
    for (side, piece) in pieces.filter(|(_, piece)| piece.rows() > 0) {
        let mut out = Outbox::default();
        let done = operator.process(side, piece, &mut out);
        if !made.take(out, done) {
            return Ok(made);
        }
    }
    loop {
        let mut out = Outbox::default();
        match operator.advance(Watermark::END, &mut out) {
            Ok(progress) => {
                made.take(out, Ok(()));
                if matches!(progress, Progress::Done(_)) {
                    return Ok(made);
                }
            }
            Err(error) => {
                made.take(out, Err(error));
                return Ok(made);
            }
        }
    }
}

impl Made {
    /// Takes what has come out. Returns whether the stage goes on.
    fn take(&mut self, out: Outbox, done: anyhow::Result<()>) -> bool {
        self.batches.extend(out.batches);
        self.letters.extend(out.dead_letters);
        self.failure = done.err();
        self.failure.is_none()
    }
}
