//! Shows the rows of each key to a function that remembers.
//!
//! Rows of a key are shown as they come: there are no windows here and no row is late. The state of a
//! key is forgotten when no row of it has come for some time, if the stage says so.

mod states;

use std::{cell::RefCell, sync::Arc};

use arrow::array::ArrayRef;

use self::states::{Opened, States};
use super::{
    Call, Guests, Operator, Outbox, ProcessWork, Progress, RejectionPolicy, Resources, Side,
    StageSpec, TimeDomain, children::Children, failure::BadRows, guest, isolation::isolate,
    patience::Patience, projection::Projection, state_table, touched::Touched,
};
use crate::{
    batch::{Batch, KeyEncoder},
    metrics::NodeMetrics,
    state::{Share, Snapshot},
    time::{Clock, Timestamp, Watermark},
    wasm::Columns,
};

/// The operator of `process = "…"`.
pub(super) struct Process {
    key: Vec<usize>,
    encoder: KeyEncoder,
    states: States,
    time: TimeDomain,
    watermark: Watermark,
    /// How far the clock has come.
    now: Timestamp,
    touched: Touched,
    call: Call,
    guests: Guests,
    projection: Projection,
    rejects: RejectionPolicy,
    metrics: Arc<NodeMetrics>,
    clock: Arc<dyn Clock>,
}

impl Process {
    pub(super) fn open(
        spec: &StageSpec,
        work: &ProcessWork,
        resources: Resources,
    ) -> anyhow::Result<Self> {
        let Resources {
            guests,
            metrics,
            clock,
            ..
        } = resources;
        let call = &work.call;
        let types = work.key.iter();
        let types = types.map(|&place| spec.input.fields()[place].data_type.to_arrow());
        Ok(Self {
            encoder: KeyEncoder::new(types)?,
            key: work.key.clone(),
            states: States::new(&call.function.state, work.ttl),
            time: work.time,
            watermark: Watermark::START,
            now: Watermark::START.time(),
            touched: Touched::default(),
            rejects: RejectionPolicy::of_stage(spec, &metrics),
            projection: Projection::new(spec, &work.output),
            call: call.clone(),
            guests,
            metrics,
            clock,
        })
    }

    /// How far the time has come by which states are forgotten.
    fn now(&mut self) -> Timestamp {
        match self.time {
            TimeDomain::Event => self.watermark.time(),
            TimeDomain::Processing => {
                // A clock that is set back does not bring back what was forgotten.
                self.now = self.now.max(self.clock.now());
                self.now
            }
        }
    }

    /// Shows rows to the function, and takes note of those that it has accepted. Returns those on which
    /// it has failed.
    fn show(
        &mut self,
        opened: &Opened,
        arguments: &[ArrayRef],
        patience: &mut Patience,
        accepted: &mut [bool],
        children: &mut Children,
    ) -> BadRows {
        let (guests, touched) = (&mut self.guests, &mut self.touched);
        // The states change between two attempts, so both closures need them, one at a time.
        let states = RefCell::new(&mut self.states);
        isolate(
            opened.rows.clone(),
            patience,
            &mut |rows, pace| {
                let (places, groups) = touched.of(opened.places_of(&rows));
                let before = states.borrow().gather(&places);
                let arguments = guest::slice(arguments, &rows);
                let output = guests.call(0, pace, |instance, function| {
                    let state = Columns {
                        rows: places.len(),
                        arrays: &before,
                    };
                    let arguments = Columns {
                        rows: rows.len(),
                        arrays: &arguments,
                    };
                    instance.process(function, state, &groups, arguments)
                })?;
                let refused = guests.refused(0, output.errors);
                Ok((
                    places,
                    output.state,
                    output.parents,
                    output.columns,
                    refused,
                ))
            },
            &mut |rows, (places, state, parents, columns, refused)| {
                states.borrow_mut().scatter(&places, &state);
                accepted[rows.clone()].fill(true);
                for bad in &refused {
                    accepted[rows.start + bad.row] = false;
                }
                children.add(rows.start, &parents, columns, refused);
            },
        )
    }

    /// When the operator wants to be told the time.
    fn wake_at(&self) -> Option<Timestamp> {
        match self.time {
            TimeDomain::Event => None,
            TimeDomain::Processing => self.states.next_expiry(),
        }
    }
}

impl Operator for Process {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let now = self.now();
        let times = match self.time {
            TimeDomain::Event => batch.times().cloned(),
            TimeDomain::Processing => None,
        };
        let time = |row: usize| times.as_ref().map_or(now.as_micros(), |times| times[row]);
        let columns = self.key.iter();
        let columns: Vec<ArrayRef> = columns
            .map(|&place| Arc::clone(batch.column(place)))
            .collect();
        let keys = self.encoder.encode(&columns, batch.rows())?;
        let arguments = guest::arguments(&self.call.arguments, &batch)?;
        let mut children = Children::default();
        let mut failed = BadRows::default();
        // One for all runs: what a run has lost, the next one does not get again.
        let mut patience = self.rejects.patience();
        let mut accepted = vec![false; batch.rows()];
        let mut start = 0;
        while start < batch.rows() {
            let blank = self.guests.blank(0);
            let opened = self.states.open(&keys, start, blank, time, now);
            let more = self.show(
                &opened,
                &arguments,
                &mut patience,
                &mut accepted,
                &mut children,
            );
            failed.include(more);
            self.states.close(&opened, time, &accepted, now);
            start = opened.rows.end;
        }
        out.wake_at = self.wake_at();
        children.hand_on(
            failed,
            &batch,
            &self.projection,
            &mut self.rejects,
            &self.metrics,
            out,
        )
    }

    fn guests(&mut self) -> Option<&mut Guests> {
        Some(&mut self.guests)
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        self.watermark = self.watermark.max(watermark);
        let now = self.now();
        self.states.expire(now);
        out.wake_at = self.wake_at();
        Ok(Progress::Done(self.watermark))
    }

    fn tick(&mut self, _: Timestamp, out: &mut Outbox) -> anyhow::Result<Option<Progress>> {
        let now = self.now();
        self.states.expire(now);
        out.wake_at = self.wake_at();
        Ok(None)
    }

    fn snapshot(&mut self) -> anyhow::Result<Option<Snapshot>> {
        let now = self.now();
        self.states.expire(now);
        Ok(Some(Snapshot {
            watermark: self.watermark,
            tables: vec![state_table::of_columns(self.states.write_down())?],
        }))
    }

    fn restore(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        self.watermark = state_table::reached(snapshots);
        let now = self.now();
        for snapshot in snapshots {
            let table = state_table::get(snapshot, 0)?;
            self.states.take_up(table.columns(), share, now)?;
        }
        Ok(())
    }
}
