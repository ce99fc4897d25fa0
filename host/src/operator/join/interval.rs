//! Rows meet if their event times are near.

use std::sync::Arc;

use anyhow::{Context as _, ensure};

use super::{
    ENOUGH_BATCHES, ENOUGH_BYTES,
    both::{Both, opposite},
    keys::JoinKeys,
    leaving::{Leaving, Lone},
    meeting::{Meeting, Pairs},
    snapshot,
    store::{NewRows, Store, Until},
    strand::Strand,
    timeline::{Entry, Timeline},
    weave::{Bounds, Weave},
};
use crate::{
    batch::Batch,
    metrics::NodeMetrics,
    operator::{
        BATCH_BYTES, BATCH_ROWS, JoinKind, JoinWork, Operator, Outbox, Progress, Side, StageSpec,
    },
    state::{Share, Snapshot},
    time::{Duration, Timestamp, Watermark},
};

/// The operator of `join = { within = … }`.
///
/// A pair leaves when the second of its rows comes. A row is kept until the watermark has passed the
/// last moment at which another could come that it would meet; if it has met none by then, it leaves
/// alone, where the kind of the join wants that.
pub(super) struct IntervalJoin {
    /// How long after a row of each side the other one may still come.
    reach: Both<Duration>,
    kind: JoinKind,
    keys: JoinKeys,
    rows: Both<Store>,
    /// By the number of the key.
    timelines: Vec<Both<Timeline>>,
    leaving: Leaving,
    /// Rows that have not met all others yet, for there was much to hand on.
    meeting: Option<Meeting>,
    watermark: Watermark,
    weave: Weave,
    late: Option<usize>,
    metrics: Arc<NodeMetrics>,
}

impl IntervalJoin {
    pub(super) fn open(
        spec: &StageSpec,
        work: &JoinWork,
        (before, after): (Duration, Duration),
        metrics: &Arc<NodeMetrics>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            reach: Both {
                left: after,
                right: before,
            },
            kind: work.kind,
            keys: JoinKeys::new(spec, work)?,
            rows: Both::default(),
            timelines: Vec::new(),
            leaving: Leaving::default(),
            meeting: None,
            watermark: Watermark::START,
            weave: Weave::new(spec, work),
            late: spec.late,
            metrics: Arc::clone(metrics),
        })
    }

    /// How far the output stays behind the input: rows may leave that are this old.
    fn hold(&self) -> Duration {
        self.reach.left.max(self.reach.right)
    }

    /// The watermark of the output.
    fn held(&self, watermark: Watermark) -> Watermark {
        match watermark {
            Watermark::END => Watermark::END,
            _ => Watermark::at(watermark.time().saturating_sub(self.hold())),
        }
    }

    /// Takes the rows out of a batch that could meet none any more.
    fn without_late(&self, side: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<Batch> {
        let watermark = self.watermark.time();
        let is_late = |time| {
            let last = Timestamp::from_micros(time).saturating_add(self.reach[side]);
            last < watermark
        };
        let times = batch.times().context("a row has no event time")?;
        if !times.iter().any(|&time| is_late(time)) {
            return Ok(batch);
        }
        let rows = 0..batch.rows() as u32;
        let (late, kept): (Vec<u32>, Vec<u32>) =
            rows.partition(|&row| is_late(times[row as usize]));
        self.metrics.late.add(late.len());
        if let (Some(sink), Side::Left) = (self.late, side) {
            out.late.push((sink, batch.take(&late)?));
        }
        Ok(batch.take(&kept)?)
    }

    /// Hands on the pairs that new rows make, and keeps the rows. Stops after `limit` batches or
    /// [`ENOUGH_BYTES`], to go on when the stage is told the time, or called for anything else.
    fn meet(&mut self, mut meeting: Meeting, limit: usize, out: &mut Outbox) -> anyhow::Result<()> {
        let mut pairs = Pairs::default();
        let mut handed_on = 0_usize;
        while meeting.done < meeting.rows.keys.len() {
            if self.meet_one(&mut meeting, &mut pairs) {
                meeting.done += 1;
                meeting.last = None;
            }
            if pairs.rows.len() >= BATCH_ROWS || pairs.bytes >= BATCH_BYTES {
                handed_on = handed_on.saturating_add(pairs.bytes);
                self.hand_on(&meeting, std::mem::take(&mut pairs), out)?;
            }
            if out.batches.len() >= limit || handed_on >= ENOUGH_BYTES {
                out.wake_at = Some(Timestamp::from_micros(i64::MIN));
                self.hand_on(&meeting, pairs, out)?;
                self.meeting = Some(meeting);
                return Ok(());
            }
        }
        self.hand_on(&meeting, pairs, out)?;
        self.keep(meeting.side, meeting.rows)
    }

    /// Finds those that the next new row meets, until there are enough pairs for a batch. Says whether these are all.
    fn meet_one(&mut self, meeting: &mut Meeting, pairs: &mut Pairs) -> bool {
        let (row, other) = (meeting.done, opposite(meeting.side));
        let (key, time) = (meeting.rows.keys[row], meeting.rows.times[row]);
        let Some(timelines) = self.timelines.get(key as usize) else {
            return true;
        };
        let timeline = &timelines[other];
        if timeline.is_empty() || self.keys.is_lonely(key) {
            return true;
        }
        let bytes = meeting.row_bytes(row);
        let now = Timestamp::from_micros(time);
        let from = now.saturating_sub(self.reach[other]).as_micros();
        let to = now.saturating_add(self.reach[meeting.side]).as_micros();
        for entry in timeline.range(from, to, meeting.last) {
            let place = self.rows[other].place(entry.row);
            if self.kind.keeps(meeting.side) {
                meeting.rows.matched[row] = true;
            }
            if self.kind.keeps(other) {
                self.rows[other].mark(place);
            }
            let bytes = bytes.saturating_add(self.rows[other].row_bytes(place));
            pairs.push(row as u32, place, time.max(entry.time), bytes);
            if pairs.rows.len() >= BATCH_ROWS || pairs.bytes >= BATCH_BYTES {
                meeting.last = Some(entry);
                return false;
            }
        }
        true
    }

    /// Goes on with what was stopped because there was much to hand on. Says whether that is all.
    fn go_on(&mut self, limit: usize, out: &mut Outbox) -> anyhow::Result<bool> {
        if let Some(meeting) = self.meeting.take() {
            self.meet(meeting, limit, out)?;
        }
        Ok(self.meeting.is_none())
    }

    /// Hands on the rows of the output for new rows and those that they meet.
    fn hand_on(&self, meeting: &Meeting, pairs: Pairs, out: &mut Outbox) -> anyhow::Result<()> {
        let (side, rows) = (meeting.side, pairs.rows.len());
        if rows == 0 {
            return Ok(());
        }
        let new = Strand::of_batch(&meeting.rows.columns, pairs.rows);
        let places = pairs.places.into_iter().map(Some);
        let kept = Strand::of_places(self.rows[opposite(side)].chunks(), places);
        let strands = match side {
            Side::Left => Both {
                left: new,
                right: kept,
            },
            Side::Right => Both {
                left: kept,
                right: new,
            },
        };
        let (bounds, times) = (Bounds::default(), Some(pairs.times));
        out.push(self.weave.weave(rows, &strands, bounds, times)?);
        Ok(())
    }

    /// Keeps rows.
    fn keep(&mut self, side: Side, new: NewRows) -> anyhow::Result<()> {
        let new = new.with_keys()?;
        self.timelines.resize_with(self.keys.bound(), Both::default);
        let entries: Vec<(u32, i64)> = new
            .keys
            .iter()
            .copied()
            .zip(new.times.iter().copied())
            .collect();
        let mut row = self.rows[side].push(new)?;
        for (key, time) in entries {
            self.timelines[key as usize][side].insert(Entry { time, row });
            row.0 += 1;
        }
        Ok(())
    }

    /// Lets go the rows that can meet none any more.
    fn let_go(&mut self, watermark: Watermark) {
        let mut lone = Vec::new();
        let mut keys = Vec::new();
        for side in Both::<()>::SIDES {
            let until = match watermark {
                Watermark::END => Until::End,
                _ => Until::Before(
                    watermark
                        .time()
                        .saturating_sub(self.reach[side])
                        .as_micros(),
                ),
            };
            let keeps = self.kind.keeps(side);
            let timelines = &mut self.timelines;
            self.rows[side].let_go(until, |gone| {
                let timelines = &mut timelines[gone.key as usize];
                // The first of the rows of a key that go takes the others with it.
                let is_over = timelines[side].forget(until);
                if is_over && timelines[opposite(side)].is_empty() {
                    keys.push(gone.key);
                }
                if keeps && !gone.matched {
                    lone.push(Lone {
                        time: gone.time,
                        side,
                        key: gone.key,
                        place: gone.place,
                    });
                }
            });
        }
        self.leaving = Leaving::new(lone, &self.keys);
        for key in keys {
            self.keys.remove(key);
        }
    }

    /// Hands on the rows that leave next without having met another.
    fn leave(&mut self) -> anyhow::Result<Batch> {
        let stores = &self.rows;
        let bytes = |row: &Lone| stores[row.side].row_bytes(row.place);
        let rows = self.leaving.take(bytes);
        let places = |side| {
            let place = |row: &Lone| (row.side == side).then_some(row.place);
            Strand::of_places(self.rows[side].chunks(), rows.iter().map(place))
        };
        let strands = Both {
            left: places(Side::Left),
            right: places(Side::Right),
        };
        let times = rows.iter().map(|row| row.time).collect();
        self.weave
            .weave(rows.len(), &strands, Bounds::default(), Some(times))
    }
}

impl Operator for IntervalJoin {
    fn process(&mut self, side: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        if !self.go_on(usize::MAX, out)? {
            out.rest = Some(batch);
            return Ok(());
        }
        let batch = self.without_late(side, batch, out)?;
        let times = batch.times().context("a row has no event time")?.clone();
        self.metrics.absorbed.add(batch.rows());
        let keeps = self.kind.keeps(side);
        let rows = NewRows {
            columns: self.weave.kept(side, &batch),
            keys: self.keys.number(side, &batch, keeps)?,
            times,
            matched: vec![false; if keeps { batch.rows() } else { 0 }],
        };
        self.meet(Meeting::new(side, rows), ENOUGH_BATCHES, out)
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        if !self.go_on(usize::MAX, out)? {
            return Ok(Progress::More(self.held(self.watermark)));
        }
        if watermark > self.watermark {
            self.let_go(watermark);
            self.watermark = watermark;
        }
        let held = self.held(self.watermark);
        while let Some(time) = self.leaving.next_time() {
            if out.batches.len() >= ENOUGH_BATCHES {
                let reached = Watermark::at(Timestamp::from_micros(time));
                return Ok(Progress::More(held.min(reached)));
            }
            let batch = self.leave()?;
            out.push(batch);
        }
        self.leaving = Leaving::default();
        for side in Both::<()>::SIDES {
            self.rows[side].tidy()?;
        }
        Ok(Progress::Done(held))
    }

    fn tick(&mut self, _: Timestamp, out: &mut Outbox) -> anyhow::Result<Option<Progress>> {
        if self.meeting.is_none() {
            return Ok(None);
        }
        self.go_on(ENOUGH_BATCHES, out)?;
        let held = self.held(self.watermark);
        Ok(Some(match self.meeting {
            Some(_) => Progress::More(held),
            None => Progress::Done(held),
        }))
    }

    fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        ensure!(self.meeting.is_none(), "a join has more to hand on first");
        Ok(vec![Snapshot {
            watermark: self.held(self.watermark),
            tables: snapshot::write_down(self.watermark, &self.rows, &self.keys)?,
        }])
    }

    fn restore(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        let opened: Vec<_> = snapshots
            .iter()
            .map(snapshot::open)
            .collect::<Result<_, _>>()?;
        let reached = opened.iter().map(|(reached, _)| *reached).min();
        self.watermark = reached.unwrap_or(Watermark::START);
        for table in opened.iter().flat_map(|(_, tables)| *tables) {
            let width = |side| self.weave.width(side);
            let (side, mut new) = snapshot::take_up(table, share, width, &mut self.keys)?;
            if !self.kind.keeps(side) {
                new.matched.clear();
            }
            self.keep(side, new)?;
        }
        Ok(())
    }
}

#[cfg(test)]
impl IntervalJoin {
    /// In how many pieces how many rows of a side are kept, gone ones that take up room among them.
    pub(super) fn size(&self, side: Side) -> (usize, usize) {
        let chunks = self.rows[side].chunks();
        (chunks.len(), chunks.iter().map(|chunk| chunk.len()).sum())
    }

    /// How many keys are known.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }
}
