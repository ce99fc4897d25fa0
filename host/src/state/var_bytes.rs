//! Values of variable length that can be replaced one by one.

/// Byte strings in one piece of memory. A replaced value leaves a hole; the holes are closed when
/// they take up more than half.
#[derive(Clone, Debug, Default)]
pub(super) struct VarBytes {
    data: Vec<u8>,
    /// Where each value stands: start and length.
    places: Vec<(usize, u32)>,
    /// Bytes of `data` that are nobody's value.
    holes: usize,
}

impl VarBytes {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, row: usize) -> &[u8] {
        let (start, len) = self.places[row];
        &self.data[start..start + len as usize]
    }

    pub(super) fn push(&mut self, value: &[u8]) {
        let place = self.append(value);
        self.places.push(place);
    }

    pub(super) fn set(&mut self, row: usize, value: &[u8]) {
        let (start, len) = self.places[row];
        if value.len() <= len as usize {
            self.data[start..start + value.len()].copy_from_slice(value);
            self.places[row].1 = length(value);
            self.holes += len as usize - value.len();
        } else {
            self.holes += len as usize;
            // So that closing the holes does not copy the old value.
            self.places[row] = (0, 0);
            self.places[row] = self.append(value);
        }
        if self.holes > 4096 && self.holes > self.data.len() / 2 {
            self.close_holes();
        }
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        let gone = self.places.drain(rows.min(self.places.len())..);
        self.holes += gone.map(|(_, len)| len as usize).sum::<usize>();
    }

    pub(super) fn shrink(&mut self) {
        self.close_holes();
        self.places.shrink_to_fit();
    }

    fn append(&mut self, value: &[u8]) -> (usize, u32) {
        let start = self.data.len();
        self.data.extend_from_slice(value);
        (start, length(value))
    }

    fn close_holes(&mut self) {
        let mut data = Vec::with_capacity(self.data.len() - self.holes);
        for (start, len) in &mut self.places {
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
}
