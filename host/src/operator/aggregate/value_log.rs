//! The rows that a holistic function will want to see.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef},
    buffer::ScalarBuffer,
    compute,
    error::ArrowError,
};
use hashbrown::{HashMap, HashSet};

use crate::batch::RowWeights;

/// Argument columns in the order of their coming.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueLog {
    pub(super) chunks: Vec<Chunk>,
}

/// Rows of one batch.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// The number of each row's key.
    pub(super) keys: Arc<[u32]>,
    /// The event time of each row.
    pub(super) times: Option<ScalarBuffer<i64>>,
    /// The arguments.
    pub(super) columns: Vec<ArrayRef>,
}

impl ValueLog {
    /// The rows of all `logs`.
    pub(super) fn of_all<'a>(logs: impl IntoIterator<Item = &'a Self>) -> Self {
        let chunks = logs.into_iter().flat_map(|log| &log.chunks);
        let chunks = chunks.cloned().collect();
        Self { chunks }
    }

    /// The bytes that the rows of `keys` take, with the place of the key of each.
    pub(super) fn weight(&self, keys: &[u32]) -> usize {
        let keys: HashSet<u32> = keys.iter().copied().collect();
        let first = self
            .chunks
            .first()
            .map_or(&[][..], |chunk| &chunk.columns[..]);
        let of_none = RowWeights::of(first).of_none();
        let chunks = self.chunks.iter().map(|chunk| {
            let weights = RowWeights::of(&chunk.columns);
            let rows = (0..).zip(chunk.keys.iter());
            let mine = rows.filter(|(_, key)| keys.contains(*key));
            mine.map(|(row, _)| weights.of_row(row) + size_of::<u32>())
                .sum::<usize>()
        });
        chunks.fold(of_none, usize::saturating_add)
    }

    /// The rows of `keys`: for each row the place of its key among them, never decreasing, and the
    /// arguments. The rows of a key come in the order of their event time.
    pub(super) fn rows_of(&self, keys: &[u32]) -> Result<(Vec<u32>, Vec<ArrayRef>), ArrowError> {
        let mut place_of_key: HashMap<u32, u32> = HashMap::with_capacity(keys.len());
        place_of_key.extend(keys.iter().copied().zip(0..));
        // Group, time, chunk, row; sorting is stable, so rows of one time stay in order.
        let mut rows: Vec<(u32, i64, usize, usize)> = Vec::new();
        for (index, chunk) in self.chunks.iter().enumerate() {
            for (row, key) in chunk.keys.iter().enumerate() {
                if let Some(&place) = place_of_key.get(key) {
                    let time = chunk.times.as_ref().map_or(0, |times| times[row]);
                    rows.push((place, time, index, row));
                }
            }
        }
        rows.sort_by_key(|&(place, time, ..)| (place, time));
        let groups = rows.iter().map(|row| row.0).collect();
        let places: Vec<(usize, usize)> = rows.iter().map(|row| (row.2, row.3)).collect();
        let columns = self.chunks.first().map_or(0, |chunk| chunk.columns.len());
        let arguments = (0..columns)
            .map(|column| {
                let parts: Vec<&dyn Array> = self
                    .chunks
                    .iter()
                    .map(|chunk| chunk.columns[column].as_ref())
                    .collect();
                compute::interleave(&parts, &places)
            })
            .collect::<Result<_, _>>()?;
        Ok((groups, arguments))
    }
}
