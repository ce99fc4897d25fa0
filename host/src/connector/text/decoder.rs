//! What decodes rows of a text that have been cut off. It needs their bytes and nothing else, so it may be on a thread of
//! its own.

use std::{borrow::Cow, sync::Arc};

use anyhow::Context as _;

use crate::{
    batch::{Origin, Position},
    connector::{
        Decoded, Decoding, Format, RejectedRow,
        format::{
            Block, Columns, CsvHeader, JsonDecoder, Layout, LinesDecoder, RawType, RowDecoder,
            RowSpan, raw_schema, salvage,
        },
    },
    time::Clock,
};

/// Rows that have been cut off a text and share a batch.
pub(super) struct Cut {
    /// Where they are in the buffer.
    pub(super) rows: Vec<RowSpan>,
    /// Rows that were bad before they could be decoded.
    pub(super) rejected: Vec<RejectedRow>,
    /// How many bytes of the partition they took, as stored.
    pub(super) taken: u64,
}

/// Makes decoders of a text: one, or one for each thread.
pub(super) struct Decoders {
    name: Arc<str>,
    decoding: Decoding,
    raw: Vec<RawType>,
    clock: Arc<dyn Clock>,
    header: Header,
}

/// What is known of the header.
enum Header {
    /// There is none.
    None,
    /// It has not come yet.
    Awaited(CsvHeader),
    /// The line, and what is shown of it.
    Read(CsvHeader, Vec<u8>, Arc<str>),
}

impl Decoders {
    pub(super) fn new(name: Arc<str>, decoding: &Decoding, clock: Arc<dyn Clock>) -> Self {
        let schema = &decoding.schema;
        let raw = RawType::of_schema(schema, decoding.event_time.as_ref(), decoding.format);
        let header = match decoding.format {
            Format::Csv => {
                let header = CsvHeader::new(schema.clone(), raw.clone(), decoding.batch_rows);
                Header::Awaited(header)
            }
            Format::Json | Format::Lines | Format::Parquet => Header::None,
        };
        Self {
            name,
            decoding: decoding.clone(),
            raw,
            clock,
            header,
        }
    }

    /// How rows are told apart.
    pub(super) const fn layout(&self) -> Layout {
        match self.decoding.format {
            Format::Csv => Layout::Csv,
            Format::Lines => Layout::Lines,
            // Parquet is not a text; `open_source` sees to it that none comes here.
            Format::Json | Format::Parquet => Layout::Json,
        }
    }

    /// Whether the next row is the header.
    pub(super) const fn await_header(&self) -> bool {
        matches!(self.header, Header::Awaited(_))
    }

    /// The header, once it has come, if there is one.
    pub(super) fn header(&self) -> Option<Arc<str>> {
        match &self.header {
            Header::Read(_, _, shown) => Some(Arc::clone(shown)),
            Header::None | Header::Awaited(_) => None,
        }
    }

    /// Takes the header. Returns how many rows are decoded at once from then on, and a decoder of them.
    ///
    /// # Errors
    ///
    /// If it does not have the columns that are wanted.
    pub(super) fn read_header(&mut self, line: &[u8]) -> anyhow::Result<(usize, TextDecoder)> {
        let Header::Awaited(header) = std::mem::replace(&mut self.header, Header::None) else {
            anyhow::bail!("`{}` has no header, or it has been read", self.name);
        };
        let decoder = header
            .decoder(line)
            .with_context(|| format!("cannot read `{}` as csv", self.name))?;
        let batch_rows = decoder.batch_rows();
        let shown = String::from_utf8_lossy(line).into();
        self.header = Header::Read(header, line.to_vec(), shown);
        Ok((batch_rows, self.with(Box::new(decoder))))
    }

    /// A decoder.
    ///
    /// # Errors
    ///
    /// If the header has not come yet.
    pub(super) fn decoder(&self) -> anyhow::Result<TextDecoder> {
        let schema = &self.decoding.schema;
        Ok(self.with(match &self.header {
            Header::Awaited(_) => {
                anyhow::bail!("cannot read `{}` as csv: it has no header", self.name)
            }
            Header::Read(header, line, _) => Box::new(header.decoder(line)?),
            Header::None if self.decoding.format == Format::Lines => {
                Box::new(LinesDecoder::new(raw_schema(schema, &self.raw)))
            }
            Header::None => {
                let batch_rows = self.decoding.batch_rows;
                Box::new(JsonDecoder::new(schema, self.raw.clone(), batch_rows))
            }
        }))
    }

    fn with(&self, rows: Box<dyn RowDecoder>) -> TextDecoder {
        TextDecoder {
            name: Arc::clone(&self.name),
            header: self.header(),
            raw: self.raw.clone(),
            columns: Columns::new(&self.decoding, Arc::clone(&self.clock)),
            rows,
        }
    }

    /// A row that is bad as it stands in `buffer`.
    pub(super) fn reject(&self, buffer: &[u8], row: &RowSpan, reason: String) -> RejectedRow {
        reject(&self.name, self.header(), buffer, row, reason)
    }
}

/// Decodes rows of a text.
pub(super) struct TextDecoder {
    name: Arc<str>,
    header: Option<Arc<str>>,
    raw: Vec<RawType>,
    columns: Columns,
    rows: Box<dyn RowDecoder>,
}

impl TextDecoder {
    /// Decodes rows that are in this buffer. What was rejected of them before is in what comes of it.
    pub(super) fn decode(&mut self, buffer: &[u8], cut: &mut Cut) -> anyhow::Result<Decoded> {
        let mut rejected = std::mem::take(&mut cut.rejected);
        let rows = &cut.rows;
        let block = Block {
            bytes: buffer,
            rows,
        };
        let (record, bad) = salvage(self.rows.as_mut(), block)
            .map_err(|error| anyhow::anyhow!("cannot decode rows of `{}`: {error}", self.name))?;
        let bad: Vec<_> = bad
            .into_iter()
            .map(|(index, reason)| (&rows[index], reason))
            .collect();
        let mut lost = bad.iter().map(|(row, _)| row.line).peekable();
        let good = match bad.is_empty() {
            true => Cow::Borrowed(rows),
            false => {
                let good = rows
                    .iter()
                    .filter(|row| lost.next_if_eq(&row.line).is_none());
                Cow::Owned(good.cloned().collect())
            }
        };
        let origin = self.origin(&good);
        let (batch, late) = self.columns.batch(&self.raw, record, origin, Vec::new())?;
        let late = late
            .into_iter()
            .map(|(index, reason)| (&good[index], reason));
        for (row, reason) in bad.into_iter().chain(late) {
            rejected.push(reject(&self.name, self.header.clone(), buffer, row, reason));
        }
        rejected.sort_by_key(|row| row.position.number);
        Ok(Decoded {
            batch,
            rejected,
            bytes: cut.taken,
        })
    }

    fn origin(&self, rows: &[RowSpan]) -> Origin {
        let partition = Arc::clone(&self.name);
        match rows {
            // No line has two rows, so none has been left out.
            [first, .., last] if last.line - first.line == rows.len() as u64 - 1 => {
                Origin::consecutive(partition, first.line)
            }
            [only] => Origin::consecutive(partition, only.line),
            _ => Origin::numbered(partition, rows.iter().map(|row| row.line).collect()),
        }
    }
}

fn reject(
    name: &Arc<str>,
    header: Option<Arc<str>>,
    buffer: &[u8],
    row: &RowSpan,
    reason: String,
) -> RejectedRow {
    let bytes = &buffer[row.bytes.clone()];
    let text = String::from_utf8_lossy(bytes);
    RejectedRow {
        raw: matches!(text, Cow::Owned(_)).then(|| bytes.to_vec()),
        header,
        position: Position {
            partition: Arc::clone(name),
            number: row.line,
        },
        reason,
        row: text.into_owned(),
    }
}
