//! The sending end of an edge.

use std::{mem, sync::Arc};

use arrow::array::ArrayRef;

use super::message::{Event, Message, Sender};
use crate::{
    batch::{Batch, KeyEncoder, KeyHash, KeyIssuer, KeyMemo, Part},
    connector::Pending,
    operator::Side,
    time::Watermark,
};

/// Sends the rows of one subtask to the subtasks of another vertex.
///
/// Rows and watermarks are held until they are [flushed](Self::flush), or something else follows them: a subtask
/// that is woken for rows would be woken again for the watermark behind them.
pub(super) struct Output {
    to: Vec<Receiver>,
    /// The side of the receivers that takes the rows.
    side: Side,
    exchange: Option<Exchange>,
}

/// A subtask that rows are sent to.
struct Receiver {
    sender: Sender,
    /// The number by which it knows this input.
    input: usize,
    /// What it has yet to be sent.
    held: Vec<Event>,
}

/// Sends each row to the subtask that owns its key.
struct Exchange {
    key: Vec<usize>,
    encoder: KeyEncoder,
    /// The ids of keys that were seen lately; their owners if there are no ids.
    memo: KeyMemo,
    ids: Option<Ids>,
}

/// What the keys are called that rows are sent by.
struct Ids {
    issuer: KeyIssuer,
    /// By id.
    owners: Vec<u32>,
}

/// More keys are not given ids: each of those who get the rows would have as many to know.
const MAX_IDS: usize = 1 << 16;

impl Output {
    /// An output to one subtask, or to the owner of each row's key among several; each with the number by which
    /// it knows this input.
    pub(super) fn new(
        to: Vec<(Sender, usize)>,
        side: Side,
        key: Vec<usize>,
        encoder: KeyEncoder,
    ) -> Self {
        let exchange = (to.len() > 1).then(|| Exchange {
            ids: Some(Ids {
                issuer: KeyIssuer::new(&key),
                owners: Vec::new(),
            }),
            key,
            encoder,
            memo: KeyMemo::default(),
        });
        let to = to.into_iter().map(|(sender, input)| Receiver {
            sender,
            input,
            held: Vec::new(),
        });
        Self {
            to: to.collect(),
            side,
            exchange,
        }
    }

    /// Holds rows; sends those that were held before.
    pub(super) fn batch(&mut self, batch: Batch) -> anyhow::Result<()> {
        self.flush()?;
        let side = self.side;
        let Some(exchange) = &mut self.exchange else {
            self.to[0].held.push(Event::Batch(side, batch));
            return Ok(());
        };
        let parts = exchange.split(&batch, self.to.len())?;
        for (receiver, part) in self.to.iter_mut().zip(parts) {
            if !part.is_empty() {
                receiver.held.push(Event::Part(side, part));
            }
        }
        Ok(())
    }

    /// Sends rows at once.
    pub(super) fn batch_now(&mut self, batch: Batch) -> anyhow::Result<()> {
        self.batch(batch)?;
        self.flush()
    }

    /// What each of the receivers has to do.
    pub(super) fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.to.iter().map(|receiver| receiver.sender.pending())
    }

    /// Tells every subtask how far event time has come, behind the rows that are held.
    pub(super) fn watermark(&mut self, watermark: Watermark) {
        self.hold(&Event::Watermark(watermark));
    }

    /// Tells every subtask that nothing may follow for long.
    pub(super) fn idle(&mut self) -> anyhow::Result<()> {
        self.hold(&Event::Idle);
        self.flush()
    }

    /// Tells every subtask which rows belong to a checkpoint.
    pub(super) fn barrier(&mut self, number: u64) -> anyhow::Result<()> {
        self.hold(&Event::Barrier(number));
        self.flush()
    }

    /// Tells every subtask that nothing will follow.
    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        self.hold(&Event::End);
        self.flush()
    }

    /// Sends what is held; waits while a receiver has enough to do.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.to.iter_mut().try_for_each(Receiver::flush)
    }

    fn hold(&mut self, event: &Event) {
        for receiver in &mut self.to {
            receiver.held.push(event.clone());
        }
    }
}

impl Receiver {
    fn flush(&mut self) -> anyhow::Result<()> {
        let mut held = mem::take(&mut self.held);
        let event = match held.len() {
            0 => return Ok(()),
            1 => held.remove(0),
            _ => Event::Several(held),
        };
        let input = self.input;
        Ok(self.sender.send(Message { input, event })?)
    }
}

impl Exchange {
    /// The rows for each of so many subtasks.
    fn split(&mut self, batch: &Batch, subtasks: usize) -> anyhow::Result<Vec<Part>> {
        let columns = self
            .key
            .iter()
            .map(|&place| Arc::clone(batch.column(place)));
        let columns: Vec<ArrayRef> = columns.collect();
        let encoder = &self.encoder;
        let find = |columns: &[ArrayRef], rows| {
            let keys = encoder.encode(columns, rows)?;
            let owner = |row| KeyHash::of(keys.get(row)).subtask(subtasks) as u32;
            anyhow::Ok((0..rows).map(owner).collect::<Vec<u32>>())
        };
        let Some(Ids { issuer, owners }) = &mut self.ids else {
            let owners = self.memo.numbers(&columns, batch.rows(), find)?;
            return Ok(Part::split(batch, owners.into_iter(), subtasks));
        };
        let ids = self.memo.numbers(&columns, batch.rows(), |columns, rows| {
            let first = owners.len() as u32;
            owners.extend(find(columns, rows)?);
            anyhow::Ok((first..owners.len() as u32).collect())
        })?;
        let batch_owners = ids.iter().map(|&id| owners[id as usize]);
        let parts = Part::split(batch, batch_owners, subtasks);
        let ids = issuer.ids(ids);
        if owners.len() > MAX_IDS {
            self.ids = None;
            self.memo.forget();
        }
        let parts = parts.into_iter();
        Ok(parts.map(|part| part.with_key_ids(ids.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, ops::Range};

    use arrow::{
        array::{AsArray, Int64Array},
        datatypes::{DataType as ArrowType, Int64Type},
    };

    use super::*;
    use crate::{
        batch::{DataType, Field, Origin, Schema},
        runtime::message::{Capacity, Inbox},
        time::Timestamp,
    };

    /// An output by key to so many subtasks, and what they get.
    fn output(subtasks: usize) -> (Output, Vec<Inbox>) {
        let channels = (0..subtasks).map(|_| Capacity::Unbounded.channel(1));
        let (senders, inboxes): (Vec<_>, Vec<_>) = channels.unzip();
        let to = senders.into_iter().map(|sender| (sender, 0)).collect();
        let encoder = KeyEncoder::new([ArrowType::Int64]).expect("a type of keys");
        (Output::new(to, Side::Left, vec![0], encoder), inboxes)
    }

    fn keys(keys: Range<i64>) -> Batch {
        let column = Int64Array::from_iter_values(keys);
        let rows = column.len();
        let column: ArrayRef = Arc::new(column);
        let schema = Schema::new(vec![Field::required("key", DataType::Int64)]).expect("a schema");
        let batch = Batch::new(schema.to_arrow(), vec![column], rows, None, Origin::Derived);
        batch.expect("a batch")
    }

    /// What has come to a subtask, one thing after the other, and in how many messages.
    fn received(inbox: &Inbox) -> (Vec<Event>, usize) {
        let messages = std::iter::from_fn(|| inbox.try_recv().ok());
        let messages: Vec<Message> = messages.collect();
        let count = messages.len();
        let events = messages
            .into_iter()
            .flat_map(|message| match message.event {
                Event::Several(events) => events,
                event => vec![event],
            });
        (events.collect(), count)
    }

    #[test]
    fn a_watermark_goes_with_the_rows_before_it_and_a_barrier_behind_both() -> anyhow::Result<()> {
        let (mut output, inboxes) = output(1);
        output.batch(keys(0..3))?;
        output.watermark(Watermark::at(Timestamp::from_micros(7)));
        assert!(inboxes[0].try_recv().is_err(), "it is held");
        output.flush()?;
        let (events, messages) = received(&inboxes[0]);
        assert!(matches!(
            events[..],
            [Event::Batch(..), Event::Watermark(_)]
        ));
        assert_eq!(messages, 1);
        output.batch(keys(0..3))?;
        output.barrier(1)?;
        let (events, _) = received(&inboxes[0]);
        assert!(matches!(events[..], [Event::Batch(..), Event::Barrier(1)]));
        output.batch(keys(0..3))?;
        output.end()?;
        output.flush()?;
        let (events, _) = received(&inboxes[0]);
        assert!(matches!(events[..], [Event::Batch(..), Event::End]));
        Ok(())
    }

    #[test]
    fn a_key_has_one_owner_however_many_there_are() -> anyhow::Result<()> {
        let (mut output, inboxes) = output(3);
        let mut owners = HashMap::new();
        // The first keys again, when there are more than are given ids.
        let batches = (0..10).map(|batch| (batch % 9) * 8192..(batch % 9 + 1) * 8192);
        for rows in batches {
            output.batch_now(keys(rows))?;
            let mut all = 0;
            for (owner, inbox) in inboxes.iter().enumerate() {
                for event in received(inbox).0 {
                    let Event::Part(_, part) = event else {
                        panic!("rows, not {event:?}");
                    };
                    let batch = part.into_batch()?;
                    all += batch.rows();
                    for &key in batch.column(0).as_primitive::<Int64Type>().values() {
                        assert_eq!(*owners.entry(key).or_insert(owner), owner);
                    }
                }
            }
            assert_eq!(all, 8192);
        }
        assert_eq!(owners.len(), 9 * 8192);
        Ok(())
    }
}
