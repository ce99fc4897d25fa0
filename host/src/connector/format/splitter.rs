//! Where the rows of a text begin and end: at line breaks; in CSV, at those outside quotes.
//!
//! Knows nothing of what is in the rows. It is handed a growing buffer and looks at a byte once; where
//! quotes are never closed, twice, however many of them there are.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memchr2_iter};

/// The longest row, in bytes; a longer one is a bad row.
pub(crate) const MAX_ROW_BYTES: usize = 16 * 1024 * 1024;

/// How much of a row that is too long is shown.
const SHOWN_BYTES: usize = 1024;

/// How the reason begins why such a row is bad.
const TOO_LONG: &str = "the row is longer than ";

/// Whether a row that is bad for this reason was too long to be kept: what there is of it is its beginning.
pub fn is_beginning_only(reason: &str) -> bool {
    reason.starts_with(TOO_LONG)
}

/// What separates rows, and which of them do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Rows are lines; those of nothing but white space do not count.
    Json,
    /// Rows are lines, unless a line break is in quotes; empty ones do not count.
    Csv,
    /// Rows are lines; empty ones do not count.
    Lines,
}

/// Where a row is in the buffer, and on which line it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowSpan {
    /// Its bytes, without the line break.
    pub(crate) bytes: Range<usize>,
    /// The number of its first line, the first one 1.
    pub(crate) line: u64,
}

/// What comes next in the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A row.
    Row(RowSpan),
    /// A row that is bad as it stands: its beginning, and why.
    Bad(RowSpan, String),
    /// Nothing, until there are more bytes.
    More,
}

/// Where the scan is within a CSV row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the start of a field: a quote opens one.
    FieldStart,
    /// Within a field without quotes, where a quote is a character like any other.
    Plain,
    /// Within quotes.
    Quoted,
    /// After a quote within quotes: the end of the field, or half of a doubled quote.
    QuoteInQuotes,
}

/// Finds rows in a buffer to which bytes are appended.
#[derive(Debug)]
pub(crate) struct Splitter {
    layout: Layout,
    max_row: usize,
    /// Where the row begins that is being looked at.
    start: usize,
    /// Up to where it has been looked at.
    scanned: usize,
    state: State,
    /// Whether there are quotes in the row, and so perhaps line breaks.
    quotes: bool,
    /// Whether the rest of the line belongs to a row that was too long.
    dropping: bool,
    /// The number of the line that the row begins on.
    line: u64,
    /// How far the last row has been looked at whose quotes are not closed, and the state there. A row
    /// that comes to a line break in quotes before that is in the state that that row was in, and all
    /// that follows has been found already.
    unclosed: Option<(usize, State)>,
}

impl Splitter {
    /// A splitter that stands at the beginning of an empty buffer.
    pub(crate) const fn new(layout: Layout, max_row: usize) -> Self {
        Self {
            layout,
            max_row,
            start: 0,
            scanned: 0,
            state: State::FieldStart,
            quotes: false,
            dropping: false,
            line: 1,
            unclosed: None,
        }
    }

    /// Takes rows of so many bytes.
    pub(crate) const fn with_rows_up_to(self, max_row: usize) -> Self {
        Self { max_row, ..self }
    }

    /// Gives the line that the buffer begins with this number.
    pub(crate) const fn starting_at(self, line: u64) -> Self {
        Self { line, ..self }
    }

    /// Where the bytes begin that have not been returned as rows yet.
    pub(crate) const fn start(&self) -> usize {
        self.start
    }

    /// The number of the line that begins there, and whether the rest of it belongs to a row that was
    /// too long.
    pub(crate) const fn line(&self) -> (u64, bool) {
        (self.line, self.dropping)
    }

    /// A splitter for the same rows that goes on at `start` in another buffer, where such a
    /// [`line`](Self::line) begins.
    pub(crate) const fn resumed(&self, start: usize, (line, dropping): (u64, bool)) -> Self {
        Self {
            start,
            scanned: start,
            line,
            dropping,
            ..Self::new(self.layout, self.max_row)
        }
    }

    /// Skips `bytes` bytes that belong to no row.
    pub(crate) const fn skip(&mut self, bytes: usize) {
        self.start += bytes;
        self.scanned = self.start;
    }

    /// Takes note that the first `bytes` bytes of the buffer are gone.
    pub(crate) const fn shift(&mut self, bytes: usize) {
        self.start -= bytes;
        self.scanned -= bytes;
        self.unclosed = match self.unclosed {
            Some((to, state)) if to > bytes => Some((to - bytes, state)),
            _ => None,
        };
    }

    /// Finds rows that are lines without quotes, as many as come next, and appends them to `rows`: until those are
    /// `most`, or the next one begins at `until` or later. The row after them is for [`next`](Self::next).
    pub(crate) fn take_plain(
        &mut self,
        buffer: &[u8],
        rows: &mut Vec<RowSpan>,
        most: usize,
        until: usize,
    ) {
        if self.dropping || self.scanned > self.start {
            return;
        }
        let base = self.start;
        let rest = &buffer[base..];
        match self.layout {
            Layout::Csv => {
                let ends = memchr2_iter(b'\n', b'"', rest).map(|at| base + at);
                let ends = ends.take_while(|&end| buffer[end] == b'\n');
                self.take_lines(buffer, ends, rows, most, until);
            }
            Layout::Json | Layout::Lines => {
                let ends = memchr_iter(b'\n', rest).map(|at| base + at);
                self.take_lines(buffer, ends, rows, most, until);
            }
        }
    }

    /// The same with the line breaks.
    fn take_lines(
        &mut self,
        buffer: &[u8],
        mut ends: impl Iterator<Item = usize>,
        rows: &mut Vec<RowSpan>,
        most: usize,
        until: usize,
    ) {
        while rows.len() < most && self.start < until {
            let Some(end) = ends.next() else { return };
            if end - self.start > self.max_row {
                return;
            }
            let row = self.span(buffer, end);
            self.begin_row(end + 1, 1);
            if !self.is_blank(&buffer[row.bytes.clone()]) {
                rows.push(row);
            }
        }
    }

    /// Finds the next row. `ended` says that no more bytes will follow; the buffer then ends with a
    /// line break.
    pub(crate) fn next(&mut self, buffer: &[u8], ended: bool) -> Next {
        loop {
            let Some(end) = self.find_end(buffer) else {
                return self.unfinished(buffer, ended);
            };
            if self.dropping {
                self.dropping = false;
                self.begin_row(end + 1, 1);
                continue;
            }
            if end - self.start > self.max_row {
                return self.too_long(buffer);
            }
            let lines = if self.quotes {
                1 + memchr_iter(b'\n', &buffer[self.start..end]).count() as u64
            } else {
                1
            };
            let row = self.span(buffer, end);
            self.begin_row(end + 1, lines);
            if !self.is_blank(&buffer[row.bytes.clone()]) {
                return Next::Row(row);
            }
        }
    }

    /// Deals with a row whose end is not in the buffer.
    fn unfinished(&mut self, buffer: &[u8], ended: bool) -> Next {
        if self.dropping {
            self.start = self.scanned;
        } else if self.scanned - self.start > self.max_row {
            return self.too_long(buffer);
        } else if ended && self.scanned > self.start {
            // Every other row ends with the last line break.
            return self.only_first_line(buffer, "its quotes are never closed".to_owned());
        }
        Next::More
    }

    /// A row beyond the bound. If it consists of several lines, its quotes are probably wrong:
    /// only the first line is given up. Otherwise the line is, without keeping it in memory.
    fn too_long(&mut self, buffer: &[u8]) -> Next {
        let limit = bytes_text(self.max_row);
        if memchr(b'\n', &buffer[self.start..=self.start + self.max_row]).is_some() {
            let reason = format!("its quotes are not closed within {limit}");
            return self.only_first_line(buffer, reason);
        }
        let row = RowSpan {
            bytes: self.start..self.start + SHOWN_BYTES.min(self.max_row),
            line: self.line,
        };
        self.dropping = true;
        self.quotes = false;
        self.state = State::Plain;
        self.start += self.max_row;
        self.scanned = self.start;
        Next::Bad(row, format!("{TOO_LONG}{limit}"))
    }

    fn only_first_line(&mut self, buffer: &[u8], reason: String) -> Next {
        let length = memchr(b'\n', &buffer[self.start..]).unwrap_or(buffer.len() - self.start);
        let end = self.start + length;
        let row = self.span(buffer, end);
        self.unclosed = Some((self.scanned, self.state));
        self.begin_row(end + 1, 1);
        Next::Bad(row, reason)
    }

    fn begin_row(&mut self, start: usize, lines: u64) {
        self.start = start;
        self.scanned = start;
        self.state = State::FieldStart;
        self.quotes = false;
        self.line += lines;
    }

    /// The row that ends at `end`, without a carriage return there.
    fn span(&self, buffer: &[u8], end: usize) -> RowSpan {
        let row = &buffer[self.start..end];
        let length = row.strip_suffix(b"\r").unwrap_or(row).len();
        RowSpan {
            bytes: self.start..self.start + length,
            line: self.line,
        }
    }

    fn is_blank(&self, row: &[u8]) -> bool {
        match self.layout {
            Layout::Json => row.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')),
            // The CSV decoder takes every carriage return for the end of a row.
            Layout::Csv => row.iter().all(|&byte| byte == b'\r'),
            Layout::Lines => row.is_empty(),
        }
    }

    /// The line break that ends the row, if it is in the buffer.
    fn find_end(&mut self, buffer: &[u8]) -> Option<usize> {
        if self.layout == Layout::Csv && !self.dropping {
            return self.find_csv_end(buffer);
        }
        match memchr(b'\n', &buffer[self.scanned..]) {
            Some(offset) => Some(self.scanned + offset),
            None => {
                self.scanned = buffer.len();
                None
            }
        }
    }

    /// Follows RFC 4180, and the CSV decoder where that says nothing: a quote opens a quoted field
    /// only where a field starts, and text after the closing one is part of the field.
    fn find_csv_end(&mut self, buffer: &[u8]) -> Option<usize> {
        while self.scanned < buffer.len() {
            let rest = &buffer[self.scanned..];
            match self.state {
                State::Quoted => {
                    let unclosed = self.unclosed.filter(|&(to, _)| to > self.scanned);
                    let found = match unclosed {
                        Some(_) => memchr2(b'\n', b'"', rest),
                        None => memchr(b'"', rest),
                    };
                    let Some(offset) = found else {
                        self.scanned = buffer.len();
                        return None;
                    };
                    let found = self.scanned + offset;
                    (self.scanned, self.state) = match unclosed {
                        _ if buffer[found] == b'"' => (found + 1, State::QuoteInQuotes),
                        Some((to, state)) if found < to => (to, state),
                        _ => (found + 1, State::Quoted),
                    };
                }
                State::QuoteInQuotes => {
                    self.state = match rest[0] {
                        b'\n' => return Some(self.scanned),
                        b'"' => State::Quoted,
                        byte => after(byte),
                    };
                    self.scanned += 1;
                }
                State::FieldStart | State::Plain => {
                    let Some(offset) = memchr2(b'\n', b'"', rest) else {
                        self.state = rest.last().map_or(self.state, |&byte| after(byte));
                        self.scanned = buffer.len();
                        return None;
                    };
                    let found = self.scanned + offset;
                    if buffer[found] == b'\n' {
                        return Some(found);
                    }
                    if offset > 0 {
                        self.state = after(buffer[found - 1]);
                    }
                    self.state = match self.state {
                        State::FieldStart => State::Quoted,
                        _ => State::Plain,
                    };
                    self.quotes = true;
                    self.scanned = found + 1;
                }
            }
        }
        None
    }
}

/// The state after a byte outside quotes that is neither a quote nor a line break.
const fn after(byte: u8) -> State {
    match byte {
        b',' | b'\r' => State::FieldStart,
        _ => State::Plain,
    }
}

fn bytes_text(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes >= MIB && bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{bytes} bytes")
    }
}

#[cfg(test)]
mod tests;
