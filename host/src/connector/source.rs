//! What a source is to the runtime: partitions that are read one batch at a time.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Gathering;
use crate::{
    batch::{Batch, Position},
    time::{Timestamp, Watermark},
};

/// Something rows are read from.
pub trait Source: Send + Sync {
    /// Goes on where a job had read to. Called at most once, before any other method: partitions that are
    /// `finished` are not handed out any more, those that are open are handed out at their position.
    ///
    /// # Errors
    ///
    /// If what was read cannot be read again, or is not what it was, naming the partition.
    fn resume(&mut self, before: &SourceProgress) -> anyhow::Result<()> {
        let _ = before;
        anyhow::bail!("what has been read of it cannot be read again")
    }

    /// Lets each partition decode its rows ahead of their being read, with so many threads of its own, if that is of use.
    /// Called at most once, before a partition is asked for; a source that is not asked to starts no threads to decode.
    fn decode_ahead(&mut self, threads: usize) {
        let _ = threads;
    }

    /// How many partitions there are to read, or will be; the runtime starts no more source
    /// subtasks than this. Called before a partition is asked for.
    fn partitions(&self) -> usize;

    /// Opens the partition that is next in order; `None` when all have been handed out. Called by
    /// every source subtask whenever it has room for another one.
    ///
    /// # Errors
    ///
    /// If the partition cannot be opened, naming it; the job ends.
    fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>>;
}

/// A part of a source that is read in order and has a watermark of its own: a file, a connection.
pub trait Partition: Send {
    /// What people call it.
    fn name(&self) -> &Arc<str>;

    /// Says when rows are to be handed on that could wait for others. Called at most once, before anything is
    /// read; a partition whose rows are all there from the beginning need not care.
    fn gather(&mut self, gathering: Gathering) {
        let _ = gathering;
    }

    /// No row has an event time before this one, as far as is known without reading; `None` if nothing is, or rows have been
    /// read before.
    fn earliest(&self) -> Option<Timestamp> {
        None
    }

    /// Reads the next batch. Waits at most a hundredth of a second for rows.
    ///
    /// # Errors
    ///
    /// If reading fails, or the partition as a whole cannot be understood; the job ends.
    fn read(&mut self) -> anyhow::Result<Read>;

    /// Where to read on after what [`read`](Self::read) has given so far; `None` if it cannot be read
    /// again.
    fn position(&self) -> Option<ReadPosition> {
        None
    }
}

/// Where a partition is to be read on. Only its connector knows what it means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReadPosition(pub serde_json::Value);

/// How far a source has been read.
#[derive(Clone, Debug, Default)]
pub struct SourceProgress {
    /// The partitions that are open, by name, and where to read on.
    pub open: Vec<(Arc<str>, ReadPosition)>,
    /// The names of those that were read to their end.
    pub finished: Vec<Arc<str>>,
}

/// What reading a partition gives.
#[derive(Debug)]
pub enum Read {
    /// Rows, good and bad.
    Rows(Decoded),
    /// How far event time has come, from a partition that knows by itself. From then on nothing more
    /// is concluded from its rows.
    Watermark(Watermark),
    /// Nothing yet; ask again.
    Idle,
    /// Nothing any more.
    End,
}

/// The rows of one read.
#[derive(Debug)]
pub struct Decoded {
    /// The rows that could be decoded, every one with an event time if the source has one.
    pub batch: Batch,
    /// The others, in order.
    pub rejected: Vec<RejectedRow>,
    /// How many bytes of the partition they took, as stored.
    pub bytes: u64,
}

/// A row that could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Where it stands.
    pub position: Position,
    /// What is wrong with it: which column, what was expected, what was found.
    pub reason: String,
    /// The row as it was read; bytes that are not UTF-8 are replaced.
    pub row: String,
    /// What was read, if `row` cannot show all of it: bytes that are not UTF-8, or a Parquet file of this one row.
    pub raw: Option<Vec<u8>>,
    /// The header of the text, if its rows can be understood only with it.
    pub header: Option<Arc<str>>,
}
