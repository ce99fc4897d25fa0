//! The rows of a Parquet file, read when they are asked for or by a thread that is a few batches ahead. Only one ever
//! reads, page by page in their order: what is read, and what is wrong with it, is the same.

use anyhow::Context as _;
use arrow::array::RecordBatch;

use super::parquet_groups::RowGroups;
use crate::connector::ahead::Workers;

/// The thread has a batch in hand, another one to go on with, and a third that is done and waits to be taken.
const BATCHES_AHEAD: usize = 3;

/// Where a batch may hold more of pages than this, none is read before it is asked for, so that there is never more
/// than one.
const MAX_HELD_BYTES: u64 = 16 * 1024 * 1024;

/// The batches of a file.
pub(super) enum Batches {
    /// They are read when they are asked for.
    OnDemand(RowGroups),
    /// A thread is ahead.
    Ahead(AheadGroups),
}

impl Batches {
    /// Has them read by a thread of their own, `name` being that of the file.
    pub(super) fn ahead(self, name: &str) -> anyhow::Result<Self> {
        Ok(match self {
            Self::OnDemand(groups) => Self::Ahead(AheadGroups::start(groups, name)?),
            ahead @ Self::Ahead(_) => ahead,
        })
    }

    /// The next rows; `None` if there are no more, be they fewer than there should be.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        match self {
            Self::OnDemand(groups) => groups.next(),
            Self::Ahead(ahead) => ahead.next(),
        }
    }
}

/// Row groups that a thread reads.
pub(super) struct AheadGroups {
    /// One.
    thread: Workers<Ask, Answer>,
    /// How many answers have not been taken.
    pub(super) asked: usize,
}

/// When a batch is to be read.
enum Ask {
    /// Ahead, if it may be.
    Ahead,
    /// It is needed.
    Now,
}

/// What comes of it.
enum Answer {
    Read(anyhow::Result<Option<RecordBatch>>),
    /// Nothing was read, and will not be until it is needed.
    NotAhead,
}

impl AheadGroups {
    fn start(mut groups: RowGroups, name: &str) -> anyhow::Result<Self> {
        let mut is_over = false;
        let read = move |ask: Ask| {
            let may_be_ahead = !is_over && groups.held() <= MAX_HELD_BYTES;
            if matches!(ask, Ask::Ahead) && !may_be_ahead {
                return Answer::NotAhead;
            }
            let next = groups.next();
            is_over = !matches!(next, Ok(Some(_)));
            Answer::Read(next)
        };
        let mut thread = Workers::none();
        thread.start(format!("read {name}"), BATCHES_AHEAD, read)?;
        Ok(Self { thread, asked: 0 })
    }

    fn next(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        while self.asked < BATCHES_AHEAD {
            self.thread.hand(0, Ask::Ahead);
            self.asked += 1;
        }
        // After the first answer that there is nothing ahead there is no other.
        while self.asked > 0 {
            if let Answer::Read(next) = self.take()? {
                return next;
            }
        }
        self.thread.hand(0, Ask::Now);
        self.asked += 1;
        match self.take()? {
            Answer::Read(next) => next,
            Answer::NotAhead => Ok(None),
        }
    }

    fn take(&mut self) -> anyhow::Result<Answer> {
        self.asked -= 1;
        self.thread.take(0).context("cannot read ahead")
    }
}
