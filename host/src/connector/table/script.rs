//! The table of a scripted case: its rows are put in and taken out one by one.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use arrow::array::ArrayRef;

use super::TableContent;
use crate::{
    batch::{Batch, KeyEncoder},
    connector::{
        Decoding, Partition as _, Read,
        text::{Bytes, Fill, TextPartition},
    },
    time::Clock,
};

/// The rows of a table that a script writes.
pub(super) struct Script {
    decoding: Decoding,
    keys: Vec<Vec<usize>>,
    clock: Arc<dyn Clock>,
    /// One row each, with its key.
    rows: Vec<(Vec<u8>, Batch)>,
}

impl Script {
    pub(super) fn new(decoding: Decoding, keys: Vec<Vec<usize>>, clock: &Arc<dyn Clock>) -> Self {
        Self {
            decoding,
            keys,
            clock: Arc::clone(clock),
            rows: Vec::new(),
        }
    }

    /// The rows as they are now.
    pub(super) fn content(&self) -> anyhow::Result<TableContent> {
        let batches: Vec<Batch> = self.rows.iter().map(|(_, row)| row.clone()).collect();
        TableContent::new(&self.decoding.schema.to_arrow(), &batches, &self.keys)
    }

    /// Puts in a row, in the place of the one with its key.
    pub(super) fn upsert(&mut self, row: &str) -> anyhow::Result<TableContent> {
        let row = self.decode(row)?;
        let key = self.key(&row)?;
        match self.rows.iter_mut().find(|(other, _)| *other == key) {
            Some((_, place)) => *place = row,
            None => self.rows.push((key, row)),
        }
        self.content()
    }

    /// Takes out the row with the key of `row`.
    pub(super) fn delete(&mut self, row: &str) -> anyhow::Result<TableContent> {
        let key = self.key(&self.decode(row)?)?;
        self.rows.retain(|(other, _)| *other != key);
        self.content()
    }

    fn decode(&self, row: &str) -> anyhow::Result<Batch> {
        let text = Text(row.as_bytes().to_vec());
        let clock = Arc::clone(&self.clock);
        let mut partition = TextPartition::new("the script".into(), text, &self.decoding, clock);
        let Read::Rows(decoded) = partition.read()? else {
            bail!("there is no row in `{row}`");
        };
        if let Some(bad) = decoded.rejected.first() {
            bail!("cannot decode `{}`: {}", bad.row, bad.reason);
        }
        if decoded.batch.rows() != 1 {
            bail!("expected one row, found {}", decoded.batch.rows());
        }
        Ok(decoded.batch)
    }

    fn key(&self, row: &Batch) -> anyhow::Result<Vec<u8>> {
        let key = self
            .keys
            .first()
            .context("no stage looks up rows of the table")?;
        let columns: Vec<ArrayRef> = key
            .iter()
            .map(|&column| ArrayRef::clone(row.column(column)))
            .collect();
        let types = columns.iter().map(|column| column.data_type().clone());
        let keys = KeyEncoder::new(types)?.encode(&columns, 1)?;
        Ok(keys.get(0).to_vec())
    }
}

/// Text that is already here.
struct Text(Vec<u8>);

impl Bytes for Text {
    fn fill(&mut self, buffer: &mut Vec<u8>, _wait: Duration) -> anyhow::Result<Fill> {
        if self.0.is_empty() {
            return Ok(Fill::End);
        }
        buffer.append(&mut self.0);
        Ok(Fill::Some)
    }

    fn taken(&self) -> u64 {
        0
    }
}
