//! A partition of text: bytes from anywhere, cut into rows, decoded many rows at a time.

mod ahead;
mod decoder;
mod resume;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub(super) use self::ahead::AheadText;
use self::decoder::{Cut, Decoders, TextDecoder};
use super::{
    Decoding, Gathering, Partition, Read, ReadPosition, RejectedRow,
    format::{MAX_ROW_BYTES, Next, RowSpan, Splitter},
    gathering::Decision,
    position::{self, PROOF_BYTES},
};
use crate::time::Clock;

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

/// What comes next in a text.
enum Piece {
    /// Rows in the buffer.
    Rows(Cut),
    /// Nothing yet.
    Idle,
    /// Nothing any more.
    End,
}

/// A text that is being read.
pub(super) struct TextPartition<B> {
    name: Arc<str>,
    bytes: B,
    buffer: Vec<u8>,
    /// How many bytes came before those in the buffer.
    dropped: u64,
    splitter: Splitter,
    decoders: Decoders,
    /// None before the header, or while it is not needed.
    decoder: Option<TextDecoder>,
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
        let decoders = Decoders::new(Arc::clone(&name), decoding, clock);
        Self {
            name,
            bytes,
            buffer: Vec::new(),
            dropped: 0,
            splitter: Splitter::new(decoders.layout(), MAX_ROW_BYTES),
            decoders,
            decoder: None,
            batch_rows: decoding.batch_rows,
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

    /// How many bytes there are by now, as stored, if they can be read again.
    pub(super) fn size(&self) -> Option<u64> {
        self.bytes.size()
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
            if !self.decoders.await_header() {
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
                Next::Row(row) if self.decoders.await_header() => {
                    let header = self.decoders.read_header(&self.buffer[row.bytes])?;
                    self.batch_rows = header.0;
                    self.decoder = Some(header.1);
                }
                Next::Row(row) => self.rows.push(row),
                Next::Bad(_, reason) if self.decoders.await_header() => {
                    anyhow::bail!(
                        "cannot read `{}` as csv: the header is bad: {reason}",
                        self.name
                    );
                }
                Next::Bad(row, reason) => {
                    let rejected = self.decoders.reject(&self.buffer, &row, reason);
                    self.rejected_bytes += rejected.row.len();
                    self.rejected.push(rejected);
                }
            }
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

    /// Drops bytes that are done with, once they are more than those that are not.
    fn compact(&mut self) {
        let done = self.done();
        if done <= self.buffer.len() - done {
            return;
        }
        self.buffer.drain(..done);
        self.forget(done);
    }

    /// How many bytes of the buffer are done with. The last of the text are not: they tell a file from others.
    fn done(&self) -> usize {
        self.rows
            .first()
            .map_or(self.splitter.start(), |row| row.bytes.start)
            .saturating_sub(PROOF_BYTES + usize::from(self.completed))
    }

    /// Takes note that the first `done` bytes of the buffer are gone.
    fn forget(&mut self, done: usize) {
        self.dropped += done as u64;
        self.splitter.shift(done);
        for row in &mut self.rows {
            row.bytes = row.bytes.start - done..row.bytes.end - done;
        }
    }

    /// Hands over the rows that have been cut off.
    fn take(&mut self) -> Piece {
        self.gathering.end(Instant::now());
        self.rejected_bytes = 0;
        let taken = self.bytes.taken();
        Piece::Rows(Cut {
            rows: std::mem::take(&mut self.rows),
            rejected: std::mem::take(&mut self.rejected),
            taken: taken - std::mem::replace(&mut self.reported, taken),
        })
    }

    /// Takes the list of rows that are done with back, for the next batch has as many.
    fn reuse(&mut self, mut rows: Vec<RowSpan>) {
        if self.rows.is_empty() {
            rows.clear();
            self.rows = rows;
        }
    }

    /// Cuts off the rows of the next batch.
    fn cut(&mut self) -> anyhow::Result<Piece> {
        let deadline = Instant::now() + MAX_WAIT;
        let mut pause = Duration::ZERO;
        let mut looked_at = 0;
        loop {
            let full = self.split()?;
            let rows = self.rows.len() + self.rejected.len();
            let waiting = rows > 0;
            if waiting && (full || self.ended || self.broken.is_some()) {
                return Ok(self.take());
            }
            if let Some(error) = self.broken.take() {
                let (line, _) = self.splitter.line();
                return Err(error.context(format!("the input breaks off in line {line}")));
            }
            if self.ended {
                return Ok(Piece::End);
            }
            // Whoever reads has other duties, however long a line is that is dropped, and however many are blank.
            if looked_at >= MAX_LOOKED_AT_BYTES {
                return Ok(match waiting {
                    true => self.take(),
                    false => Piece::Idle,
                });
            }
            let now = Instant::now();
            let wait = match waiting {
                true if self.gathering.is_over(now) => return Ok(self.take()),
                true => pause,
                false => deadline.saturating_duration_since(now),
            };
            let before = self.dropped + self.buffer.len() as u64;
            match self.fill(wait) {
                Ok(Fill::Nothing) if waiting => {
                    match self.gathering.decide(rows, Instant::now()) {
                        Decision::HandOn => return Ok(self.take()),
                        // The rows stay for the next read.
                        Decision::Wait(_) if Instant::now() >= deadline => return Ok(Piece::Idle),
                        Decision::Wait(longer) => pause = longer,
                    }
                }
                Ok(Fill::Nothing) => return Ok(Piece::Idle),
                Ok(Fill::Some | Fill::End) => pause = Duration::ZERO,
                Err(error) => self.broken = Some(error),
            }
            looked_at += (self.dropped + self.buffer.len() as u64 - before) as usize;
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
        let mut cut = match self.cut()? {
            Piece::Rows(cut) => cut,
            Piece::Idle => return Ok(Read::Idle),
            Piece::End => return Ok(Read::End),
        };
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            none => none.insert(self.decoders.decoder()?),
        };
        let decoded = decoder.decode(&self.buffer, &mut cut)?;
        self.reuse(cut.rows);
        Ok(Read::Rows(decoded))
    }

    fn position(&self) -> Option<ReadPosition> {
        let size = self.bytes.size()?;
        position::write(&self.place().position(size))
    }
}

#[cfg(test)]
pub(in crate::connector) mod tests;
