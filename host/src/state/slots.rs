//! Numbers for rows of state that come and go, so that the places of those that have gone are used again.

/// Gives out numbers, the lowest free one first: what is numbered stays dense, and when most of it has
/// gone, the end of it can be cut off.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    /// A bit for each number below `bound` that is free.
    free: Vec<u64>,
    bound: u32,
    given: usize,
    /// No word before this one has a bit.
    first: usize,
}

/// Below this many numbers it is not worth giving memory back.
const SMALL: u32 = 1 << 14;

impl Slots {
    /// How many numbers are given out.
    pub const fn len(&self) -> usize {
        self.given
    }

    /// Whether no number is given out.
    pub const fn is_empty(&self) -> bool {
        self.given == 0
    }

    /// One more than the greatest number that may be given out.
    pub const fn bound(&self) -> usize {
        self.bound as usize
    }

    /// Gives out a number.
    ///
    /// # Panics
    ///
    /// If there would be 2^32 of them.
    pub fn take(&mut self) -> u32 {
        self.given += 1;
        while let Some(word) = self.free.get_mut(self.first) {
            if *word != 0 {
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                return self.first as u32 * u64::BITS + bit;
            }
            self.first += 1;
        }
        let number = self.bound;
        self.bound = number.checked_add(1).expect("less than 2^32 rows of state");
        if number.is_multiple_of(u64::BITS) {
            self.free.push(0);
        }
        number
    }

    /// Takes a number back.
    ///
    /// # Panics
    ///
    /// If it is not given out.
    pub fn give_back(&mut self, number: u32) {
        assert!(self.is_given(number), "{number} is not given out");
        let (word, bit) = place(number);
        self.free[word] |= bit;
        self.first = self.first.min(word);
        self.given -= 1;
    }

    /// Whether a number is given out.
    pub fn is_given(&self, number: u32) -> bool {
        let (word, bit) = place(number);
        number < self.bound && self.free[word] & bit == 0
    }

    /// The numbers that are given out, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.bound).filter(|&number| self.is_given(number))
    }

    /// Forgets the numbers after the last one that is given out, if that are many, and tells how many
    /// are left: what is kept for the others can go.
    pub fn trim(&mut self) -> Option<usize> {
        if self.bound <= SMALL || self.given > self.bound() / 4 {
            return None;
        }
        // In the last word, there are no bits for numbers that were never given out.
        let last = self.free.len() - 1;
        let beyond = !0_u64 << ((self.bound - 1) % u64::BITS) << 1;
        let is_in_use = |(place, word): (usize, &u64)| {
            let unused = if place == last { beyond } else { 0 };
            word | unused != u64::MAX
        };
        let words = self.free.iter().enumerate().rposition(is_in_use);
        let words = words.map_or(0, |word| word + 1);
        let bound = words as u32 * u64::BITS;
        if bound > self.bound / 2 {
            return None;
        }
        self.bound = bound;
        self.free.truncate(words);
        self.free.shrink_to_fit();
        self.first = self.first.min(words);
        Some(self.bound())
    }
}

const fn place(number: u32) -> (usize, u64) {
    ((number / u64::BITS) as usize, 1 << (number % u64::BITS))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_given_back_is_given_out_first() {
        let mut slots = Slots::default();
        assert_eq!([slots.take(), slots.take(), slots.take()], [0, 1, 2]);
        slots.give_back(1);
        slots.give_back(0);
        assert_eq!([slots.take(), slots.take(), slots.take()], [0, 1, 3]);
    }

    #[test]
    fn numbers_beyond_the_last_in_use_are_forgotten() {
        let mut slots = Slots::default();
        let many = 10 * SMALL + 7;
        for number in 0..many {
            assert_eq!(slots.take(), number);
        }
        assert_eq!(slots.trim(), None);
        for number in (0..many).filter(|&number| number != 100) {
            slots.give_back(number);
        }
        assert_eq!(slots.trim(), Some(128));
        assert_eq!((slots.len(), slots.iter().collect()), (1, vec![100]));
        assert_eq!(slots.take(), 0);
        slots.give_back(0);
        slots.give_back(100);
        assert_eq!(slots.trim(), None);
        let numbers: Vec<u32> = (0..130).map(|_| slots.take()).collect();
        assert_eq!(numbers, (0..130).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn no_number_is_given_out_twice(steps in prop::collection::vec(prop::option::of(0_u32..80), 0..400)) {
            let mut slots = Slots::default();
            let mut given = BTreeSet::new();
            for step in steps {
                match step {
                    Some(number) if given.remove(&number) => slots.give_back(number),
                    _ => {
                        let number = slots.take();
                        prop_assert!((0..number).all(|lower| given.contains(&lower)));
                        prop_assert!(given.insert(number));
                    }
                }
                prop_assert_eq!(slots.len(), given.len());
            }
            prop_assert_eq!(slots.iter().collect::<BTreeSet<_>>(), given);
        }
    }
}
