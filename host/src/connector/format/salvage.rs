//! Decodes many rows at once and, if that fails, finds the bad ones and saves the others.
//!
//! Whether a row is good never depends on the rows around it: a row is bad if it cannot be decoded
//! alone.

use arrow::{array::RecordBatch, compute::concat_batches};

use super::{RowSpan, plain::Plain};

/// Rows in a buffer. A line break follows each of them there.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) rows: &'a [RowSpan],
}

impl<'a> Block<'a> {
    /// The bytes of each row, without the line break.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        self.rows
            .iter()
            .map(move |row| &self.bytes[row.bytes.clone()])
    }
}

/// Decodes rows of text.
pub(crate) trait RowDecoder: Send {
    /// Decodes the rows of a block that can be decoded fast; None if it is not worth it. Called once for
    /// every block, before anything else.
    fn decode_plain(&mut self, block: Block<'_>) -> Option<Plain> {
        let _ = block;
        None
    }

    /// Decodes all rows of a block, or says what is wrong with one of them. Called for the rows that
    /// could not be decoded fast, and for parts of them if they could not be decoded as a whole.
    fn decode(&mut self, block: Block<'_>) -> Result<RecordBatch, String>;

    /// Says what is wrong with a row, in words for the user; `None` if nothing seems to be. Called
    /// for the rows of a block that could not be decoded.
    fn explain(&mut self, row: &[u8]) -> Option<Fault>;

    /// Says whether a row can be decoded alone. Called only for rows that `explain` suspects.
    fn accepts(&mut self, row: &[u8]) -> bool;
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The decoder cannot take the row.
    Certain(String),
    /// We would not take it. The decoder is more lenient here and there, and it decides.
    Suspected(String),
}

impl Fault {
    /// The same, and nobody else is asked.
    pub(crate) fn into_certain(self) -> Self {
        Self::Certain(self.reason())
    }

    fn reason(self) -> String {
        let (Self::Certain(reason) | Self::Suspected(reason)) = self;
        reason
    }
}

/// Rows, and those that are bad by their place in a block, in order, with the reason.
type Salvaged = (RecordBatch, Vec<(usize, String)>);

/// Decodes the good rows of a block. Returns the bad ones by their place in it, with the reason.
pub(crate) fn salvage(decoder: &mut dyn RowDecoder, block: Block<'_>) -> Result<Salvaged, String> {
    let Some(plain) = decoder.decode_plain(block) else {
        return salvage_odd(decoder, block);
    };
    if plain.odd.is_empty() {
        return Ok((plain.record, Vec::new()));
    }
    let rows: Vec<_> = plain
        .odd
        .iter()
        .map(|&row| block.rows[row].clone())
        .collect();
    let odd = Block {
        rows: &rows,
        ..block
    };
    let (record, mut bad) = salvage_odd(decoder, odd)?;
    let places: Vec<_> = bad.iter().map(|&(row, _)| row).collect();
    for (row, _) in &mut bad {
        *row = plain.odd[*row];
    }
    Ok((plain.merge(&record, &places)?, bad))
}

/// The same without the fast way.
fn salvage_odd(decoder: &mut dyn RowDecoder, block: Block<'_>) -> Result<Salvaged, String> {
    if let Ok(batch) = decoder.decode(block) {
        return Ok((batch, Vec::new()));
    }
    let mut bad = Vec::new();
    let mut good = Vec::with_capacity(block.rows.len());
    for (index, row) in block.iter().enumerate() {
        let fault = decoder.explain(row).filter(|fault| match fault {
            Fault::Certain(_) => true,
            Fault::Suspected(_) => !decoder.accepts(row),
        });
        match fault {
            Some(fault) => bad.push((index, fault.reason())),
            None => good.push(index),
        }
    }
    let mut batches = Vec::new();
    bisect(decoder, block, &good, &mut batches, &mut bad)?;
    bad.sort_by_key(|&(index, _)| index);
    let batch = match batches.as_slice() {
        [only] => only.clone(),
        several => {
            let none = decoder.decode(Block { rows: &[], ..block })?;
            concat_batches(none.schema_ref(), several).map_err(|error| error.to_string())?
        }
    };
    Ok((batch, bad))
}

/// Decodes the rows at `indices`, halving them as often as that fails.
fn bisect(
    decoder: &mut dyn RowDecoder,
    block: Block<'_>,
    indices: &[usize],
    batches: &mut Vec<RecordBatch>,
    bad: &mut Vec<(usize, String)>,
) -> Result<(), String> {
    if indices.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = indices
        .iter()
        .map(|&index| block.rows[index].clone())
        .collect();
    let error = match decoder.decode(Block {
        rows: &rows,
        ..block
    }) {
        Ok(batch) => {
            batches.push(batch);
            return Ok(());
        }
        Err(error) => error,
    };
    if let [index] = *indices {
        bad.push((index, format!("cannot be decoded: {error}")));
        return Ok(());
    }
    let (first, second) = indices.split_at(indices.len() / 2);
    bisect(decoder, block, first, batches, bad)?;
    bisect(decoder, block, second, batches, bad)
}
