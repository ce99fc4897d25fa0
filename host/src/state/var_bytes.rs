//! Values of variable length that can be replaced one by one.

/// Byte strings in one piece of memory. A replaced value leaves a hole; the holes are closed when
/// they take up more than half.
#[derive(Clone, Debug, Default)]
pub(super) struct VarBytes {
    data: Vec<u8>,
    /// Where each value stands: start and length. From [`COMMON`] on, the start is one in `common`.
    places: Vec<(usize, u32)>,
    /// Bytes of `data` that are nobody's value.
    holes: usize,
    /// What many rows begin with. It is kept once: copies of a large one would be made for rows that may come
    /// to nothing.
    common: Vec<u8>,
}

/// More than there are bytes.
const COMMON: usize = 1 << (usize::BITS - 1);

impl VarBytes {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, row: usize) -> &[u8] {
        let (start, len) = self.places[row];
        match start.checked_sub(COMMON) {
            Some(start) => &self.common[start..start + len as usize],
            None => &self.data[start..start + len as usize],
        }
    }

    /// The length of a value.
    pub(super) fn length(&self, row: usize) -> usize {
        self.places[row].1 as usize
    }

    pub(super) fn push(&mut self, value: &[u8]) {
        let place = self.append(value);
        self.places.push(place);
    }

    /// Appends `value` so many times.
    pub(super) fn push_copies(&mut self, copies: usize, value: &[u8]) {
        let place = self.common(value);
        self.places.resize(self.places.len() + copies, place);
    }

    /// Puts `value` in the place of those of `rows`.
    pub(super) fn set_copies(&mut self, rows: impl Iterator<Item = usize>, value: &[u8]) {
        let place = self.common(value);
        for row in rows {
            self.holes += self.own_length(row);
            self.places[row] = place;
        }
        self.close_many_holes();
    }

    pub(super) fn set(&mut self, row: usize, value: &[u8]) {
        let (start, own) = (self.places[row].0, self.own_length(row));
        if start < COMMON && value.len() <= own {
            self.data[start..start + value.len()].copy_from_slice(value);
            self.places[row].1 = length(value);
            self.holes += own - value.len();
        } else {
            self.holes += own;
            // So that closing the holes does not copy the old value.
            self.places[row] = (0, 0);
            self.places[row] = self.append(value);
        }
        self.close_many_holes();
    }

    /// Removes the rows from row `first` on but those at `kept`, which ascend.
    pub(super) fn retain_from(&mut self, first: usize, kept: &[u32]) {
        for (row, &from) in (first..).zip(kept) {
            // What is not kept comes to stand behind all that is.
            self.places.swap(row, from as usize);
        }
        self.truncate(first + kept.len());
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        let rows = rows.min(self.places.len());
        let gone = (rows..self.places.len()).map(|row| self.own_length(row));
        self.holes += gone.sum::<usize>();
        self.places.truncate(rows);
        if rows == 0 {
            self.common = Vec::new();
        }
    }

    pub(super) fn shrink(&mut self) {
        self.close_holes();
        self.places.shrink_to_fit();
    }

    /// Where `value` stands among those that many rows begin with.
    fn common(&mut self, value: &[u8]) -> (usize, u32) {
        if !self.common.ends_with(value) {
            self.common.extend_from_slice(value);
        }
        let start = self.common.len() - value.len();
        (COMMON + start, length(value))
    }

    /// The bytes of `data` that are a row's value.
    fn own_length(&self, row: usize) -> usize {
        match self.places[row] {
            (COMMON.., _) => 0,
            (_, len) => len as usize,
        }
    }

    fn close_many_holes(&mut self) {
        if self.holes > 4096 && self.holes > self.data.len() / 2 {
            self.close_holes();
        }
    }

    fn append(&mut self, value: &[u8]) -> (usize, u32) {
        let start = self.data.len();
        self.data.extend_from_slice(value);
        (start, length(value))
    }

    fn close_holes(&mut self) {
        let mut data = Vec::with_capacity(self.data.len() - self.holes);
        for (start, len) in self.places.iter_mut().filter(|place| place.0 < COMMON) {
            let from = data.len();
            data.extend_from_slice(&self.data[*start..*start + *len as usize]);
            *start = from;
        }
        self.data = data;
        self.holes = 0;
    }
}

fn length(value: &[u8]) -> u32 {
    u32::try_from(value.len()).expect("a batch holds less than 4 GiB of one column")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_stays_bounded_while_values_grow_and_shrink() {
        let mut values = VarBytes::default();
        for row in 0..10 {
            values.push(&[row; 100]);
        }
        for round in 0..1000_usize {
            for row in 0..10 {
                let len = (round * 37 + row * 11) % 300;
                values.set(row, &vec![row as u8; len]);
                assert_eq!(values.get(row), vec![row as u8; len]);
            }
        }
        assert!(values.data.len() < 20_000, "{}", values.data.len());
    }

    #[test]
    fn what_many_rows_begin_with_is_kept_once() {
        let mut values = VarBytes::default();
        values.push(b"first");
        values.push_copies(1000, &[7; 10_000]);
        values.set_copies([0].into_iter(), &[7; 10_000]);
        values.set(5, b"other");
        values.set(6, b"");
        values.push_copies(2, b"later");
        assert_eq!(values.len(), 1003);
        assert_eq!(values.get(0), [7; 10_000]);
        assert_eq!(values.get(5), b"other");
        assert_eq!(values.get(6), b"");
        assert_eq!(values.get(1000), [7; 10_000]);
        assert_eq!(values.get(1002), b"later");
        assert!(values.common.len() + values.data.len() < 10_100);
        values.retain_from(1, &[5, 1002]);
        values.shrink();
        let all: Vec<&[u8]> = (0..values.len()).map(|row| values.get(row)).collect();
        assert_eq!(all, [&[7; 10_000][..], b"other", b"later"]);
    }
}
