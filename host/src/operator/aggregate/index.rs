//! Which row of a slice belongs to a key.

use hashbrown::HashMap;

/// Rows by the number of their key.
#[derive(Clone, Debug)]
pub(super) enum Index {
    /// For few of the stage's keys.
    Sparse(HashMap<u32, u32>),
    /// For many of them: by number, [`NONE`] for a key without a row.
    Dense(Vec<u32>),
}

const NONE: u32 = u32::MAX;

/// A dense index takes 4 bytes for each key of the stage, a sparse one about 12 for each of its own.
const DENSE_FROM: usize = 8;

/// For a stage with few keys it is dense at once.
const FEW: usize = 4096;

impl Default for Index {
    fn default() -> Self {
        Self::Sparse(HashMap::new())
    }
}

impl Index {
    /// The row of a key.
    pub(super) fn get(&self, key: u32) -> Option<u32> {
        match self {
            Self::Sparse(rows) => rows.get(&key).copied(),
            Self::Dense(rows) => rows.get(key as usize).copied().filter(|&row| row != NONE),
        }
    }

    /// All rows, in the order of their keys.
    pub(super) fn rows_by_key(&self) -> Vec<u32> {
        match self {
            Self::Sparse(rows) => {
                let mut pairs: Vec<(u32, u32)> =
                    rows.iter().map(|(&key, &row)| (key, row)).collect();
                pairs.sort_unstable();
                pairs.into_iter().map(|(_, row)| row).collect()
            }
            Self::Dense(rows) => rows.iter().copied().filter(|&row| row != NONE).collect(),
        }
    }

    /// The row of a key; a key that has none gets `next`. The numbers of all keys of the stage are
    /// below `bound`.
    pub(super) fn get_or_insert(&mut self, key: u32, next: u32, bound: usize) -> u32 {
        if let Self::Sparse(rows) = self
            && (bound <= FEW || rows.len() > bound / DENSE_FROM)
        {
            let mut dense = vec![NONE; bound];
            for (&key, &row) in rows.iter() {
                dense[key as usize] = row;
            }
            *self = Self::Dense(dense);
        }
        match self {
            Self::Sparse(rows) => *rows.entry(key).or_insert(next),
            Self::Dense(rows) => {
                if rows.len() <= key as usize {
                    // Keys that are new come one after the other.
                    rows.resize((key as usize + 1).max(rows.len() * 2), NONE);
                }
                let row = &mut rows[key as usize];
                if *row == NONE {
                    *row = next;
                }
                *row
            }
        }
    }
}
