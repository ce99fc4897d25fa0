//! Which accumulators of which slices rows belong to.

/// The accumulators that some rows belong to.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    /// By slice: those of its numbers that rows have, in the order of their coming.
    pub(super) distinct: Vec<Vec<u32>>,
    /// By row: the place of its number among all of them, slice after slice.
    pub(super) places: Vec<u32>,
}

/// Groups rows without hashing: each number of each slice is marked with the rows that had it last.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    /// Which rows are looked at.
    turn: u32,
    /// For each number of each slice, slice after slice: the rows that had it last, and its place among theirs.
    marks: Vec<(u32, u32)>,
}

impl Grouping {
    /// Groups rows by their slices and their numbers in them. `bounds` tells for each slice what its numbers are
    /// below.
    pub(super) fn group(&mut self, bounds: &[usize], slices: &[u32], numbers: &[u32]) -> Groups {
        let mut end = 0;
        let starts = bounds.iter().map(|bound| {
            end += bound;
            end - bound
        });
        let starts: Vec<usize> = starts.collect();
        self.begin(end);
        let room = |&bound: &usize| vec![0; bound.min(numbers.len()) + 1];
        let mut distinct: Vec<Vec<u32>> = bounds.iter().map(room).collect();
        let mut counts = vec![0; bounds.len()];
        let mut places = Vec::with_capacity(numbers.len());
        let mut rest = numbers;
        // Most rows are in the slice of the row before them.
        for run in slices.chunk_by(|one, next| one == next) {
            let (numbers, behind) = rest.split_at(run.len());
            rest = behind;
            let slice = run[0] as usize;
            let marks = &mut self.marks[starts[slice]..][..bounds[slice]];
            let (turn, distinct, mut count) = (self.turn, &mut distinct[slice], counts[slice]);
            places.extend(numbers.iter().map(|&number| {
                // Without a branch, which would go either way: what is not new is written over by the next.
                let mark = &mut marks[number as usize];
                let is_new = mark.0 != turn;
                distinct[count] = number;
                let place = if is_new { count as u32 } else { mark.1 };
                *mark = (turn, place);
                count += usize::from(is_new);
                place
            }));
            counts[slice] = count;
        }
        for (distinct, count) in distinct.iter_mut().zip(counts) {
            distinct.truncate(count);
        }
        let mut groups = Groups { places, distinct };
        if bounds.len() > 1 {
            let firsts = groups.firsts();
            for (place, &slice) in groups.places.iter_mut().zip(slices) {
                *place += firsts[slice as usize];
            }
        }
        groups
    }

    /// Begins with other rows, with numbers below `bound` in all slices together.
    fn begin(&mut self, bound: usize) {
        if self.marks.len() < bound {
            self.marks.resize(bound, (0, 0));
        }
        self.turn = self.turn.wrapping_add(1);
        if self.turn == 0 {
            // After 2^32 turns old marks could pass for new ones.
            self.marks.fill((0, 0));
            self.turn = 1;
        }
    }
}

impl Groups {
    /// The groups of some of the rows. `slices` has the slice of each of all rows.
    pub(super) fn of_some(&self, rows: &[u32], slices: &[u32], grouping: &mut Grouping) -> Self {
        let firsts = self.firsts();
        let bounds: Vec<usize> = self.distinct.iter().map(Vec::len).collect();
        let slices = rows.iter().map(|&row| slices[row as usize]);
        let slices: Vec<u32> = slices.collect();
        let numbers = rows.iter().zip(&slices).map(|(&row, &slice)| {
            // The place among those of its own slice.
            self.places[row as usize] - firsts[slice as usize]
        });
        let mut some = grouping.group(&bounds, &slices, &numbers.collect::<Vec<_>>());
        for (some, all) in some.distinct.iter_mut().zip(&self.distinct) {
            some.iter_mut()
                .for_each(|number| *number = all[*number as usize]);
        }
        some
    }

    /// How many accumulators they are.
    pub(super) fn count(&self) -> usize {
        self.distinct.iter().map(Vec::len).sum()
    }

    /// By slice: the place of its first accumulator.
    fn firsts(&self) -> Vec<u32> {
        let mut end = 0;
        let firsts = self.distinct.iter().map(|distinct| {
            end += distinct.len() as u32;
            end - distinct.len() as u32
        });
        firsts.collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The slice and the number of each row, by way of its group.
    fn told(groups: &Groups) -> Vec<(u32, u32)> {
        let slices = (0..).zip(&groups.distinct);
        let all =
            slices.flat_map(|(slice, distinct)| distinct.iter().map(move |&one| (slice, one)));
        let all: Vec<(u32, u32)> = all.collect();
        assert_eq!(all.len(), groups.count());
        let places = groups.places.iter();
        places.map(|&place| all[place as usize]).collect()
    }

    fn has_each_once(groups: &Groups, rows: &[(u32, u32)]) -> bool {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows.dedup();
        rows.len() == groups.count()
    }

    proptest! {
        /// Each row is in the group of its slice and number, and there are no others; of some of the rows too.
        #[test]
        fn rows_are_grouped_by_slice_and_number(
            batches in prop::collection::vec(
                prop::collection::vec(((0_u32..4, 0_u32..9), any::<bool>()), 0..60),
                1..6,
            ),
            turn in prop_oneof![Just(0), Just(u32::MAX - 2)],
        ) {
            let mut grouping = Grouping { turn, marks: Vec::new() };
            for batch in batches {
                let rows: Vec<(u32, u32)> = batch.iter().map(|(row, _)| *row).collect();
                let slices: Vec<u32> = rows.iter().map(|row| row.0).collect();
                let numbers: Vec<u32> = rows.iter().map(|row| row.1).collect();
                let groups = grouping.group(&[9; 4], &slices, &numbers);
                prop_assert_eq!(told(&groups), rows.clone());
                prop_assert!(has_each_once(&groups, &rows));

                let chosen = (0_u32..).zip(&batch).filter(|(_, (_, is_chosen))| *is_chosen);
                let chosen: Vec<u32> = chosen.map(|(row, _)| row).collect();
                let some = groups.of_some(&chosen, &slices, &mut grouping);
                let rows: Vec<(u32, u32)> = chosen.iter().map(|&row| rows[row as usize]).collect();
                prop_assert_eq!(told(&some), rows.clone());
                prop_assert!(has_each_once(&some, &rows));
            }
        }
    }
}
