//! Keeps the first rows of each key and window in an order, and numbers them.
//!
//! Of rows that stand for themselves only the best are kept. Rows that replace each other are all kept,
//! as one that is not among the best may become one of them when another is replaced.

mod ranking;
mod snapshot;
#[cfg(test)]
mod tests;
mod windows;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, Int64Array},
    datatypes::SchemaRef,
};

use self::{
    ranking::{Offer, Ranking, Row},
    windows::{Assignment, Window, Windows},
};
use super::{
    BATCH_ROWS, Emit, Operator, Outbox, Progress, Resources, Side, StageSpec, TopWork, event_times,
};
use crate::{
    batch::{Batch, DataType, KeyEncoder, Keys, Origin},
    metrics::NodeMetrics,
    state::{KeyTable, RowStore, Share, Snapshot, portions},
    time::{Timestamp, Watermark},
};

/// The operator of `top = { … }`.
pub(super) struct Top {
    key: Columns,
    /// What rows are ordered by.
    order: Columns,
    /// What tells which row another one replaces.
    replaces: Option<Columns>,
    windows: Windows,
    /// How many rows are kept.
    n: usize,
    emit: Emit,
    keys: KeyTable,
    /// By the number of the key: in how many windows it has rows.
    holders: Vec<u32>,
    open: BTreeMap<Window, Rankings>,
    /// The columns of rows, and their event time.
    rows: RowStore,
    /// By the place of a row: in how many windows it is kept.
    references: Vec<u32>,
    /// How many rows have come.
    versions: u64,
    watermark: Watermark,
    /// The watermark of the output.
    reached: Watermark,
    input: SchemaRef,
    output: SchemaRef,
    late: Option<usize>,
    metrics: Arc<NodeMetrics>,
}

/// Columns of the input as bytes.
struct Columns {
    places: Vec<usize>,
    encoder: KeyEncoder,
}

/// The rows of a window.
#[derive(Default)]
struct Rankings {
    by_key: HashMap<u32, Ranking>,
    /// The earliest event time of its rows.
    earliest: Option<i64>,
}

/// Full batches after which the rows of windows are handed on before more are made.
const ENOUGH_BATCHES: usize = 4;

impl Columns {
    fn encode(&self, batch: &Batch) -> anyhow::Result<Keys> {
        let columns = self.places.iter();
        let columns: Vec<ArrayRef> = columns
            .map(|&place| Arc::clone(batch.column(place)))
            .collect();
        Ok(self.encoder.encode(&columns, batch.rows())?)
    }
}

impl Top {
    pub(super) fn open(
        spec: &StageSpec,
        work: &TopWork,
        resources: Resources,
    ) -> anyhow::Result<Self> {
        let fields = spec.input.fields();
        let arrow_type = |place: usize| fields[place].data_type.to_arrow();
        let plain = |places: &[usize]| -> anyhow::Result<Columns> {
            Ok(Columns {
                encoder: KeyEncoder::new(places.iter().map(|&place| arrow_type(place)))?,
                places: places.to_vec(),
            })
        };
        let order = work.by.iter();
        let order = order.map(|by| (arrow_type(by.column), by.descending));
        let types = fields.iter().map(|field| field.data_type);
        Ok(Self {
            key: plain(&work.key)?,
            order: Columns {
                encoder: KeyEncoder::ordered(order)?,
                places: work.by.iter().map(|by| by.column).collect(),
            },
            replaces: work.replaces.as_deref().map(plain).transpose()?,
            windows: Windows::new(work.window, &spec.input)?,
            n: usize::try_from(work.n.get()).unwrap_or(usize::MAX),
            emit: work.emit,
            keys: KeyTable::default(),
            holders: Vec::new(),
            open: BTreeMap::new(),
            rows: RowStore::new(types.chain([DataType::Int64])),
            references: Vec::new(),
            versions: 0,
            watermark: Watermark::START,
            reached: Watermark::START,
            input: spec.input.to_arrow(),
            output: spec.output.to_arrow(),
            late: spec.late,
            metrics: resources.metrics,
        })
    }

    /// Takes out the rows that are in no open window.
    fn leave_out(
        &self,
        batch: Batch,
        assignment: &Assignment,
        out: &mut Outbox,
    ) -> anyhow::Result<Batch> {
        self.metrics.filtered.add(assignment.outside);
        self.metrics.late.add(assignment.late.len());
        self.metrics.absorbed.add(assignment.kept.len());
        if assignment.kept.len() == batch.rows() {
            return Ok(batch);
        }
        if let Some(sink) = self.late
            && !assignment.late.is_empty()
        {
            out.late.push((sink, batch.take(&assignment.late)?));
        }
        Ok(batch.take(&assignment.kept)?)
    }

    /// Ranks the rows of a batch in their open windows. Returns the windows and keys whose rows have
    /// changed, perhaps more than once.
    fn rank(
        &mut self,
        batch: &Batch,
        assignment: &Assignment,
    ) -> anyhow::Result<Vec<(Window, u32)>> {
        let keys = self.key.encode(batch)?;
        let order = self.order.encode(batch)?;
        let replaces = self.replaces.as_ref();
        let replaces = replaces.map(|columns| columns.encode(batch)).transpose()?;
        let mut changed = Vec::new();
        // The rows of the batch that are kept, by their new places.
        let mut kept: HashMap<u32, u32> = HashMap::new();
        for row in 0..batch.rows() {
            let key = self.number(keys.get(row));
            self.versions += 1;
            let version = self.versions;
            let mut place = None;
            for &window in assignment.windows_of(row) {
                let rankings = self.open.entry(window).or_default();
                if let Some(time) = batch.times().map(|times| times[row]) {
                    let earliest = rankings.earliest.get_or_insert(time);
                    *earliest = time.min(*earliest);
                }
                let ranking = rankings.by_key.entry(key).or_insert_with(|| {
                    self.holders[key as usize] += 1;
                    Ranking::default()
                });
                let bytes = order.get(row);
                if replaces.is_none() && !ranking.has_room(bytes, self.n) {
                    continue;
                }
                let place = *place.get_or_insert_with(|| self.rows.reserve());
                let row_at = Row { place, version };
                let gone = match &replaces {
                    Some(replaces) => ranking.replace(replaces.get(row), bytes, row_at),
                    None => match ranking.offer(bytes, row_at, self.n) {
                        Offer::Refused => continue,
                        Offer::Taken(gone) => gone,
                    },
                };
                kept.insert(place, row as u32);
                self.hold(place);
                changed.push((window, key));
                if let Some(gone) = gone
                    && self.let_go(gone.place)
                {
                    kept.remove(&gone.place);
                }
            }
        }
        let (places, rows): (Vec<u32>, Vec<u32>) = kept.into_iter().unzip();
        let kept = batch.take(&rows)?;
        let mut columns = kept.record().columns().to_vec();
        columns.push(event_times::column(&kept));
        self.rows.fill(&places, &columns);
        Ok(changed)
    }

    /// The number of a key.
    fn number(&mut self, key: &[u8]) -> u32 {
        let (number, _) = self.keys.number(key);
        if self.holders.len() < self.keys.bound() {
            self.holders.resize(self.keys.bound(), 0);
        }
        number
    }

    /// Takes note that a window keeps the row at a place.
    fn hold(&mut self, place: u32) {
        let place = place as usize;
        if self.references.len() <= place {
            self.references.resize(place + 1, 0);
        }
        self.references[place] += 1;
    }

    /// Takes note that a window does not keep the row at a place any more. Returns whether it was the last
    /// one.
    fn let_go(&mut self, place: u32) -> bool {
        let references = &mut self.references[place as usize];
        *references -= 1;
        let is_last = *references == 0;
        if is_last {
            self.rows.release(place);
        }
        is_last
    }

    /// Hands on the rows whose rank has changed.
    fn announce(
        &mut self,
        mut changed: Vec<(Window, u32)>,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        changed.sort_unstable();
        changed.dedup();
        let key = |number: u32| self.keys.key(number);
        changed.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a.1).cmp(key(b.1))));
        let mut ready = Vec::new();
        for (window, key) in changed {
            let rankings = self.open.get_mut(&window);
            let ranking = rankings.and_then(|rankings| rankings.by_key.get_mut(&key));
            let changes = ranking.map(|ranking| ranking.changes(self.n));
            ready.extend(changes.unwrap_or_default());
        }
        self.hand_on(&ready, out)
    }

    /// Hands on rows with their places from 0.
    fn hand_on(&self, ready: &[(usize, Row)], out: &mut Outbox) -> anyhow::Result<()> {
        let sizes = ready.iter().map(|(_, row)| self.rows.weight_of(row.place));
        let portions = portions(sizes).into_iter().map(|rows| &ready[rows]);
        for ready in portions.flat_map(|ready| ready.chunks(BATCH_ROWS)) {
            let places: Vec<u32> = ready.iter().map(|(_, row)| row.place).collect();
            let mut columns = self.rows.gather(&places)?;
            let times = columns.pop().and_then(|times| event_times::of(&times));
            let ranks = ready.iter().map(|(place, _)| *place as i64 + 1);
            columns.push(Arc::new(Int64Array::from_iter_values(ranks)));
            let schema = Arc::clone(&self.output);
            out.push(Batch::new(
                schema,
                columns,
                ready.len(),
                times,
                Origin::Derived,
            )?);
        }
        Ok(())
    }

    /// Closes the windows that `to` closes, in order, and hands their rows on unless that was done.
    fn close(&mut self, to: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let mut ready = Vec::new();
        let mut closed = Vec::new();
        while let Some(first) = self.open.first_entry() {
            let end = first.key().end;
            if !to.closes(end) {
                break;
            }
            let rankings = first.remove();
            let mut keys: Vec<u32> = rankings.by_key.keys().copied().collect();
            self.keys.sort(&mut keys);
            if self.emit == Emit::Final {
                for key in &keys {
                    let best = rankings.by_key[key].best(self.n);
                    ready.extend(best.enumerate());
                }
            }
            closed.push((keys, rankings));
            if ready.len() >= ENOUGH_BATCHES * BATCH_ROWS && to != Watermark::at(end) {
                self.hand_on(&ready, out)?;
                self.drop_closed(closed);
                // The end of time is reached when all windows that are cut off there are closed.
                let end = end.min(Timestamp::from_micros(i64::MAX - 1));
                return Ok(Progress::More(self.reach(Watermark::at(end))));
            }
        }
        self.hand_on(&ready, out)?;
        self.drop_closed(closed);
        Ok(Progress::Done(self.reach(to)))
    }

    fn drop_closed(&mut self, closed: Vec<(Vec<u32>, Rankings)>) {
        for (keys, rankings) in closed {
            for ranking in rankings.by_key.values() {
                for (_, row) in ranking.rows() {
                    self.let_go(row.place);
                }
            }
            for key in keys {
                let holders = &mut self.holders[key as usize];
                *holders -= 1;
                if *holders == 0 {
                    self.keys.remove(key);
                }
            }
        }
    }

    /// Takes note of a watermark. Returns that of the output: behind no row that may still be handed on,
    /// for rows keep their event time.
    fn reach(&mut self, watermark: Watermark) -> Watermark {
        self.watermark = self.watermark.max(watermark);
        let mut reached = self.watermark;
        if reached < Watermark::END {
            let first = self.windows.first_time(self.watermark);
            let earliest = self.open.values().filter_map(|rankings| rankings.earliest);
            let earliest = || earliest.min().map(Timestamp::from_micros);
            if let Some(time) = first.or_else(earliest) {
                reached = reached.min(Watermark::at(time));
            }
        }
        self.reached = self.reached.max(reached);
        self.reached
    }
}

impl Operator for Top {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let assignment = self.windows.assign(&batch, self.watermark);
        let batch = self.leave_out(batch, &assignment, out)?;
        if batch.rows() == 0 {
            return Ok(());
        }
        let changed = self.rank(&batch, &assignment)?;
        if self.emit != Emit::Final {
            self.announce(changed, out)?;
        }
        Ok(())
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        self.close(watermark, out)
    }

    fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        self.write_down()
    }

    fn restore(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        self.take_up(snapshots, share)
    }
}
