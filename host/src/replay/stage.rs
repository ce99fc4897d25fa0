//! Trying rows on the functions that a stage calls now.

use std::sync::Arc;

use super::{Again, Outcome, Passed, Verdict, row::row_of_letter};
use crate::{
    batch::Batch,
    operator::{
        self, DeadLetter, Guests, LetterKind, OnError, Operator, Outbox, Progress, Resources, Side,
        StageSpec, Work,
    },
    pipeline::{Plan, Registry, StagePlan},
    time::{Clock, Watermark},
};

/// A stage on which rows are tried, one by one.
pub(super) struct StageBench<'a> {
    plan: &'a Plan,
    registry: &'a Registry,
    stage: &'a StagePlan,
    spec: StageSpec,
    /// The operator that rows are tried on, if it keeps nothing from one to the next.
    stateless: Option<Box<dyn Operator>>,
    /// Why no more rows are tried.
    given_up: Option<String>,
}

impl<'a> StageBench<'a> {
    /// The stage at a place in the plan.
    pub(super) fn new(plan: &'a Plan, registry: &'a Registry, place: usize) -> Self {
        Self {
            plan,
            registry,
            stage: &plan.stages[place],
            // Each row is told of as a dead letter; how many there are is no reason to stop.
            spec: StageSpec {
                on_error: OnError::DeadLetter,
                max_dead_letters: u64::MAX,
                ..plan.stage_spec(place)
            },
            stateless: None,
            given_up: None,
        }
    }

    pub(super) fn try_again(
        &mut self,
        letter: &DeadLetter,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Outcome> {
        if let Some(reason) = self.obstacle(letter) {
            return Ok(Outcome::untried(reason));
        }
        let row = match row_of_letter(self.plan, self.stage, letter) {
            Ok(row) => row,
            Err(reason) => return Ok(Outcome::untried(reason)),
        };
        let verdict = match self.spec.work.is_keyed() {
            false => self.try_stateless(row.clone(), clock)?,
            true => self.try_keyed(row.clone(), clock)?,
        };
        Ok(Outcome {
            verdict,
            row: Some(row),
        })
    }

    /// Why a letter cannot be tried.
    fn obstacle(&self, letter: &DeadLetter) -> Option<String> {
        if let Some(reason) = &self.given_up {
            return Some(reason.clone());
        }
        if letter.kind == LetterKind::Window {
            let reason =
                "it is what would have left a window: the rows that went into it are not in it";
            return Some(reason.to_owned());
        }
        match &self.spec.work {
            Work::Filter(_) | Work::Map { .. } | Work::FlatMap { .. } => None,
            Work::Process(_) | Work::Aggregate(_) => None,
            work @ (Work::Join(_) | Work::Lookup(_) | Work::Top(_)) => Some(format!(
                "its stage is a {} now, which refuses no rows",
                work.verb()
            )),
        }
    }

    fn try_stateless(&mut self, row: Batch, clock: &Arc<dyn Clock>) -> anyhow::Result<Verdict> {
        let mut operator = match self.stateless.take() {
            Some(operator) => operator,
            None => self.open(clock)?,
        };
        let mut out = Outbox::default();
        let done = operator.process(Side::Left, row, &mut out);
        match done {
            Ok(()) => self.stateless = Some(operator),
            // No row after it would fare better.
            Err(error) => self.given_up = Some(format!("the stage was given up: {error:#}")),
        }
        Ok(match out.dead_letters.into_iter().next() {
            Some(letter) => Verdict::Fails(Again::of_letter(letter)),
            None => match &self.given_up {
                Some(reason) => Verdict::Fails(Again::because(reason.clone())),
                None => Verdict::Cured(Passed::Rows(out.batches)),
            },
        })
    }

    /// Tries a row on functions that have seen no other, to the end of time.
    fn try_keyed(&self, row: Batch, clock: &Arc<dyn Clock>) -> anyhow::Result<Verdict> {
        let mut operator = self.open(clock)?;
        let mut out = Outbox::default();
        let mut done = operator.process(Side::Left, row, &mut out);
        while done.is_ok() && out.dead_letters.is_empty() {
            match operator.advance(Watermark::END, &mut out) {
                Ok(Progress::Done(_)) => break,
                Ok(Progress::More(_)) => {}
                Err(error) => done = Err(error),
            }
        }
        Ok(match (out.dead_letters.into_iter().next(), done) {
            (Some(letter), _) => Verdict::Fails(Again::of_letter(letter)),
            (None, Err(error)) => Verdict::Fails(Again::because(format!("{error:#}"))),
            (None, Ok(())) => Verdict::Cured(Passed::WithoutState),
        })
    }

    fn open(&self, clock: &Arc<dyn Clock>) -> anyhow::Result<Box<dyn Operator>> {
        let version = self.registry.version(self.plan, self.stage)?;
        let resources = Resources {
            guests: Guests::new(version),
            metrics: Arc::default(),
            clock: Arc::clone(clock),
            tables: Arc::default(),
        };
        operator::open(&self.spec, resources)
    }
}
