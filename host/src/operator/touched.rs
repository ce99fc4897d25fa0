//! The rows of state that a batch touches.

/// Numbers the rows of a table that a batch touches, in the order of first touch, without hashing:
/// each row of the table is marked with the batch that touched it last.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    batch: u32,
    /// By row of the table: the batch that touched it last, and its number in that batch.
    marks: Vec<(u32, u32)>,
}

impl Touched {
    /// The distinct values of `rows` in the order of first touch, and for each of `rows` its place
    /// among them.
    pub(super) fn of(&mut self, rows: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let mut distinct = Vec::new();
        self.begin();
        let places = rows
            .iter()
            .map(|&row| self.touch(row, &mut distinct))
            .collect();
        (distinct, places)
    }

    /// Begins a new batch.
    pub(super) fn begin(&mut self) {
        self.batch = self.batch.wrapping_add(1);
        if self.batch == 0 {
            // After 2^32 batches old marks could pass for new ones.
            self.marks.fill((0, 0));
            self.batch = 1;
        }
    }

    /// The place of `row` among the rows touched in this batch; it is added to `distinct` if this
    /// is the first touch.
    pub(super) fn touch(&mut self, row: u32, distinct: &mut Vec<u32>) -> u32 {
        let index = row as usize;
        if index >= self.marks.len() {
            self.marks.resize(index + 1, (0, 0));
        }
        let (batch, place) = &mut self.marks[index];
        if *batch != self.batch {
            *batch = self.batch;
            *place = distinct.len() as u32;
            distinct.push(row);
        }
        *place
    }
}
