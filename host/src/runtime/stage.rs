//! A stage in a subtask.

use std::{collections::VecDeque, mem, sync::Arc};

use anyhow::Context;

use super::{
    actor::{Actor, Cue, Round},
    chain::{Fork, SideOutputs},
    seat::{Change, Migration, Seat},
    succession::Succession,
};
use crate::{
    batch::Batch,
    connector::Table,
    metrics::NodeMetrics,
    operator::{self, Guests, Progress, Resources, Side, StageSpec},
    state::{Share, Snapshot},
    time::{Clock, Duration, Timestamp, Watermark},
};

/// A stage in a subtask.
pub(super) struct Stage {
    name: Arc<str>,
    actor: Actor,
    /// While the operator may go back to the one before it.
    succession: Option<Box<Succession>>,
    /// What operators have handed on that has not gone out yet.
    rounds: VecDeque<Round>,
    metrics: Arc<NodeMetrics>,
    /// Whether event time behind the stage is the time of the clock.
    by_clock: bool,
    /// When the operator wants to be told the time.
    wake_at: Option<Timestamp>,
    /// The latest watermark that was sent behind its rows.
    reached: Watermark,
    seat: Arc<Seat>,
    making: Making,
}

/// What the operators of a stage are made with, beside their functions.
pub(super) struct Making {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tables: Arc<[Arc<Table>]>,
}

impl Making {
    /// An operator that knows nothing.
    pub(super) fn open(&self, spec: StageSpec, guests: Guests) -> anyhow::Result<Actor> {
        let counters = Arc::<NodeMetrics>::default();
        let resources = Resources {
            guests,
            metrics: Arc::clone(&counters),
            clock: Arc::clone(&self.clock),
            tables: Arc::clone(&self.tables),
        };
        Ok(Actor {
            operator: operator::open(&spec, resources)?,
            spec: Box::new(spec),
            counters,
        })
    }
}

/// Earlier than any time.
const AT_ONCE: Timestamp = Timestamp::from_micros(i64::MIN);

/// An operator that asks for a time that has passed is told the time after this.
const MIN_SLEEP: Duration = Duration::from_millis(1);

impl Stage {
    /// A stage that has seen nothing.
    pub(super) fn new(
        making: Making,
        actor: Actor,
        metrics: Arc<NodeMetrics>,
        by_clock: bool,
        seat: Arc<Seat>,
    ) -> Self {
        Self {
            name: Arc::clone(&actor.spec.name),
            actor,
            succession: None,
            rounds: VecDeque::new(),
            metrics,
            by_clock,
            wake_at: None,
            reached: Watermark::START,
            seat,
            making,
        }
    }

    /// Changes to what the seat holds, if it holds something. Returns the seat if it did.
    pub(super) fn swap(&mut self) -> anyhow::Result<Option<Arc<Seat>>> {
        let Some(change) = self.seat.take() else {
            return Ok(None);
        };
        match change {
            Change::Version { version, .. } if self.has_failed() => {
                let (spec, known) = (self.newest_spec().clone(), self.known()?);
                let mut guests = Guests::new(version);
                self.show_time(&mut guests);
                self.replace(spec, guests, &known)?;
            }
            Change::Version { version, probation } => {
                self.settle();
                if let Some(guests) = self.actor.operator.guests() {
                    self.seat.retire(guests.swap(version, probation));
                }
            }
            Change::Nothing { told } => {
                // Whoever has asked may be gone.
                let _ = told.send(self.snapshot()?);
            }
            Change::Migration(migration) => {
                let migrated = self.migrate(*migration);
                migrated.with_context(|| {
                    format!("the state of stage `{}` cannot be converted", self.name)
                })?;
            }
            Change::Retreat => self.retreat()?,
        }
        Ok(Some(Arc::clone(&self.seat)))
    }

    /// Goes on with functions that keep other state.
    fn migrate(&mut self, migration: Migration) -> anyhow::Result<()> {
        let Migration {
            spec,
            mut guests,
            watch,
            ..
        } = migration;
        let known = self.known()?;
        let has_failed = self.has_failed();
        self.show_time(&mut guests);
        let old = self.newest_spec();
        let known = known.into_iter();
        let known = known.map(|known| operator::migrate(old, &spec, &mut guests, known));
        let known: Vec<Snapshot> = known.collect::<Result<_, _>>()?;
        let wake_at = self.wake_at;
        let before = self.replace(spec, guests, &known)?;
        // One that has failed already is not what the next one goes back to.
        if let Some(watch) = watch.filter(|_| !has_failed) {
            let succession = Succession::new(&mut self.actor, before, wake_at, watch);
            self.succession = Some(Box::new(succession));
        }
        Ok(())
    }

    /// Has guests know how far event time has come.
    fn show_time(&mut self, guests: &mut Guests) {
        if let Some(before) = self.actor.operator.guests() {
            guests.go_on_from(before);
        }
    }

    /// Goes back to what ran before the state was converted.
    fn retreat(&mut self) -> anyhow::Result<()> {
        let succession = self.succession.take();
        let succession = succession.with_context(|| {
            let name = &self.name;
            format!("stage `{name}` cannot go back: what ran before is not there any more")
        })?;
        if !succession.has_failed() {
            (self.actor, self.wake_at) = succession.into_other();
        }
        self.settle();
        Ok(())
    }

    /// Has another operator act, one that knows `known`. Returns the one that did, and forgets the one before.
    fn replace(
        &mut self,
        spec: StageSpec,
        guests: Guests,
        known: &[Snapshot],
    ) -> anyhow::Result<Actor> {
        let mut actor = self.making.open(spec, guests)?;
        self.settle();
        if !known.is_empty() {
            actor.operator.restore(known, Share::ALL)?;
            self.wake_at = Some(AT_ONCE);
        }
        Ok(mem::replace(&mut self.actor, actor))
    }

    /// From now on there is no going back.
    fn settle(&mut self) {
        self.succession = None;
        if let Some(guests) = self.actor.operator.guests() {
            guests.unwatch();
        }
    }

    /// Whether the operator before has taken the place of the newest one.
    fn has_failed(&self) -> bool {
        let mut succession = self.succession.iter();
        succession.any(|succession| succession.has_failed())
    }

    /// What the newest functions do, whether they act or not.
    fn newest_spec(&self) -> &StageSpec {
        let succession = self.succession.as_deref();
        let newest = succession.and_then(Succession::failed_spec);
        newest.unwrap_or(&self.actor.spec)
    }

    /// What the newest functions know.
    fn known(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        let known = self.actor.operator.snapshot()?;
        match &mut self.succession {
            Some(succession) => succession.convert(&self.actor, known),
            None => Ok(known),
        }
    }

    /// Takes up what the subtasks of the stage knew when its input had come to `watermark`, as far as
    /// it belongs to `share`.
    pub(super) fn restore(
        &mut self,
        watermark: Watermark,
        snapshots: &[Snapshot],
        share: Share,
    ) -> anyhow::Result<()> {
        let reached = snapshots.iter().map(|snapshot| snapshot.watermark).min();
        self.reached = reached.unwrap_or(watermark);
        if let Some(guests) = self.actor.operator.guests() {
            guests.advance(watermark);
        }
        if snapshots.is_empty() {
            return Ok(());
        }
        let restored = self.actor.operator.restore(snapshots, share);
        restored.with_context(|| format!("the state of stage `{}` does not fit it", self.name))?;
        // Only the operator knows when it wants to be told the time, so it is told at once.
        self.wake_at = Some(AT_ONCE);
        Ok(())
    }

    /// Whether nothing comes out of the stage before something comes in, if it goes by the clock; `None`
    /// if it does not.
    pub(super) fn rests(&self) -> Option<bool> {
        self.by_clock.then_some(self.wake_at.is_none())
    }

    /// When the operator wants to be told the time next.
    pub(super) const fn wake_at(&self) -> Option<Timestamp> {
        self.wake_at
    }

    /// What the operator knows; nothing if it knows nothing.
    pub(super) fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        let snapshot = self.known();
        snapshot.with_context(|| format!("the state of stage `{}` cannot be kept", self.name))
    }

    /// What the stage is called.
    pub(super) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The latest watermark that was sent behind its rows.
    pub(super) const fn reached(&self) -> Watermark {
        self.reached
    }

    /// Runs rows through the stage, and sends what it hands on through `fork`: portion by portion, if it makes
    /// much of them.
    pub(super) fn process(
        &mut self,
        input: Side,
        batch: Batch,
        fork: &mut Fork,
        side: &mut SideOutputs,
    ) -> anyhow::Result<()> {
        self.metrics.rows_in.add(batch.rows());
        self.seat.note(input, &batch);
        let mut next = Some(batch);
        while let Some(batch) = next {
            let mut round = self.hear(Cue::Rows(input, batch));
            next = round.out.rest.take();
            let (batches, _) = self.hand_on(round, side)?;
            for batch in batches {
                fork.batch(&batch, side)?;
            }
            if next.is_some() {
                // What there is need not wait for the rest.
                fork.flush()?;
            }
        }
        if self.by_clock {
            // Time has passed for those behind, whether a window has closed or not.
            self.wake_at = Some(AT_ONCE);
        }
        Ok(())
    }

    /// Tells the stage how far event time has come, and sends what it hands on through `fork`, ahead
    /// of the watermarks it comes to.
    pub(super) fn advance(
        &mut self,
        watermark: Watermark,
        fork: &mut Fork,
        side: &mut SideOutputs,
    ) -> anyhow::Result<()> {
        self.tell(&Cue::Watermark(watermark), fork, side)
    }

    /// Tells the stage the time if it wants to be told, and sends what it hands on through `fork`.
    /// Returns whether it wanted to.
    pub(super) fn tick(
        &mut self,
        now: Timestamp,
        fork: &mut Fork,
        side: &mut SideOutputs,
    ) -> anyhow::Result<bool> {
        if self.wake_at.is_none_or(|wake_at| wake_at > now) {
            return Ok(false);
        }
        self.wake_at = None;
        self.tell(&Cue::Time(now), fork, side)?;
        if self.wake_at.is_some_and(|wake_at| wake_at <= now) {
            self.wake_at = Some(now.saturating_add(MIN_SLEEP));
        }
        Ok(true)
    }

    /// Tells the stage something until it has handed on all that follows from it.
    fn tell(&mut self, cue: &Cue, fork: &mut Fork, side: &mut SideOutputs) -> anyhow::Result<()> {
        loop {
            let round = self.hear(cue.clone());
            let (batches, progress) = self.hand_on(round, side)?;
            for batch in batches {
                fork.batch(&batch, side)?;
            }
            let Some(progress) = progress else {
                return Ok(());
            };
            let (Progress::Done(reached) | Progress::More(reached)) = progress;
            self.reached = self.reached.max(reached);
            fork.watermark(reached, side)?;
            if matches!(progress, Progress::Done(_)) {
                return Ok(());
            }
            // What there is need not wait for the rest.
            fork.flush()?;
        }
    }

    /// Tells the operator something, or what it was told already if it has not handed on all of that.
    fn hear(&mut self, cue: Cue) -> Round {
        self.seat.begin();
        let round = self.next_round(cue);
        self.seat.end();
        round
    }

    fn next_round(&mut self, cue: Cue) -> Round {
        if let Some(round) = self.rounds.pop_front() {
            return round;
        }
        if let Some(succession) = &mut self.succession {
            if !succession.is_over() {
                self.rounds = succession.hear(&mut self.actor, &cue);
                if let Some(round) = self.rounds.pop_front() {
                    return round;
                }
            }
            self.settle();
        }
        self.actor.hear(cue)
    }

    fn hand_on(
        &mut self,
        round: Round,
        side: &mut SideOutputs,
    ) -> anyhow::Result<(Vec<Batch>, Option<Progress>)> {
        let Round { out, done } = round;
        self.metrics.take_over(&self.actor.counters);
        // Dead letters first, even of a stage that has failed: they say what it failed on.
        side.dead_letters(&out.dead_letters)?;
        let progress = done.with_context(|| format!("stage `{}` failed", self.name))?;
        self.wake_at = out.wake_at.or(self.wake_at);
        for (sink, batch) in out.late {
            side.late(sink, batch)?;
        }
        for batch in &out.batches {
            self.metrics.rows_out.add(batch.rows());
        }
        Ok((out.batches, progress))
    }
}
