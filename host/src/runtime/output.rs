//! The sending end of an edge.

use std::sync::Arc;

use arrow::array::ArrayRef;

use super::message::{Event, Message, Sender};
use crate::{
    batch::{Batch, KeyEncoder, KeyHash, KeyMemo},
    connector::Pending,
    operator::Side,
    time::Watermark,
};

/// Sends the rows of one subtask to the subtasks of another vertex.
pub(super) struct Output {
    /// One a subtask, with the number by which that subtask knows this input.
    to: Vec<(Sender, usize)>,
    /// The side of the receivers that takes the rows.
    side: Side,
    exchange: Option<Exchange>,
}

/// Sends each row to the subtask that owns its key.
struct Exchange {
    key: Vec<usize>,
    encoder: KeyEncoder,
    /// The owners of keys that were seen lately.
    owners: KeyMemo,
    /// The rows for each subtask; kept for its memory.
    rows: Vec<Vec<u32>>,
}

impl Output {
    /// An output to one subtask, or to the owner of each row's key among several.
    pub(super) fn new(
        to: Vec<(Sender, usize)>,
        side: Side,
        key: Vec<usize>,
        encoder: KeyEncoder,
    ) -> Self {
        let exchange = (to.len() > 1).then(|| Exchange {
            rows: vec![Vec::new(); to.len()],
            key,
            encoder,
            owners: KeyMemo::default(),
        });
        Self { to, side, exchange }
    }

    /// Sends rows; waits while the receiver has enough to do.
    pub(super) fn batch(&mut self, batch: Batch) -> anyhow::Result<()> {
        let Some(exchange) = &mut self.exchange else {
            return self.send(0, Event::Batch(self.side, batch));
        };
        exchange.assign(&batch)?;
        for subtask in 0..self.to.len() {
            let rows = self
                .exchange
                .as_ref()
                .map_or(&[][..], |exchange| &exchange.rows[subtask]);
            if !rows.is_empty() {
                let rows = batch.take(rows)?;
                self.send(subtask, Event::Batch(self.side, rows))?;
            }
        }
        Ok(())
    }

    /// What each of the receivers has to do.
    pub(super) fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.to.iter().map(|(sender, _)| sender.pending())
    }

    /// Tells every subtask how far event time has come.
    pub(super) fn watermark(&self, watermark: Watermark) -> anyhow::Result<()> {
        self.broadcast(&Event::Watermark(watermark))
    }

    /// Tells every subtask that nothing may follow for long.
    pub(super) fn idle(&self) -> anyhow::Result<()> {
        self.broadcast(&Event::Idle)
    }

    /// Tells every subtask which rows belong to a checkpoint.
    pub(super) fn barrier(&self, number: u64) -> anyhow::Result<()> {
        self.broadcast(&Event::Barrier(number))
    }

    /// Tells every subtask that nothing will follow.
    pub(super) fn end(&self) -> anyhow::Result<()> {
        self.broadcast(&Event::End)
    }

    fn broadcast(&self, event: &Event) -> anyhow::Result<()> {
        (0..self.to.len()).try_for_each(|subtask| self.send(subtask, event.clone()))
    }

    fn send(&self, subtask: usize, event: Event) -> anyhow::Result<()> {
        let (sender, input) = &self.to[subtask];
        let message = Message {
            input: *input,
            event,
        };
        Ok(sender.send(message)?)
    }
}

impl Exchange {
    fn assign(&mut self, batch: &Batch) -> anyhow::Result<()> {
        let columns: Vec<ArrayRef> = self
            .key
            .iter()
            .map(|&place| Arc::clone(batch.column(place)))
            .collect();
        let subtasks = self.rows.len();
        let encoder = &self.encoder;
        let owners = self
            .owners
            .numbers(&columns, batch.rows(), |columns, rows| {
                let keys = encoder.encode(columns, rows)?;
                let owner = |row| KeyHash::of(keys.get(row)).subtask(subtasks) as u32;
                anyhow::Ok((0..rows).map(owner).collect())
            })?;
        self.rows.iter_mut().for_each(Vec::clear);
        for (row, owner) in (0..).zip(owners) {
            self.rows[owner as usize].push(row);
        }
        Ok(())
    }
}
