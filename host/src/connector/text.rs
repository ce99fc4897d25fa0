//! A partition of text: bytes from anywhere, cut into rows, decoded many rows at a time.

mod resume;

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{
    Decoded, Decoding, Format, Gathering, Partition, Read, ReadPosition, RejectedRow,
    format::{
        Block, Columns, CsvHeader, JsonDecoder, Layout, LinesDecoder, MAX_ROW_BYTES, Next, RawType,
        RowDecoder, RowSpan, Splitter, raw_schema, salvage,
    },
    gathering::Decision,
    position::{self, PROOF_BYTES},
};
use crate::{
    batch::{Origin, Position},
    time::Clock,
};

/// A read waits no longer than this for rows: whoever reads has other duties, and rows of other sources wait
/// for its barriers.
const MAX_WAIT: Duration = Duration::from_millis(10);

/// Rows of more bytes than this do not share a batch, however many it may hold.
const MAX_BLOCK_BYTES: usize = 8 * 1024 * 1024;

/// A read looks for the first row no further than this. It is more than a row, so every read gets on.
const MAX_LOOKED_AT_BYTES: usize = 2 * MAX_ROW_BYTES;

/// Where the bytes of a text come from.
pub(super) trait Bytes: Send {
    /// Appends the bytes that come next to `buffer`, waiting for them at most `wait`; a file may
    /// take its time. Called again and again until it says that there are no more.
    fn fill(&mut self, buffer: &mut Vec<u8>, wait: Duration) -> anyhow::Result<Fill>;

    /// How many bytes have been read so far, as stored.
    fn taken(&self) -> u64;

    /// How many bytes there are by now, as stored; `None` if they cannot be read again.
    fn size(&self) -> Option<u64> {
        None
    }
}

/// What filling a buffer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// At least one byte.
    Some,
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    End,
}

/// How far the decoder is.
enum Stage {
    /// The header has not come yet.
    Header(CsvHeader),
    /// Rows are coming.
    Rows(Box<dyn RowDecoder>),
}

/// A text that is being read.
pub(super) struct TextPartition<B> {
    name: Arc<str>,
    bytes: B,
    buffer: Vec<u8>,
    /// How many bytes came before those in the buffer.
    dropped: u64,
    splitter: Splitter,
    stage: Stage,
    /// The header, once it has come, if there is one.
    header: Option<Arc<str>>,
    raw: Vec<RawType>,
    columns: Columns,
    batch_rows: usize,
    gathering: Gathering,
    /// Rows in the buffer that are to be decoded.
    rows: Vec<RowSpan>,
    /// Rows that were bad before they could be decoded.
    rejected: Vec<RejectedRow>,
    /// How many bytes of them are kept to be shown.
    rejected_bytes: usize,
    at_start: bool,
    ended: bool,
    /// Why no more bytes come, until the rows before have been given.
    broken: Option<anyhow::Error>,
    /// Whether the buffer ends with a line break that was not read.
    completed: bool,
    /// How many bytes have been accounted for.
    reported: u64,
}

impl<B: Bytes> TextPartition<B> {
    /// The rows of `bytes`.
    pub(super) fn new(
        name: Arc<str>,
        bytes: B,
        decoding: &Decoding,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let raw = RawType::of_schema(
            &decoding.schema,
            decoding.event_time.as_ref(),
            decoding.format,
        );
        let schema = &decoding.schema;
        let batch_rows = decoding.batch_rows;
        let (layout, stage) = match decoding.format {
            Format::Csv => {
                let header = CsvHeader::new(schema.clone(), raw.clone(), batch_rows);
                (Layout::Csv, Stage::Header(header))
            }
            Format::Lines => {
                let decoder = LinesDecoder::new(raw_schema(schema, &raw));
                (Layout::Lines, Stage::Rows(Box::new(decoder)))
            }
            // Parquet is not a text; `open_source` sees to it that none comes here.
            Format::Json | Format::Parquet => {
                let decoder = JsonDecoder::new(schema, raw.clone(), batch_rows);
                (Layout::Json, Stage::Rows(Box::new(decoder)))
            }
        };
        Self {
            name,
            bytes,
            buffer: Vec::new(),
            dropped: 0,
            splitter: Splitter::new(layout, MAX_ROW_BYTES),
            stage,
            header: None,
            raw,
            columns: Columns::new(decoding, clock),
            batch_rows,
            gathering: Gathering::default(),
            rows: Vec::new(),
            rejected: Vec::new(),
            rejected_bytes: 0,
            at_start: true,
            ended: false,
            broken: None,
            completed: false,
            reported: 0,
        }
    }

    /// Takes rows of so many bytes. Called before anything is read.
    #[must_use]
    pub(super) fn with_rows_up_to(mut self, max_row: usize) -> Self {
        self.splitter = self.splitter.with_rows_up_to(max_row);
        self
    }

    /// Gives the first line this number.
    #[must_use]
    pub(super) fn starting_at(mut self, line: u64) -> Self {
        self.splitter = self.splitter.starting_at(line);
        self
    }

    /// Cuts rows off the buffer until the batch is full. Says whether it is.
    fn split(&mut self) -> anyhow::Result<bool> {
        if self.at_start && !self.skip_byte_order_mark() {
            return Ok(false);
        }
        let first = self
            .rows
            .first()
            .map_or(self.splitter.start(), |row| row.bytes.start);
        loop {
            if let Stage::Rows(_) = self.stage {
                let most = self.batch_rows.saturating_sub(self.rejected.len());
                let until = (first + MAX_BLOCK_BYTES).saturating_sub(self.rejected_bytes);
                let rows = &mut self.rows;
                self.splitter.take_plain(&self.buffer, rows, most, until);
            }
            let full = self.rows.len() + self.rejected.len() >= self.batch_rows
                || self.splitter.start() - first + self.rejected_bytes >= MAX_BLOCK_BYTES;
            if full {
                return Ok(true);
            }
            match self.splitter.next(&self.buffer, self.ended) {
                Next::More => return Ok(false),
                Next::Row(row) => match &self.stage {
                    Stage::Rows(_) => self.rows.push(row),
                    Stage::Header(header) => {
                        let line = &self.buffer[row.bytes];
                        let decoder = header
                            .decoder(line)
                            .with_context(|| format!("cannot read `{}` as csv", self.name))?;
                        self.header = Some(String::from_utf8_lossy(line).into());
                        self.batch_rows = decoder.batch_rows();
                        self.stage = Stage::Rows(Box::new(decoder));
                    }
                },
                Next::Bad(_, reason) if matches!(self.stage, Stage::Header(_)) => {
                    anyhow::bail!(
                        "cannot read `{}` as csv: the header is bad: {reason}",
                        self.name
                    );
                }
                Next::Bad(row, reason) => {
                    let rejected = self.reject(&row, reason);
                    self.rejected_bytes += rejected.row.len();
                    self.rejected.push(rejected);
                }
            }
        }
    }

    fn reject(&self, row: &RowSpan, reason: String) -> RejectedRow {
        let bytes = &self.buffer[row.bytes.clone()];
        let text = String::from_utf8_lossy(bytes);
        RejectedRow {
            raw: matches!(text, Cow::Owned(_)).then(|| bytes.to_vec()),
            header: self.header.clone(),
            position: Position {
                partition: Arc::clone(&self.name),
                number: row.line,
            },
            reason,
            row: text.into_owned(),
        }
    }

    /// Skips a byte order mark. Says whether it is known that there is none any more.
    fn skip_byte_order_mark(&mut self) -> bool {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if self.buffer.starts_with(MARK) {
            self.splitter.skip(MARK.len());
        } else if MARK.starts_with(&self.buffer) && !self.ended {
            return false;
        }
        self.at_start = false;
        true
    }

    /// Appends bytes to the buffer.
    fn fill(&mut self, wait: Duration) -> anyhow::Result<Fill> {
        self.compact();
        let fill = self.bytes.fill(&mut self.buffer, wait)?;
        if fill == Fill::End {
            self.ended = true;
            if self.buffer.last().is_some_and(|&byte| byte != b'\n') {
                self.buffer.push(b'\n');
                self.completed = true;
            }
        }
        Ok(fill)
    }

    /// Drops bytes that are done with, once they are more than those that are not. The last of them
    /// stay: they tell a file from others.
    fn compact(&mut self) {
        let done = self
            .rows
            .first()
            .map_or(self.splitter.start(), |row| row.bytes.start)
            .saturating_sub(PROOF_BYTES);
        if done <= self.buffer.len() - done {
            return;
        }
        self.buffer.drain(..done);
        self.dropped += done as u64;
        self.splitter.shift(done);
        for row in &mut self.rows {
            row.bytes = row.bytes.start - done..row.bytes.end - done;
        }
    }

    /// Decodes the rows that have been cut off.
    fn decode(&mut self) -> anyhow::Result<Read> {
        self.gathering.end(Instant::now());
        let mut rows = std::mem::take(&mut self.rows);
        let mut rejected = std::mem::take(&mut self.rejected);
        self.rejected_bytes = 0;
        let block = Block {
            bytes: &self.buffer,
            rows: &rows,
        };
        let Stage::Rows(decoder) = &mut self.stage else {
            anyhow::bail!("cannot read `{}` as csv: it has no header", self.name);
        };
        let (record, bad) = salvage(decoder.as_mut(), block)
            .map_err(|error| anyhow::anyhow!("cannot decode rows of `{}`: {error}", self.name))?;
        let bad: Vec<_> = bad
            .into_iter()
            .map(|(index, reason)| (&rows[index], reason))
            .collect();
        let mut lost = bad.iter().map(|(row, _)| row.line).peekable();
        let good = match bad.is_empty() {
            true => Cow::Borrowed(&rows),
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
            rejected.push(self.reject(row, reason));
        }
        rejected.sort_by_key(|row| row.position.number);
        // The next batch has as many rows.
        rows.clear();
        self.rows = rows;
        let taken = self.bytes.taken();
        let bytes = taken - std::mem::replace(&mut self.reported, taken);
        Ok(Read::Rows(Decoded {
            batch,
            rejected,
            bytes,
        }))
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

impl<B: Bytes> Partition for TextPartition<B> {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn gather(&mut self, gathering: Gathering) {
        self.gathering = gathering;
    }

    fn read(&mut self) -> anyhow::Result<Read> {
        let deadline = Instant::now() + MAX_WAIT;
        let mut pause = Duration::ZERO;
        let mut looked_at = 0;
        loop {
            let full = self.split()?;
            let rows = self.rows.len() + self.rejected.len();
            let waiting = rows > 0;
            if waiting && (full || self.ended || self.broken.is_some()) {
                return self.decode();
            }
            if let Some(error) = self.broken.take() {
                let (line, _) = self.splitter.line();
                return Err(error.context(format!("the input breaks off in line {line}")));
            }
            if self.ended {
                return Ok(Read::End);
            }
            // Whoever reads has other duties, however long a line is that is dropped, and however many are blank.
            if looked_at >= MAX_LOOKED_AT_BYTES {
                return if waiting {
                    self.decode()
                } else {
                    Ok(Read::Idle)
                };
            }
            let now = Instant::now();
            let wait = match waiting {
                true if self.gathering.is_over(now) => return self.decode(),
                true => pause,
                false => deadline.saturating_duration_since(now),
            };
            let before = self.dropped + self.buffer.len() as u64;
            match self.fill(wait) {
                Ok(Fill::Nothing) if waiting => {
                    match self.gathering.decide(rows, Instant::now()) {
                        Decision::HandOn => return self.decode(),
                        // The rows stay for the next read.
                        Decision::Wait(_) if Instant::now() >= deadline => return Ok(Read::Idle),
                        Decision::Wait(longer) => pause = longer,
                    }
                }
                Ok(Fill::Nothing) => return Ok(Read::Idle),
                Ok(Fill::Some | Fill::End) => pause = Duration::ZERO,
                Err(error) => self.broken = Some(error),
            }
            looked_at += (self.dropped + self.buffer.len() as u64 - before) as usize;
        }
    }

    fn position(&self) -> Option<ReadPosition> {
        let size = self.bytes.size()?;
        position::write(&self.place(size))
    }
}

#[cfg(test)]
pub(in crate::connector) mod tests;
