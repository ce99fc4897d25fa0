//! Shows the rows of each key to a function that remembers.

use std::sync::Arc;

use anyhow::Context;
use arrow::array::ArrayRef;

use super::{
    Call, Guests, Operator, Outbox, ProcessWork, Progress, RejectionPolicy, Side, StageSpec,
    children::Children, guest, isolation::isolate, projection::Projection, touched::Touched,
};
use crate::{
    batch::{Batch, KeyEncoder},
    metrics::NodeMetrics,
    state::{KeyTable, StateTable},
    time::Watermark,
    wasm::Columns,
};

/// The operator of `process = "…"`. The state of a key is made when its first row comes.
pub(super) struct Process {
    name: Arc<str>,
    key: Vec<usize>,
    encoder: KeyEncoder,
    keys: KeyTable,
    state: StateTable,
    /// The state of a key that has seen no row.
    blank: Option<Vec<ArrayRef>>,
    touched: Touched,
    call: Call,
    guests: Guests,
    projection: Projection,
    rejects: RejectionPolicy,
    metrics: Arc<NodeMetrics>,
}

impl Process {
    pub(super) fn open(
        spec: &StageSpec,
        work: &ProcessWork,
        guests: Guests,
        metrics: &Arc<NodeMetrics>,
    ) -> anyhow::Result<Self> {
        let ProcessWork {
            key, call, output, ..
        } = work;
        Ok(Self {
            name: Arc::clone(&spec.name),
            key: key.to_vec(),
            encoder: KeyEncoder::new(
                key.iter()
                    .map(|&place| spec.input.fields()[place].data_type.to_arrow()),
            )?,
            keys: KeyTable::default(),
            state: StateTable::new(&call.function.state),
            blank: None,
            touched: Touched::default(),
            rejects: RejectionPolicy::of_stage(spec, guests.digest(call), metrics),
            projection: Projection::new(spec, output),
            call: call.clone(),
            guests,
            metrics: Arc::clone(metrics),
        })
    }

    /// The number of each row's key; keys seen for the first time get a blank state.
    fn number_keys(&mut self, batch: &Batch) -> anyhow::Result<Vec<u32>> {
        let columns: Vec<ArrayRef> = self
            .key
            .iter()
            .map(|&place| Arc::clone(batch.column(place)))
            .collect();
        let keys = self.encoder.encode(&columns, batch.rows())?;
        let numbers: Vec<u32> = (0..keys.len())
            .map(|row| self.keys.number(keys.get(row)).0)
            .collect();
        if self.blank.is_none() {
            let call = &self.call;
            let blank = self
                .guests
                .call(call, |instance| instance.process_init(&call.function, 1))
                .with_context(|| format!("stage `{}` cannot make a state", self.name))?;
            self.blank = Some(blank);
        }
        let blank = self.blank.as_deref().unwrap_or_default();
        self.state
            .append_copies(self.keys.len() - self.state.rows(), blank)?;
        Ok(numbers)
    }
}

impl Operator for Process {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        let numbers = self.number_keys(&batch)?;
        let arguments = guest::arguments(&self.call.arguments, &batch)?;
        let mut children = Children::default();
        let patience = self.rejects.patience();
        let Self {
            guests,
            call,
            state,
            touched,
            ..
        } = self;
        // The state changes between two attempts, so both closures need it, one at a time.
        let state = std::cell::RefCell::new(state);
        let failed = isolate(
            0..batch.rows(),
            patience,
            &mut |rows| {
                let (places, groups) = touched.of(&numbers[rows.clone()]);
                let before = state.borrow().gather(&places);
                let arguments = guest::slice(&arguments, &rows);
                let output = guests.call(call, |instance| {
                    let state = Columns {
                        rows: places.len(),
                        arrays: &before,
                    };
                    let arguments = Columns {
                        rows: rows.len(),
                        arrays: &arguments,
                    };
                    instance.process(&call.function, state, &groups, arguments)
                })?;
                Ok((places, output))
            },
            &mut |rows, (places, output)| {
                state.borrow_mut().scatter(&places, &output.state, 0);
                let (parents, columns) = (&output.parents, output.columns);
                children.add(rows.start, parents, columns, output.errors);
            },
        );
        children.hand_on(
            failed,
            &batch,
            &self.projection,
            &mut self.rejects,
            &self.metrics,
            out,
        )
    }

    fn advance(&mut self, watermark: Watermark, _: &mut Outbox) -> anyhow::Result<Progress> {
        Ok(Progress::Done(watermark))
    }
}
