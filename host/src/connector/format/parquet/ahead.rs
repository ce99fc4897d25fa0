//! Rows of a Parquet file that are decoded ahead of their being read, by threads of its own, and given in their order. The
//! threads take turns: each reads some batches and passes over those of the others, which costs no more than the headers of
//! their pages and, where a turn ends within a page, that page.

use std::{collections::VecDeque, num::NonZero, sync::Arc};

use anyhow::Context as _;
use arrow::array::RecordBatch;

use super::{
    decoder::{Decoder, Portion},
    groups::{RowGroups, Share, SpanReader},
    slices,
    spans::{Projection, Span, Spans},
};
use crate::connector::ahead::Workers;

/// A turn is as long as so many pages of the column that takes most, if there is room: at its ends, two threads decompress
/// the same page.
const PAGES_OF_A_TURN: u64 = 8;

/// No more is decoded ahead than so many bytes, as far as is known before.
const MAX_AHEAD_BYTES: u64 = 32 * 1024 * 1024;

/// And no more batches than this.
const MAX_AHEAD_BATCHES: usize = 256;

/// Texts of a batch that have more bytes than this stay in their pages until it is their turn to be read.
const LARGE_TEXT_BYTES: u64 = 1024 * 1024;

/// The row groups that are left to be read, decoded ahead.
pub(super) struct AheadGroups {
    projection: Arc<Projection>,
    decoder: Arc<Decoder>,
    threads: NonZero<usize>,
    /// Started with the first rows, for until then a partition may wait for long.
    workers: Workers<Work, anyhow::Result<Option<Found>>>,
    spans: Spans,
    /// The one that threads are at, or will be next.
    ahead: Option<Ahead>,
    /// How many rows come before what has not been handed to a thread.
    before: u64,
    /// What has been handed to threads and not been read, in order.
    waiting: VecDeque<Waiting>,
    /// How many bytes the last batch had.
    batch_bytes: u64,
}

/// A span that threads read in turns.
struct Ahead {
    span: Arc<Span>,
    /// How many batches are read in a turn.
    turn: NonZero<usize>,
    /// Which thread has the first turn.
    first: usize,
    /// How many batches have been handed out.
    batches: usize,
    /// How many rows are left.
    left: u64,
}

enum Waiting {
    /// So many rows that a worker has been asked for.
    Batch {
        worker: usize,
        rows: u64,
    },
    Failed(anyhow::Error),
}

/// What a worker is asked for: the next batch, which so many rows come before.
struct Work {
    /// What to begin with, if it is the first batch of a span.
    begin: Option<(Arc<Span>, Share)>,
    before: u64,
}

/// The rows of a batch.
pub(super) enum Found {
    Decoded(Portion),
    /// Yet to be decoded.
    Rows(RecordBatch),
}

impl AheadGroups {
    /// Has row groups of which nothing has been read decoded by so many threads; so many rows come before.
    pub(super) fn new(
        groups: RowGroups,
        decoder: Arc<Decoder>,
        threads: NonZero<usize>,
        before: u64,
    ) -> Self {
        let (projection, span, spans) = groups.into_parts();
        Self {
            ahead: span.map(|span| Ahead::new(span, threads, 0)),
            projection,
            decoder,
            threads,
            workers: Workers::none(),
            spans,
            before,
            waiting: VecDeque::new(),
            batch_bytes: 0,
        }
    }

    /// The next rows; `None` if there are no more, be they fewer than there should be.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Found>> {
        self.look_ahead()?;
        let (worker, expected) = match self.waiting.pop_front() {
            None => return Ok(None),
            Some(Waiting::Failed(error)) => return Err(error),
            Some(Waiting::Batch { worker, rows }) => (worker, rows),
        };
        let found = self.workers.take(worker);
        let found = found.context("cannot decode rows")??;
        let rows = found.as_ref().map_or(0, Found::rows);
        if rows < expected {
            // The file ends here, whatever has been asked for.
            self.waiting.clear();
            self.ahead = None;
        }
        if let Some(Found::Decoded(portion)) = &found {
            let bytes = portion.decoded.batch.record().get_array_memory_size();
            self.batch_bytes = bytes as u64;
        }
        Ok(found)
    }

    /// Hands out what may be.
    fn look_ahead(&mut self) -> anyhow::Result<()> {
        while self.workers.len() < self.threads.get() {
            self.start_worker()?;
        }
        while let Some(ahead) = &mut self.ahead {
            if ahead.left == 0 {
                let first = ahead.next_worker(self.threads);
                self.ahead = match self.spans.next() {
                    Ok(span) => span.map(|span| Ahead::new(span, self.threads, first)),
                    Err(error) => {
                        self.waiting.push_back(Waiting::Failed(error));
                        None
                    }
                };
            } else if self.waiting.len() < ahead.most_batches(self.batch_bytes) {
                let worker = ahead.next_worker(self.threads);
                let (work, rows) = ahead.hand_out(self.threads, self.before);
                self.before += rows;
                self.workers.hand(worker, work);
                self.waiting.push_back(Waiting::Batch { worker, rows });
            } else {
                break;
            }
        }
        Ok(())
    }

    fn start_worker(&mut self) -> anyhow::Result<()> {
        let (projection, decoder) = (Arc::clone(&self.projection), Arc::clone(&self.decoder));
        let name = format!("decode {}", decoder.name);
        let mut reader: Option<SpanReader> = None;
        let work = move |work: Work| {
            if let Some((span, share)) = work.begin {
                reader = Some(SpanReader::open(&projection, &span, share)?);
            }
            let Some(rows) = reader.as_mut().map_or(Ok(None), SpanReader::next)? else {
                return Ok(None);
            };
            if slices::text_bytes(&rows) > LARGE_TEXT_BYTES {
                return Ok(Some(Found::Rows(rows)));
            }
            let portion = decoder.decode(&rows, work.before)?;
            Ok(Some(Found::Decoded(portion)))
        };
        self.workers.start(name, MAX_AHEAD_BATCHES, work)
    }
}

impl Found {
    /// How many there are.
    fn rows(&self) -> u64 {
        match self {
            Self::Rows(rows) => rows.num_rows() as u64,
            Self::Decoded(portion) => {
                let rest = portion.rest.as_ref().map_or(0, RecordBatch::num_rows);
                portion.rows + rest as u64
            }
        }
    }
}

impl Ahead {
    fn new(span: Span, threads: NonZero<usize>, first: usize) -> Self {
        Self {
            turn: turn(&span, threads),
            first,
            batches: 0,
            left: span.rows,
            span: Arc::new(span),
        }
    }

    /// How many batches may be ahead: enough for each thread's turn, and for what is read next.
    fn most_batches(&self, batch_bytes: u64) -> usize {
        let bytes = batch_bytes.max(batch_bytes_of(&self.span));
        let most = usize::try_from(MAX_AHEAD_BYTES / bytes).unwrap_or(usize::MAX);
        most.clamp(2, MAX_AHEAD_BATCHES)
    }

    /// Who is to read the next batch.
    fn next_worker(&self, threads: NonZero<usize>) -> usize {
        (self.first + self.batches / self.turn) % threads
    }

    /// The next batch, which so many rows come before, and how many it has.
    fn hand_out(&mut self, threads: NonZero<usize>, before: u64) -> (Work, u64) {
        let turns = self.batches / self.turn;
        let is_first = turns < threads.get() && self.batches % self.turn == 0;
        let share = Share {
            turn: turns,
            of: threads,
            batches: self.turn,
        };
        let work = Work {
            begin: is_first.then(|| (Arc::clone(&self.span), share)),
            before,
        };
        let rows = self.left.min(self.span.batch_rows as u64);
        self.left -= rows;
        self.batches += 1;
        (work, rows)
    }
}

/// How many batches of a span a thread reads in a turn.
fn turn(span: &Span, threads: NonZero<usize>) -> NonZero<usize> {
    let room = MAX_AHEAD_BYTES / threads.get() as u64 / batch_bytes_of(span);
    let page = span.page_rows.div_ceil(span.batch_rows as u64);
    // Where there is no room for a page, all would decompress all.
    let batches = match room < page {
        true => u64::MAX,
        false => page.saturating_mul(PAGES_OF_A_TURN).min(room),
    };
    let batches = usize::try_from(batches).unwrap_or(usize::MAX);
    NonZero::new(batches).unwrap_or(NonZero::<usize>::MIN)
}

/// How many bytes of pages a batch comes from, at least one.
fn batch_bytes_of(span: &Span) -> u64 {
    span.row_bytes.saturating_mul(span.batch_rows as u64).max(1)
}
