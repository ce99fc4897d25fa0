//! The rows of one side of a join, from when they come until their time has passed.

use arrow::{
    array::{ArrayRef, UInt32Array},
    buffer::ScalarBuffer,
    compute,
    error::ArrowError,
};

use super::{chunk::Chunk, keys::NO_KEY};

/// The number of a row, in the order in which rows came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowId(pub(super) u64);

impl RowId {
    /// The number of the first row of all.
    pub(super) const FIRST: Self = Self(0);

    /// The numbers of `rows` rows, of which this is the first.
    pub(super) fn following(self, rows: usize) -> impl Iterator<Item = Self> {
        (self.0..).take(rows).map(Self)
    }
}

/// Where a row stands, until rows are let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) chunk: u32,
    pub(super) row: u32,
}

/// Up to where time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Up to this time, which has not passed itself.
    Before(i64),
    /// All of it.
    End,
}

impl Until {
    /// Whether `time` has passed.
    pub(super) const fn covers(self, time: i64) -> bool {
        match self {
            Self::Before(end) => time < end,
            Self::End => true,
        }
    }
}

/// Rows to be kept, in the order in which they came.
#[derive(Debug)]
pub(super) struct NewRows {
    /// The columns that the output needs.
    pub(super) columns: Vec<ArrayRef>,
    /// The number of each row's key.
    pub(super) keys: Vec<u32>,
    /// What each row is let go by.
    pub(super) times: ScalarBuffer<i64>,
    /// Whether each row has met another; empty if it does not matter.
    pub(super) matched: Vec<bool>,
}

impl NewRows {
    /// The rows that have a key.
    ///
    /// # Errors
    ///
    /// If a column is of a kind that rows cannot be taken of.
    pub(super) fn with_keys(self) -> Result<Self, ArrowError> {
        if !self.keys.contains(&NO_KEY) {
            return Ok(self);
        }
        let rows = (0..).zip(&self.keys).filter(|(_, key)| **key != NO_KEY);
        let rows: Vec<u32> = rows.map(|(row, _)| row).collect();
        let matched = rows
            .iter()
            .filter_map(|&row| self.matched.get(row as usize));
        let matched = matched.copied().collect();
        let times = rows.iter().map(|&row| self.times[row as usize]).collect();
        let rows = UInt32Array::from(rows);
        let columns = self.columns.iter();
        let columns = columns.map(|column| compute::take(column, &rows, None));
        Ok(Self {
            columns: columns.collect::<Result<_, _>>()?,
            keys: self.keys.into_iter().filter(|key| *key != NO_KEY).collect(),
            times,
            matched,
        })
    }
}

/// A row that is let go. It can be read until the store is [tidied up](Store::tidy).
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    pub(super) place: Place,
    pub(super) key: u32,
    pub(super) time: i64,
    pub(super) matched: bool,
}

/// The rows of one side.
#[derive(Debug)]
pub(super) struct Store {
    /// In the order of their numbers.
    chunks: Vec<Chunk>,
    next: u64,
    /// No row has an earlier time.
    earliest: i64,
}

/// This many small chunks that follow each other are made one.
const TOO_MANY: usize = 8;

/// A chunk of this many rows is not small.
const ENOUGH_ROWS: usize = 4096;

/// Nor is one of this many bytes.
const ENOUGH_BYTES: usize = 16 << 20;

impl Default for Store {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            next: RowId::FIRST.0,
            earliest: i64::MAX,
        }
    }
}

impl Store {
    /// Keeps rows. The number of the first is returned; those of the others follow.
    ///
    /// # Errors
    ///
    /// If small chunks cannot be put together.
    pub(super) fn push(&mut self, rows: NewRows) -> Result<RowId, ArrowError> {
        let first = RowId(self.next);
        self.next += rows.keys.len() as u64;
        let earliest = rows.times.iter().copied().min();
        if let Some(earliest) = earliest {
            self.earliest = self.earliest.min(earliest);
            self.chunks.push(Chunk::new(first.0, rows));
            self.join_last()?;
        }
        Ok(first)
    }

    /// The chunks, by [`Place::chunk`].
    pub(super) fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Where a row stands that has not been let go.
    pub(super) fn place(&self, row: RowId) -> Place {
        let after = self.chunks.partition_point(|chunk| chunk.first <= row.0);
        let chunk = after.saturating_sub(1);
        Place {
            chunk: chunk as u32,
            row: self.chunks[chunk].place(row),
        }
    }

    /// The number of the key of a row.
    pub(super) fn key(&self, place: Place) -> u32 {
        self.chunks[place.chunk as usize].rows.keys[place.row as usize]
    }

    /// How many bytes a row takes.
    pub(super) fn row_bytes(&self, place: Place) -> usize {
        self.chunks[place.chunk as usize].row_bytes(place.row)
    }

    /// Takes note that a row has met another.
    pub(super) fn mark(&mut self, place: Place) {
        self.chunks[place.chunk as usize].rows.matched[place.row as usize] = true;
    }

    /// Lets go the rows whose time has passed, in no particular order.
    pub(super) fn let_go(&mut self, until: Until, mut each: impl FnMut(Gone)) {
        if !until.covers(self.earliest) {
            return;
        }
        self.earliest = i64::MAX;
        for (number, chunk) in (0..).zip(&mut self.chunks) {
            while let Some(row) = chunk.let_go(until) {
                let rows = &chunk.rows;
                let matched = rows.matched.get(row as usize);
                each(Gone {
                    place: Place { chunk: number, row },
                    key: rows.keys[row as usize],
                    time: rows.times[row as usize],
                    matched: matched.copied().unwrap_or_default(),
                });
            }
            self.earliest = self.earliest.min(chunk.next_time().unwrap_or(i64::MAX));
        }
    }

    /// Gives back the memory of rows that have been let go. Places are others afterwards.
    ///
    /// # Errors
    ///
    /// If small chunks cannot be put together.
    pub(super) fn tidy(&mut self) -> Result<(), ArrowError> {
        let is_worn = |chunk: &Chunk| chunk.live() < chunk.len().div_ceil(2);
        if !self.chunks.iter().any(is_worn) {
            return Ok(());
        }
        self.chunks.retain(|chunk| chunk.live() > 0);
        for chunk in &mut self.chunks {
            if is_worn(chunk) {
                *chunk = Chunk::pack(std::slice::from_ref(chunk))?;
            }
        }
        let mut start = 0;
        while start < self.chunks.len() {
            let small = self.chunks[start..]
                .iter()
                .take_while(|chunk| size(chunk) < 3);
            let end = start + small.count();
            if end - start >= TOO_MANY && self.join(start, end)? {
                start += 1;
            } else {
                start = end + 1;
            }
        }
        Ok(())
    }

    /// Puts the last chunks together when many small ones have come, so that a row is copied once for
    /// each power of [`TOO_MANY`].
    fn join_last(&mut self) -> Result<(), ArrowError> {
        while let Some(last) = self.chunks.last().map(size).filter(|&size| size < FULL) {
            let alike = self
                .chunks
                .iter()
                .rev()
                .take_while(|chunk| size(chunk) <= last);
            let start = self.chunks.len() - alike.count();
            let end = self.chunks.len();
            if end - start < TOO_MANY || !self.join(start, end)? {
                break;
            }
        }
        Ok(())
    }

    /// Makes one chunk of some; says whether that can be done.
    fn join(&mut self, start: usize, end: usize) -> Result<bool, ArrowError> {
        let chunks = &self.chunks[start..end];
        let [first, .., last] = chunks else {
            return Ok(false);
        };
        if !first.reaches(last) {
            return Ok(false);
        }
        let packed = Chunk::pack(chunks)?;
        self.chunks.splice(start..end, [packed]);
        Ok(true)
    }
}

/// The size of a chunk that is not small.
const FULL: u32 = 4;

/// About the logarithm of the number of rows to the base of [`TOO_MANY`].
fn size(chunk: &Chunk) -> u32 {
    if chunk.len() >= ENOUGH_ROWS || chunk.bytes() >= ENOUGH_BYTES {
        return FULL;
    }
    chunk.len().max(1).ilog2() / TOO_MANY.ilog2()
}
