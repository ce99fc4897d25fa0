//! What an operator knows, written down so that any number of subtasks can take it up again.

use arrow::array::RecordBatch;

use crate::{batch::KeyHash, time::Watermark};

/// What one subtask's operator knows at one instant.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// How far event time has come, for the operator's output.
    pub watermark: Watermark,
    /// Rows of state. What each table holds is for the operator to say; the first column of each is
    /// the encoded key, of type `binary` and never null, by which rows are dealt out.
    pub tables: Vec<RecordBatch>,
}

/// Which keys belong to a subtask.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// The subtask.
    pub subtask: usize,
    /// Of how many.
    pub subtasks: usize,
}

impl Share {
    /// All keys.
    pub const ALL: Self = Self {
        subtask: 0,
        subtasks: 1,
    };

    /// Whether the subtask owns `key`, in its encoded form.
    pub fn owns(self, key: &[u8]) -> bool {
        self.subtasks == 1 || KeyHash::of(key).subtask(self.subtasks) == self.subtask
    }
}
