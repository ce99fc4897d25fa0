//! Trying a new version of a stage on the rows that came to it last, away from the stream.
//!
//! Old and new version go through the rows side by side, piece by piece, so that a trial that takes too long
//! can be cut anywhere and still compares the same rows.

use std::{
    sync::{
        Arc,
        atomic::AtomicBool,
        mpsc::{self, Receiver},
    },
    time::{Duration, Instant},
};

use anyhow::bail;

use super::Difference;
use crate::{
    batch::Batch,
    operator::{
        self, DeadLetter, Fault, Faults, Guests, OnError, Operator, Outbox, Progress, Resources,
        Side, StageSpec, Version,
    },
    runtime::NotSwapped,
    time::{SystemClock, Watermark},
    wasm::Allowance,
};

/// How long a trial may take: whoever wants something of the job waits for it.
const LONGEST: Duration = Duration::from_secs(5);

/// How long rows may be tried. The rest is for what a stage makes at the end of its input.
const LONGEST_ROWS: Duration = Duration::from_secs(4);

/// Pieces grow from one row, by which a function that never returns is found out at one call, to this.
const LARGEST: usize = 512;

/// How many times as large as the one before a piece is.
const GROWTH: usize = 8;

/// After a piece that has taken longer, the next is one row again.
const QUICK: Duration = Duration::from_millis(50);

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

impl Trial {
    /// Has the old and the new version handle the same rows, beginning with no state, to the end of time, as
    /// far as they come in a few seconds.
    ///
    /// # Errors
    ///
    /// If the new version fails where the old one does not, or `cancelled` was set.
    pub(super) fn run(
        mut self,
        rows: &[(Side, Batch)],
        cancelled: &Arc<AtomicBool>,
    ) -> anyhow::Result<Difference> {
        let started = Instant::now();
        let allowance = Allowance::new(LONGEST, Arc::clone(cancelled));
        let versions = [&mut self.old.1, &mut self.new.1].into_iter();
        for version in versions.chain(&mut self.fallback) {
            version.share(&allowance);
        }
        let mut pair = self.open()?;
        let total = rows.iter().map(|(_, batch)| batch.rows()).sum::<usize>();
        let mut input: Vec<Batch> = Vec::new();
        let mut pieces = Pieces::of(rows);
        while started.elapsed() < LONGEST_ROWS {
            let begun = Instant::now();
            let Some((side, piece)) = pieces.next() else {
                break;
            };
            let tried = pair.step(&allowance, |one| one.process(side, piece.clone()))?;
            if tried == Tried::Not {
                if input.is_empty() && !allowance.is_cancelled() {
                    pair.judge_slowness()?;
                }
                break;
            }
            input.push(piece);
            pieces.grow(tried == Tried::Well && begun.elapsed() < QUICK);
        }
        let tried = input.iter().map(Batch::rows).sum();
        let is_whole = pair.step(&allowance, One::end)? != Tried::Not;
        if allowance.is_cancelled() {
            bail!(NotSwapped::NoJob);
        }
        pair.judge(tried)?;
        let mut difference = Difference::of(&input, &pair.old.batches, &pair.new.batches);
        difference.not_tried = total - tried;
        difference.is_whole = is_whole;
        Ok(difference)
    }

    /// Both versions at work.
    fn open(self) -> anyhow::Result<Pair> {
        let (told, faults) = mpsc::channel();
        let (old_spec, old) = self.old;
        let (new_spec, new) = self.new;
        let new = match self.fallback {
            None => One::open(&new_spec, Guests::new(new))?,
            // As in the stream: the operator stays, and makes the calls that it knows.
            Some(fallback) => {
                let mut guests = Guests::new(fallback);
                let stage = Arc::clone(&old_spec.name);
                guests.swap(new, Some(Faults { stage, told }));
                One::open(&old_spec, guests)?
            }
        };
        Ok(Pair {
            old: One::open(&old_spec, Guests::new(old))?,
            new,
            faults,
        })
    }
}

/// The old version and the new one.
struct Pair {
    old: One,
    new: One,
    /// Calls on which the new one has failed and the old one has not.
    faults: Receiver<Fault>,
}

/// How a step was gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    /// No call has failed.
    Well,
    /// Calls have failed, of the old version at least.
    Badly,
    /// There was no time left for all of it: it has not been made.
    Not,
}

impl Pair {
    /// Has both do the same.
    ///
    /// # Errors
    ///
    /// If a call fails in the new version, and none in the old one.
    fn step(
        &mut self,
        allowance: &Allowance,
        mut act: impl FnMut(&mut One) -> anyhow::Result<()>,
    ) -> anyhow::Result<Tried> {
        let mut failures = [None, None];
        let sides = [&mut self.old, &mut self.new];
        let marks = [sides[0].mark(), sides[1].mark()];
        for (one, failure) in sides.into_iter().zip(&mut failures) {
            if one.failure.is_none() {
                let begun = Instant::now();
                one.failure = act(one).err();
                one.took = begun.elapsed();
            }
            *failure = one.failed_call();
        }
        let fault = self.faults.try_recv().ok().map(|fault| fault.error);
        let failed = match failures {
            // For lack of time, perhaps.
            _ if allowance.is_used_up() => None,
            [None, failure] => failure,
            [Some(_), _] => None,
        };
        // What was told is so: the version before has passed the same call in time.
        if let Some(error) = fault.or(failed) {
            bail!("it fails on rows that came last, with which the old one is fine: {error}");
        }
        if allowance.is_used_up() {
            let [old, new] = marks;
            self.old.go_back(old);
            self.new.go_back(new);
            return Ok(Tried::Not);
        }
        Ok(match (&self.old.failure, &self.new.failure) {
            (None, None) if !self.old.is_bad && !self.new.is_bad => Tried::Well,
            _ => Tried::Badly,
        })
    }

    /// Looks at how long the first row has taken, for which there was not time enough.
    ///
    /// # Errors
    ///
    /// If it is the new version that may never come to an end.
    fn judge_slowness(&self) -> anyhow::Result<()> {
        if self.old.took < LONGEST / 2 {
            bail!(
                "a single row takes it more than {:.1} s, and the old one {:.1} s; a trial takes {} s at most",
                self.new.took.as_secs_f64(),
                self.old.took.as_secs_f64(),
                LONGEST.as_secs(),
            );
        }
        Ok(())
    }

    /// Looks at what both have made of `rows` rows.
    ///
    /// # Errors
    ///
    /// If the new version is of no use.
    fn judge(&mut self, rows: usize) -> anyhow::Result<()> {
        let (before, after) = (&self.old, &mut self.new);
        if before.failure.is_none() && before.letters.is_empty() {
            if let Some(failure) = after.failure.take() {
                bail!("it fails on rows that came last: {failure:#}");
            }
            if let Some(DeadLetter { reason, row, .. }) = after.letters.first()
                && after.letters.len() == rows
            {
                bail!("it refuses all rows that came last, the first: {reason}\n  row: {row}");
            }
        }
        Ok(())
    }
}

/// A version at work, and what it has made of rows.
struct One {
    operator: Box<dyn Operator>,
    batches: Vec<Batch>,
    letters: Vec<DeadLetter>,
    /// Why it does not go on.
    failure: Option<anyhow::Error>,
    /// Whether a call has failed in the latest step.
    is_bad: bool,
    /// How long that took.
    took: Duration,
}

impl One {
    fn open(spec: &StageSpec, guests: Guests) -> anyhow::Result<Self> {
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
        if let Some(guests) = operator.guests() {
            guests.watch();
        }
        Ok(Self {
            operator,
            batches: Vec::new(),
            letters: Vec::new(),
            failure: None,
            is_bad: false,
            took: Duration::ZERO,
        })
    }

    fn process(&mut self, side: Side, piece: Batch) -> anyhow::Result<()> {
        let mut next = Some(piece);
        while let Some(piece) = next {
            let mut out = Outbox::default();
            let done = self.operator.process(side, piece, &mut out);
            next = out.rest.take();
            self.take(out);
            done?;
        }
        Ok(())
    }

    /// The end of the input.
    fn end(&mut self) -> anyhow::Result<()> {
        loop {
            let mut out = Outbox::default();
            let progress = self.operator.advance(Watermark::END, &mut out);
            self.take(out);
            if matches!(progress?, Progress::Done(_)) {
                return Ok(());
            }
        }
    }

    fn take(&mut self, out: Outbox) {
        self.batches.extend(out.batches);
        self.letters.extend(out.dead_letters);
    }

    /// Why a call has failed since this was asked last, if one has.
    fn failed_call(&mut self) -> Option<String> {
        let failure = self.operator.guests()?.seen().failure;
        self.is_bad = failure.is_some();
        failure
    }

    /// How much it has made.
    const fn mark(&self) -> (usize, usize) {
        (self.batches.len(), self.letters.len())
    }

    /// Forgets what it has made since then. It cannot go on after that.
    fn go_back(&mut self, (batches, letters): (usize, usize)) {
        self.batches.truncate(batches);
        self.letters.truncate(letters);
    }
}

/// The rows of a trial, a few at a time.
struct Pieces<'a> {
    rows: &'a [(Side, Batch)],
    /// How many rows of the first batch are behind us.
    first: usize,
    size: usize,
}

impl<'a> Pieces<'a> {
    const fn of(rows: &'a [(Side, Batch)]) -> Self {
        Self {
            rows,
            first: 0,
            size: 1,
        }
    }

    /// Makes the next piece larger than the last one, or the smallest there is.
    fn grow(&mut self, larger: bool) {
        self.size = match larger {
            true => (self.size * GROWTH).min(LARGEST),
            false => 1,
        };
    }
}

impl Iterator for Pieces<'_> {
    type Item = (Side, Batch);

    fn next(&mut self) -> Option<(Side, Batch)> {
        loop {
            let ((side, batch), rest) = self.rows.split_first()?;
            let count = self.size.min(batch.rows() - self.first);
            if count > 0 {
                let piece = batch.slice(self.first, count);
                self.first += count;
                return Some((*side, piece));
            }
            (self.rows, self.first) = (rest, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};

    use super::*;
    use crate::batch::{DataType, Field, Origin, Schema};

    fn batch(rows: usize) -> Batch {
        let schema = Schema::new(vec![Field::nullable("n", DataType::Int64)]).expect("one name");
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1; rows]));
        let batch = Batch::new(schema.to_arrow(), vec![column], rows, None, Origin::Derived);
        batch.expect("as the schema says")
    }

    #[test]
    fn pieces_grow_as_long_as_they_are_gone_through_quickly() {
        let rows = [(Side::Left, batch(700)), (Side::Right, batch(20))];
        let mut pieces = Pieces::of(&rows);
        let mut sizes = Vec::new();
        while let Some((side, piece)) = pieces.next() {
            sizes.push((side, piece.rows()));
            pieces.grow(sizes.len() != 5);
        }
        let (left, right) = (Side::Left, Side::Right);
        let expected = [(left, 1), (left, 8), (left, 64), (left, 512), (left, 115)];
        assert_eq!(sizes[..5], expected);
        assert_eq!(sizes[5..], [(right, 1), (right, 8), (right, 11)]);
    }
}
