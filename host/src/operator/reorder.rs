//! Puts the rows of windows that several subtasks have made into one order.

use arrow::{
    array::{ArrayRef, AsArray},
    datatypes::TimestampMicrosecondType,
};

use super::{Operator, Outbox, Progress, Side};
use crate::{
    batch::{Batch, KeyEncoder, Schema},
    time::{Timestamp, Watermark},
};

/// Holds the rows of windows back until every subtask has fired them, and hands them on in the
/// order of window end, then key: the same at any parallelism.
pub struct Reorder {
    /// The place of the window's end; `None` for global windows, which end with the input.
    end: Option<usize>,
    /// The places of the window's end, if there is one, and of the key, in that order.
    order: Vec<usize>,
    encoder: KeyEncoder,
    held: Vec<Batch>,
}

impl Reorder {
    /// Orders rows of `schema` by the window's end at the place `end`, if windows have one, then by
    /// the columns at the places `key`.
    ///
    /// # Errors
    ///
    /// If a column cannot be ordered.
    pub fn new(schema: &Schema, end: Option<usize>, key: &[usize]) -> anyhow::Result<Self> {
        let order: Vec<usize> = end.into_iter().chain(key.iter().copied()).collect();
        let types = order
            .iter()
            .map(|&place| schema.fields()[place].data_type.to_arrow());
        Ok(Self {
            encoder: KeyEncoder::new(types)?,
            end,
            order,
            held: Vec::new(),
        })
    }
}

impl Operator for Reorder {
    fn process(&mut self, _: Side, batch: Batch, _: &mut Outbox) -> anyhow::Result<()> {
        self.held.push(batch);
        Ok(())
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        let Some(held) = Batch::concat(std::mem::take(&mut self.held))? else {
            return Ok(Progress::Done(watermark));
        };
        let columns: Vec<ArrayRef> = self
            .order
            .iter()
            .map(|&place| std::sync::Arc::clone(held.column(place)))
            .collect();
        let keys = self.encoder.encode(&columns, held.rows())?;
        let mut order: Vec<u32> = (0..held.rows() as u32).collect();
        order.sort_by(|&a, &b| keys.get(a as usize).cmp(keys.get(b as usize)));
        let closed = match self.end {
            None if watermark == Watermark::END => order.len(),
            None => 0,
            Some(_) => {
                let ends = columns[0]
                    .as_primitive::<TimestampMicrosecondType>()
                    .values();
                let is_closed = |time| watermark.closes(Timestamp::from_micros(time));
                order.partition_point(|&row| is_closed(ends[row as usize]))
            }
        };
        out.push(held.take(&order[..closed])?);
        if closed < order.len() {
            self.held.push(held.take(&order[closed..])?);
        }
        Ok(Progress::Done(watermark))
    }
}
