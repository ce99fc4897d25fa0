//! JSON: one object a line.

use std::borrow::Cow;

use arrow::{
    array::{AsArray, RecordBatch},
    datatypes::{Int64Type, SchemaRef, TimestampMicrosecondType},
    error::ArrowError,
    json::{ReaderBuilder, reader::Decoder},
};
use memchr::memchr2_iter;

use super::{
    Block, RowDecoder,
    json_digits::in_digits,
    json_reason::explain,
    json_whole::WholeColumns,
    plain::{Plain, PlainJson},
    raw::{RawType, raw_schema},
    salvage::Fault,
};
use crate::batch::Schema;

/// How deep values may be nested. Beyond, the decoder's error messages would overflow the stack.
const MAX_DEPTH: usize = 512;

/// Decodes lines of JSON: plain ones by itself, all others with Arrow's decoder.
///
/// Unknown fields are ignored, missing ones are null. Of a field that occurs twice, the last
/// counts. A number may stand in a text (`"21.5"`); a fraction in a column of integers is bad; a
/// number in a timestamp column is in whole microseconds; binary is hexadecimal.
pub(crate) struct JsonDecoder {
    schema: SchemaRef,
    names: Vec<String>,
    raw: Vec<RawType>,
    whole: WholeColumns,
    batch_rows: usize,
    plain: PlainJson,
    /// None after an error, which leaves a decoder in no usable state.
    decoder: Option<Decoder>,
}

impl JsonDecoder {
    /// A decoder of at most `batch_rows` rows at once.
    pub(crate) fn new(schema: &Schema, raw: Vec<RawType>, batch_rows: usize) -> Self {
        let fields = schema.fields().iter();
        let names: Vec<_> = fields.map(|field| field.name.clone()).collect();
        let schema = raw_schema(schema, &raw);
        Self {
            plain: PlainJson::new(SchemaRef::clone(&schema), &names, &raw),
            schema,
            whole: WholeColumns::new(&names, &raw),
            names,
            raw,
            batch_rows,
            decoder: None,
        }
    }

    fn is_certainly_bad(&self, row: &[u8]) -> bool {
        matches!(
            explain(&spelled(row), &self.names, &self.raw),
            Some(Fault::Certain(_))
        )
    }

    fn build(&self, rows: usize) -> Result<Decoder, ArrowError> {
        ReaderBuilder::new(SchemaRef::clone(&self.schema))
            .with_batch_size(rows)
            .build_decoder()
    }
}

impl RowDecoder for JsonDecoder {
    fn decode_plain(&mut self, block: Block<'_>) -> Option<Plain> {
        self.plain.decode(block)
    }

    fn decode(&mut self, block: Block<'_>) -> Result<RecordBatch, String> {
        let mut decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => self.build(self.batch_rows).map_err(reason)?,
        };
        for (index, row) in block.rows.iter().enumerate() {
            // With the line break, which ends a number.
            let end = (row.bytes.end + 1).min(block.bytes.len());
            let mut line = Cow::Borrowed(&block.bytes[row.bytes.start..end]);
            if self.whole.suspects(&line) {
                line = in_digits(&line).map_or(line, Cow::Owned);
                if self.whole.suspects(&line) && explain(&line, &self.names, &self.raw).is_some() {
                    return Err("a number is not whole".to_owned());
                }
            }
            feed(&mut decoder, &line, index + 1)?;
        }
        let batch = match decoder.flush().map_err(reason)? {
            Some(batch) => batch,
            None => RecordBatch::new_empty(SchemaRef::clone(&self.schema)),
        };
        // What is less than this is also taken for it.
        if holds(&batch, i64::MIN) && block.iter().any(|row| self.is_certainly_bad(row)) {
            return Err("a number is too small".to_owned());
        }
        self.decoder = Some(decoder);
        Ok(batch)
    }

    fn explain(&mut self, row: &[u8]) -> Option<Fault> {
        if is_too_deep(row) {
            let reason = format!("values are nested more than {MAX_DEPTH} deep");
            return Some(Fault::Certain(reason));
        }
        let row = spelled(row);
        let fault = explain(&row, &self.names, &self.raw)?;
        // The decoder alone would cut a fraction off.
        Some(match self.whole.suspects(&row) {
            true => fault.into_certain(),
            false => fault,
        })
    }

    fn accepts(&mut self, row: &[u8]) -> bool {
        let row = spelled(row);
        self.build(1)
            .is_ok_and(|mut decoder| feed(&mut decoder, &row, 1).is_ok() && decoder.flush().is_ok())
    }
}

/// A row with its whole numbers in digits where the decoder would not find exactly them.
fn spelled(row: &[u8]) -> Cow<'_, [u8]> {
    in_digits(row).map_or(Cow::Borrowed(row), Cow::Owned)
}

/// Whether a number, or a time, is among the values.
fn holds(batch: &RecordBatch, number: i64) -> bool {
    batch.columns().iter().any(|column| {
        let numbers = column
            .as_primitive_opt::<Int64Type>()
            .map(|column| column.values());
        let times = column.as_primitive_opt::<TimestampMicrosecondType>();
        let values = numbers.or_else(|| times.map(|column| column.values()));
        values.is_some_and(|values| values.contains(&number))
    })
}

/// Hands a line to the decoder and makes sure that it is exactly one row: the decoder alone would
/// let a row continue on the next line, and take two on one.
fn feed(decoder: &mut Decoder, line: &[u8], rows: usize) -> Result<(), String> {
    if is_too_deep(line) {
        return Err("too deep".to_owned());
    }
    let taken = decoder.decode(line).map_err(reason)?;
    if decoder.has_partial_record() {
        return Err("the line ends in the middle of an object".to_owned());
    }
    if taken != line.len() || decoder.len() != rows {
        return Err("expected one object a line".to_owned());
    }
    Ok(())
}

/// Whether a line is nested too deep; no time is spent on short ones, which cannot be.
pub(super) fn is_too_deep(line: &[u8]) -> bool {
    if line.len() < 2 * MAX_DEPTH || memchr2_iter(b'[', b'{', line).nth(MAX_DEPTH).is_none() {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// What the decoder says, without the kind of the error.
#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function on results"
)]
fn reason(error: ArrowError) -> String {
    let text = error.to_string();
    text.strip_prefix("Json error: ")
        .unwrap_or(&text)
        .to_owned()
}

#[cfg(test)]
mod tests;
