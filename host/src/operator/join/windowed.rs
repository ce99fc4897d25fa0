//! Rows meet if they are in the same window.

use std::sync::Arc;

use arrow::array::ArrayRef;

use super::{
    ENOUGH_BATCHES,
    both::Both,
    keys::JoinKeys,
    pairing::{Pair, Pairing},
    panes::{Due, Panes},
    snapshot,
    store::{NewRows, RowId, Store, Until},
    strand::Strand,
    weave::{Bounds, Weave},
};
use crate::{
    batch::Batch,
    metrics::NodeMetrics,
    operator::{
        BATCH_BYTES, BATCH_ROWS, JoinKind, JoinWork, Operator, Outbox, Progress, Side, StageSpec,
        touched::Touched,
    },
    state::{Share, Snapshot},
    time::{Timestamp, Watermark},
    window::{Slice, WindowKind},
};

/// The operator of `join = { window = … }`.
///
/// Rows are kept until the last of their windows is over, each once. The pairs of a window are made
/// when it closes.
pub(super) struct WindowJoin {
    kind: JoinKind,
    /// Whether windows have a start and an end.
    timed: bool,
    keys: JoinKeys,
    /// By the number of the key: how many rows have it.
    holders: Vec<u32>,
    rows: Both<Store>,
    panes: Panes,
    /// Where the starts of windows are among the columns that are kept, if rows name them.
    starts: Option<Both<usize>>,
    /// After a restart, until the windows are closed that some subtasks before had closed and others not.
    closed: Vec<Closed>,
    /// The window that is being closed.
    closing: Option<(Due, Pairing)>,
    watermark: Watermark,
    /// How far the output has come.
    reached: Watermark,
    weave: Weave,
    late: Option<usize>,
    metrics: Arc<NodeMetrics>,
    /// Used again from window to window, for its memory.
    touched: Touched,
}

/// Rows of one side, from the first to before the second, some of whose windows were closed before a
/// restart.
struct Closed {
    side: Side,
    rows: [RowId; 2],
    /// What has closed them.
    by: Watermark,
}

impl WindowJoin {
    pub(super) fn open(
        spec: &StageSpec,
        work: &JoinWork,
        window: WindowKind,
        metrics: &Arc<NodeMetrics>,
    ) -> anyhow::Result<Self> {
        let panes = Panes::new(window, &spec.input, &spec.right)?;
        let mut weave = Weave::new(spec, work);
        let starts = match &panes {
            Panes::Sliced { .. } => None,
            Panes::Named { columns, .. } => Some(Both {
                left: weave.keep(Side::Left, columns.left[0]),
                right: weave.keep(Side::Right, columns.right[0]),
            }),
        };
        Ok(Self {
            kind: work.kind,
            timed: window.has_bounds(),
            keys: JoinKeys::new(spec, work)?,
            holders: Vec::new(),
            rows: Both::default(),
            panes,
            starts,
            closed: Vec::new(),
            closing: None,
            watermark: Watermark::START,
            reached: Watermark::START,
            weave,
            late: spec.late,
            metrics: Arc::clone(metrics),
            touched: Touched::default(),
        })
    }

    /// Keeps rows. Returns the first, and the one that will come after them.
    fn keep(&mut self, side: Side, new: NewRows) -> anyhow::Result<[RowId; 2]> {
        let new = new.with_keys()?;
        self.holders.resize(self.keys.bound(), 0);
        for &key in &new.keys {
            self.holders[key as usize] += 1;
        }
        let times = new.times.clone();
        let starts = self.starts.as_ref();
        let starts = starts.map(|starts| ArrayRef::clone(&new.columns[starts[side]]));
        let first = self.rows[side].push(new)?;
        self.panes.add(side, first, &times, starts.as_ref())?;
        let end = RowId(first.0 + times.len() as u64);
        Ok([first, end])
    }

    /// Prepares the pairs of a window.
    fn pairing(&mut self, due: Due) -> Pairing {
        let rows = |side| {
            let (mut rows, store) = (self.panes.rows(due, side), &self.rows[side]);
            for closed in self.closed.iter().filter(|closed| closed.side == side) {
                let [first, end] = closed.rows;
                let is_over = closed.by.closes(due.window.end);
                rows.retain(|row| !is_over || *row < first || end <= *row);
            }
            let places = rows.into_iter().map(|row| store.place(row));
            places.map(|place| (store.key(place), place)).collect()
        };
        let rows = Both {
            left: rows(Side::Left),
            right: rows(Side::Right),
        };
        Pairing::new(&rows, self.kind, &self.keys, &mut self.touched)
    }

    /// Makes rows of the output for the windows that `to` closes, a batch at most.
    fn next_batch(&mut self, to: Watermark) -> anyhow::Result<Option<Batch>> {
        let mut pairs: Vec<Pair> = Vec::new();
        let mut bounds = Bounds::default();
        let mut times = Vec::new();
        let mut bytes = 0_usize;
        while pairs.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some((due, pairing)) = &mut self.closing else {
                let Some(due) = self.panes.due(to) else {
                    break;
                };
                self.closing = Some((due, self.pairing(due)));
                if self.timed {
                    let last = Watermark::at(last_instant(due.window));
                    self.reached = self.reached.max(last);
                }
                continue;
            };
            let Some(pair) = pairing.next() else {
                self.panes.close(*due);
                self.closing = None;
                continue;
            };
            for side in Both::<()>::SIDES {
                let row_bytes = pair[side].map(|place| self.rows[side].row_bytes(place));
                bytes = bytes.saturating_add(row_bytes.unwrap_or_default());
            }
            pairs.push(pair);
            times.push(last_instant(due.window).as_micros());
            bounds.starts.push(due.window.start.as_micros());
            bounds.ends.push(due.window.end.as_micros());
        }
        if pairs.is_empty() {
            return Ok(None);
        }
        let times = self.timed.then_some(times);
        let strand = |side: Side| {
            let places = pairs.iter().map(|pair| pair[side]);
            Strand::of_places(self.rows[side].chunks(), places)
        };
        let strands = Both {
            left: strand(Side::Left),
            right: strand(Side::Right),
        };
        self.weave
            .weave(pairs.len(), &strands, bounds, times)
            .map(Some)
    }

    /// Hands on the rows of the windows that `to` closes. Returns whether these are all.
    fn close(&mut self, to: Watermark, out: &mut Outbox) -> anyhow::Result<bool> {
        while let Some(batch) = self.next_batch(to)? {
            out.push(batch);
            if out.batches.len() >= ENOUGH_BATCHES {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes note that all windows are closed that `watermark` closes.
    fn reach(&mut self, watermark: Watermark) -> anyhow::Result<()> {
        self.watermark = watermark;
        self.reached = watermark;
        let until = self.panes.reach(watermark);
        self.let_go(until)
    }

    /// Lets go the rows that are in no window any more.
    fn let_go(&mut self, until: Until) -> anyhow::Result<()> {
        for side in Both::<()>::SIDES {
            let (keys, holders) = (&mut self.keys, &mut self.holders);
            self.rows[side].let_go(until, |gone| {
                let holders = &mut holders[gone.key as usize];
                *holders -= 1;
                if *holders == 0 {
                    keys.remove(gone.key);
                }
            });
            self.rows[side].tidy()?;
        }
        Ok(())
    }
}

impl Operator for WindowJoin {
    fn process(&mut self, side: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let sorted = self.panes.sort(side, &batch, self.watermark);
        self.metrics.filtered.add(sorted.outside);
        self.metrics.late.add(sorted.late.len());
        self.metrics.absorbed.add(sorted.kept.len());
        if let (Some(sink), Side::Left, false) = (self.late, side, sorted.late.is_empty()) {
            out.late.push((sink, batch.take(&sorted.late)?));
        }
        let batch = if sorted.kept.len() == batch.rows() {
            batch
        } else {
            batch.take(&sorted.kept)?
        };
        let new = NewRows {
            columns: self.weave.kept(side, &batch),
            keys: self.keys.number(side, &batch, self.kind.keeps(side))?,
            times: sorted.times.into(),
            matched: Vec::new(),
        };
        self.keep(side, new)?;
        Ok(())
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        if !self.close(watermark, out)? {
            return Ok(Progress::More(self.reached));
        }
        if watermark > self.watermark {
            self.reach(watermark)?;
        }
        Ok(Progress::Done(self.reached))
    }

    /// After a restart closes the windows that some of the subtasks before had closed.
    fn tick(&mut self, _: Timestamp, out: &mut Outbox) -> anyhow::Result<Option<Progress>> {
        if self.closed.is_empty() {
            return Ok(None);
        }
        if !self.close(self.watermark, out)? {
            return Ok(Some(Progress::More(self.reached)));
        }
        self.closed.clear();
        self.reach(self.watermark)?;
        Ok(Some(Progress::Done(self.reached)))
    }

    fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        Ok(vec![Snapshot {
            watermark: self.watermark,
            tables: snapshot::write_down(self.watermark, &self.rows, &self.keys)?,
        }])
    }

    fn restore(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        let opened: Vec<_> = snapshots
            .iter()
            .map(snapshot::open)
            .collect::<Result<_, _>>()?;
        let watermarks = || opened.iter().map(|(reached, _)| *reached);
        // Subtasks need not be equally far: inputs that are idle may be seen in different orders. What the
        // others had yet to close is closed before anything comes; no window is closed twice.
        self.reached = watermarks().min().unwrap_or(Watermark::START);
        self.watermark = watermarks().max().unwrap_or(Watermark::START);
        self.panes.reach(self.reached);
        for (by, tables) in &opened {
            for table in *tables {
                let width = |side| self.weave.width(side);
                let (side, mut new) = snapshot::take_up(table, share, width, &mut self.keys)?;
                new.matched.clear();
                let rows = self.keep(side, new)?;
                if self.reached < self.watermark {
                    let by = *by;
                    self.closed.push(Closed { side, rows, by });
                }
            }
        }
        Ok(())
    }
}

/// The last instant of a window: the row belongs to whatever window that belongs to.
fn last_instant(window: Slice) -> Timestamp {
    Timestamp::from_micros(window.end.as_micros().saturating_sub(1))
}
