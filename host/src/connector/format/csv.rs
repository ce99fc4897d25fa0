//! CSV as in RFC 4180, with a header.

use std::collections::HashMap;

use arrow::{
    array::RecordBatch,
    csv::{ReaderBuilder, reader::Decoder},
    datatypes::{DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema, SchemaRef},
    error::ArrowError,
};
use csv_core::{ReadFieldResult, Reader};

use super::{
    Block, RowDecoder, RowSpan,
    lines::text,
    plain::{Plain, PlainCsv},
    raw::{RawType, raw_schema, shown},
    salvage::Fault,
};
use crate::batch::Schema;

/// The most columns that a header may have.
const MAX_COLUMNS: usize = 65_536;

/// The longest header: every dead letter of its file has it.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// The most fields that are decoded at once: the decoder has room for all of them before it knows how many
/// there are.
const MAX_FIELDS: usize = 1024 * 1024;

/// A CSV text whose header has not been read yet.
pub(crate) struct CsvHeader {
    schema: Schema,
    raw: Vec<RawType>,
    batch_rows: usize,
}

impl CsvHeader {
    /// A text of rows of these columns, to be decoded `batch_rows` at a time.
    pub(crate) const fn new(schema: Schema, raw: Vec<RawType>, batch_rows: usize) -> Self {
        Self {
            schema,
            raw,
            batch_rows,
        }
    }

    /// Finds the columns in the header.
    ///
    /// # Errors
    ///
    /// If a column is missing or there twice, or if there are too many.
    pub(crate) fn decoder(&self, header: &[u8]) -> anyhow::Result<CsvDecoder> {
        let header = text(header).map_err(|reason| anyhow::anyhow!("the header is {reason}"))?;
        let mut reader = Reader::new();
        let (names, found) =
            fields(&mut reader, header.as_bytes(), MAX_COLUMNS).unwrap_or_default();
        anyhow::ensure!(
            found <= MAX_COLUMNS,
            "the header has {found} columns, and {MAX_COLUMNS} is the most that can be read"
        );
        anyhow::ensure!(
            header.len() <= MAX_HEADER_BYTES,
            "the header has {} bytes, and {MAX_HEADER_BYTES} is the most that can be read",
            header.len()
        );
        // Where each name stands, and whether it stands anywhere else, too.
        let mut known: HashMap<&str, (usize, bool)> = HashMap::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            let known = known.entry(name.trim());
            known
                .and_modify(|(_, twice)| *twice = true)
                .or_insert((place, false));
        }
        let mut places = Vec::new();
        for field in self.schema.fields() {
            let Some(&(place, twice)) = known.get(field.name.as_str()) else {
                anyhow::bail!(
                    "column `{}` is missing in the header: {}",
                    field.name,
                    shown(header)
                );
            };
            if twice {
                anyhow::bail!("column `{}` is in the header twice", field.name);
            }
            places.push(place);
        }
        let raw = raw_schema(&self.schema, &self.raw);
        let mut all: Vec<_> = names
            .iter()
            .map(|name| ArrowField::new(name, ArrowType::Utf8, true))
            .collect();
        for (&place, field) in places.iter().zip(raw.fields()) {
            all[place] = field.as_ref().clone();
        }
        Ok(CsvDecoder {
            plain: PlainCsv::new(SchemaRef::clone(&raw), &self.raw, &places, all.len()),
            raw_schema: raw,
            raw: self.raw.clone(),
            places,
            batch_rows: self.batch_rows.min(MAX_FIELDS / all.len().max(1)).max(1),
            all: SchemaRef::new(ArrowSchema::new(all)),
            decoder: None,
            single: None,
            reader,
        })
    }
}

/// Decodes rows of CSV: plain ones by itself, all others with Arrow's decoder.
///
/// An empty field is null, whether in quotes or not. Binary is hexadecimal.
pub(crate) struct CsvDecoder {
    /// Of all columns of the text.
    all: SchemaRef,
    /// Of the columns that are wanted.
    raw_schema: SchemaRef,
    raw: Vec<RawType>,
    /// Where they are in the text.
    places: Vec<usize>,
    batch_rows: usize,
    plain: PlainCsv,
    /// None after an error, which leaves a decoder in no usable state.
    decoder: Option<Decoder>,
    /// A decoder of one row.
    single: Option<Decoder>,
    /// For single rows: building a reader is expensive.
    reader: Reader,
}

impl CsvDecoder {
    /// How many rows it decodes at once, at most.
    pub(crate) const fn batch_rows(&self) -> usize {
        self.batch_rows
    }

    fn build(&self, rows: usize) -> Result<Decoder, String> {
        let mut decoder = ReaderBuilder::new(SchemaRef::clone(&self.all))
            .with_projection(self.places.clone())
            .with_batch_size(rows)
            .build_decoder();
        // The first bytes a decoder sees lose their byte order mark; no row's may be among them.
        decoder.decode(b"\n").map_err(reason)?;
        Ok(decoder)
    }

    /// The rows that the decoder has been fed; their columns named and typed as they should be.
    fn flush(&self, decoder: &mut Decoder) -> Result<RecordBatch, String> {
        match decoder.flush().map_err(reason)? {
            Some(batch) => batch
                .with_schema(SchemaRef::clone(&self.raw_schema))
                .map_err(reason),
            None => Ok(RecordBatch::new_empty(SchemaRef::clone(&self.raw_schema))),
        }
    }
}

impl RowDecoder for CsvDecoder {
    fn decode_plain(&mut self, block: Block<'_>) -> Option<Plain> {
        self.plain.decode(block)
    }

    fn decode(&mut self, block: Block<'_>) -> Result<RecordBatch, String> {
        let mut decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => self.build(self.batch_rows)?,
        };
        let adjacent = |before: &RowSpan, after: &RowSpan| {
            is_line_breaks(&block.bytes[before.bytes.end..after.bytes.start])
        };
        for rows in block.rows.chunk_by(adjacent) {
            if let [first, .., last] | [first @ last] = rows {
                let bytes = &block.bytes[first.bytes.start..=last.bytes.end];
                feed(&mut decoder, bytes, rows.len())?;
            }
        }
        let batch = self.flush(&mut decoder)?;
        self.decoder = Some(decoder);
        Ok(batch)
    }

    fn explain(&mut self, row: &[u8]) -> Option<Fault> {
        if let Err(reason) = text(row) {
            return Some(Fault::Certain(reason));
        }
        let expected = self.all.fields().len();
        let Some((fields, found)) = fields(&mut self.reader, row, expected) else {
            let reason = "a carriage return outside quotes".to_owned();
            return Some(Fault::Certain(reason));
        };
        if found != expected {
            return Some(Fault::Certain(format!(
                "expected {expected} fields as in the header, found {found}"
            )));
        }
        let columns = self.raw_schema.fields().iter().zip(&self.raw);
        for ((field, raw), &place) in columns.zip(&self.places) {
            let value = &fields[place];
            if !value.is_empty() && !raw.accepts(value) {
                return Some(Fault::Suspected(format!(
                    "column `{}`: expected {}, found \"{}\"",
                    field.name(),
                    raw.expected(),
                    shown(value)
                )));
            }
        }
        None
    }

    fn accepts(&mut self, row: &[u8]) -> bool {
        let single = match self.single.take() {
            Some(single) => Ok(single),
            None => self.build(1),
        };
        let Ok(mut single) = single else {
            return false;
        };
        if feed(&mut single, &[row, b"\n"].concat(), 1).is_err() {
            return false;
        }
        let accepted = self.flush(&mut single).is_ok();
        // Values that are wrong leave this decoder as good as new, and a new one is expensive.
        self.single = Some(single);
        accepted
    }
}

/// Hands rows to the decoder and makes sure that it finds as many: it takes a carriage return for
/// the end of a row. No row is none to it, so if the sum is right, every row is.
fn feed(decoder: &mut Decoder, bytes: &[u8], rows: usize) -> Result<(), String> {
    let room = decoder.capacity();
    let taken = decoder.decode(bytes).map_err(reason)?;
    // A decoder without room for another row leaves the rest of a line break.
    if decoder.capacity() + rows != room || !is_line_breaks(&bytes[taken..]) {
        return Err(format!("expected {rows} rows"));
    }
    Ok(())
}

fn is_line_breaks(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

/// The first `most` fields of a row, and how many there are; `None` if it is more than one row to the
/// decoder.
fn fields(reader: &mut Reader, row: &[u8], most: usize) -> Option<(Vec<String>, usize)> {
    let mut field = vec![0; row.len() + 1];
    reader.reset();
    // A reader drops a byte order mark from the first bytes it sees; no row's may be among them.
    reader.read_field(b"\n", &mut field);
    let mut fields = Vec::new();
    let mut found = 0;
    let mut rest = row;
    let mut length = 0;
    loop {
        let (result, read, written) = reader.read_field(rest, &mut field[length..]);
        rest = &rest[read..];
        length += written;
        match result {
            ReadFieldResult::InputEmpty => {}
            // A field is never longer than its row.
            ReadFieldResult::OutputFull => return None,
            ReadFieldResult::Field { record_end } => {
                found += 1;
                if found <= most {
                    fields.push(String::from_utf8_lossy(&field[..length]).into_owned());
                }
                length = 0;
                if record_end {
                    let ended = rest.iter().all(|&byte| byte == b'\r');
                    return ended.then_some((fields, found));
                }
            }
            ReadFieldResult::End => return Some((fields, found)),
        }
    }
}

/// The bytes that hexadecimal digits stand for; `None` if there is something else.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8))
        .collect()
}

/// What the decoder says, without the kind of the error.
#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function on results"
)]
fn reason(error: ArrowError) -> String {
    let text = error.to_string();
    let known = ["Csv error: ", "Parser error: "];
    known
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(&text)
        .to_owned()
}

#[cfg(test)]
mod tests;
