//! Where the rows of a batch come from, so that a bad row can be named.

use std::{fmt, sync::Arc};

use arrow::{array::BooleanArray, buffer::ScalarBuffer};

/// Where the rows of a batch come from.
#[derive(Clone, Debug, Default)]
pub enum Origin {
    /// Made by a stage of many rows.
    #[default]
    Derived,
    /// Read from a partition of a source.
    Source {
        /// What people call the partition: a file name, an address, `standard input`.
        partition: Arc<str>,
        /// The number of each row in the partition, the first one 1.
        numbers: Numbers,
    },
}

/// Row numbers, kept short while they are consecutive.
#[derive(Clone, Debug)]
pub enum Numbers {
    /// The first row's; the others follow one by one.
    From(u64),
    /// Each row's.
    Each(ScalarBuffer<u64>),
}

/// Where one row comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// What people call the partition.
    pub partition: Arc<str>,
    /// The row's number in it, the first one 1: the line of a text file.
    pub number: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.partition, self.number)
    }
}

impl Origin {
    /// Consecutive rows of a partition, the first one numbered `first`.
    pub const fn consecutive(partition: Arc<str>, first: u64) -> Self {
        Self::Source {
            partition,
            numbers: Numbers::From(first),
        }
    }

    /// Rows of a partition with these numbers.
    pub fn numbered(partition: Arc<str>, numbers: Vec<u64>) -> Self {
        Self::Source {
            partition,
            numbers: Numbers::Each(numbers.into()),
        }
    }

    /// Where row `row` comes from; nothing for a row that a stage has made.
    pub fn position(&self, row: usize) -> Option<Position> {
        let Self::Source { partition, numbers } = self else {
            return None;
        };
        Some(Position {
            partition: Arc::clone(partition),
            number: numbers.get(row),
        })
    }

    /// The origin of the rows that `mask` selects.
    #[must_use]
    pub fn filter(&self, mask: &BooleanArray) -> Self {
        self.select(mask.values().set_indices())
    }

    /// The origin of the rows at `indices`.
    #[must_use]
    pub fn take(&self, indices: &[u32]) -> Self {
        self.select(indices.iter().map(|&index| index as usize))
    }

    /// The origin of `len` rows from `offset` on.
    #[must_use]
    pub fn slice(&self, offset: usize, len: usize) -> Self {
        match self {
            Self::Derived => Self::Derived,
            Self::Source { partition, numbers } => Self::Source {
                partition: Arc::clone(partition),
                numbers: match numbers {
                    Numbers::From(first) => Numbers::From(first + offset as u64),
                    Numbers::Each(each) => Numbers::Each(each.slice(offset, len)),
                },
            },
        }
    }

    fn select(&self, rows: impl Iterator<Item = usize>) -> Self {
        match self {
            Self::Derived => Self::Derived,
            Self::Source { partition, numbers } => Self::Source {
                partition: Arc::clone(partition),
                numbers: Numbers::Each(match numbers {
                    Numbers::From(first) => rows.map(|row| first + row as u64).collect(),
                    Numbers::Each(each) => rows.map(|row| each[row]).collect(),
                }),
            },
        }
    }
}

impl Numbers {
    fn get(&self, row: usize) -> u64 {
        match self {
            Self::From(first) => first + row as u64,
            Self::Each(each) => each[row],
        }
    }
}
