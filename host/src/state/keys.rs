//! A table of keys: numbers each key that it is shown, and forgets those that are no longer needed.

use hashbrown::{HashTable, hash_table::Entry};

use super::var_bytes::VarBytes;
use crate::batch::KeyHash;

/// Encoded keys with small numbers, so that what belongs to a key can be found by index. The number
/// of a key that is removed is given to another one later.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    places: HashTable<(u64, u32)>,
    /// By number; empty for one that is free.
    keys: VarBytes,
    free: Vec<u32>,
}

/// Below this many places it is not worth giving memory back.
const SMALL: usize = 1 << 16;

impl KeyTable {
    /// The number of keys.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// One more than the greatest number that was ever given.
    pub fn bound(&self) -> usize {
        self.keys.len()
    }

    /// The key with number `number`.
    ///
    /// # Panics
    ///
    /// If the number was never given.
    pub fn key(&self, number: u32) -> &[u8] {
        self.keys.get(number as usize)
    }

    /// The number of `key`, if it has one.
    pub fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = KeyHash::of(key).0;
        let same = |&(other, number): &(u64, u32)| other == hash && self.key(number) == key;
        self.places.find(hash, same).map(|&(_, number)| number)
    }

    /// The number of `key`, and whether it was given just now.
    ///
    /// # Panics
    ///
    /// If there would be more than 2^32 keys.
    pub fn number(&mut self, key: &[u8]) -> (u32, bool) {
        let hash = KeyHash::of(key).0;
        let keys = &self.keys;
        let same =
            |&(other, number): &(u64, u32)| other == hash && keys.get(number as usize) == key;
        match self.places.entry(hash, same, |&(hash, _)| hash) {
            Entry::Occupied(entry) => (entry.get().1, false),
            Entry::Vacant(entry) => {
                let number = match self.free.pop() {
                    Some(number) => {
                        self.keys.set(number as usize, key);
                        number
                    }
                    None => {
                        self.keys.push(key);
                        u32::try_from(self.keys.len() - 1)
                            .expect("a subtask holds less than 2^32 keys")
                    }
                };
                entry.insert((hash, number));
                (number, true)
            }
        }
    }

    /// Forgets the key with number `number`; the number may be given to another key.
    ///
    /// # Panics
    ///
    /// If no key has it.
    pub fn remove(&mut self, number: u32) {
        let hash = KeyHash::of(self.key(number)).0;
        let entry = self.places.find_entry(hash, |place| place.1 == number);
        entry
            .expect("only keys that are there are removed")
            .remove();
        self.keys.set(number as usize, &[]);
        self.free.push(number);
        if self.places.capacity() > SMALL && self.places.len() < self.places.capacity() / 8 {
            let room = self.places.len() * 2;
            self.places.shrink_to(room, |&(hash, _)| hash);
        }
    }

    /// The numbers of all keys, in no order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        self.places.iter().map(|&(_, number)| number)
    }

    /// Puts numbers in the order of their keys.
    pub fn sort(&self, numbers: &mut [u32]) {
        // Most keys differ early behind what all of them begin with, so most comparisons need not look
        // at the keys themselves.
        let shared = self.shared_prefix(numbers);
        let head = |&number: &u32| {
            let mut head = [0; 8];
            let rest = self.key(number).get(shared..).unwrap_or_default();
            let length = rest.len().min(head.len());
            head[..length].copy_from_slice(&rest[..length]);
            (u64::from_be_bytes(head), number)
        };
        let mut heads: Vec<(u64, u32)> = numbers.iter().map(head).collect();
        heads.sort_unstable_by(|a, b| {
            let keys = || self.key(a.1).cmp(self.key(b.1));
            a.0.cmp(&b.0).then_with(keys)
        });
        for (number, (_, sorted)) in numbers.iter_mut().zip(heads) {
            *number = sorted;
        }
    }

    /// How many bytes all of some keys begin with.
    fn shared_prefix(&self, numbers: &[u32]) -> usize {
        let mut keys = numbers.iter().map(|&number| self.key(number));
        let Some(first) = keys.next() else {
            return 0;
        };
        keys.fold(first.len(), |shared, key| {
            let pairs = key.iter().zip(&first[..shared]);
            pairs.take_while(|(a, b)| a == b).count()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_sorted_by_their_keys(
            prefix in prop::collection::vec(any::<u8>(), 0..12),
            ends in prop::collection::hash_set(prop::collection::vec(0_u8..3, 0..12), 0..50),
        ) {
            let mut table = KeyTable::default();
            let mut keys: Vec<Vec<u8>> = ends.iter().map(|end| [&prefix[..], end].concat()).collect();
            let mut numbers: Vec<u32> = keys.iter().map(|key| table.number(key).0).collect();
            table.sort(&mut numbers);
            keys.sort();
            let sorted: Vec<&[u8]> = numbers.iter().map(|&number| table.key(number)).collect();
            prop_assert_eq!(sorted, keys);
        }

        /// A table does what a map from keys to numbers does, and reuses numbers.
        #[test]
        fn keys_keep_their_numbers(steps in prop::collection::vec((any::<bool>(), 0_u8..20), 0..200)) {
            let mut table = KeyTable::default();
            let mut model: HashMap<Vec<u8>, u32> = HashMap::new();
            for (add, key) in steps {
                let key = vec![key; usize::from(key)];
                if add {
                    let (number, is_new) = table.number(&key);
                    prop_assert_eq!(is_new, !model.contains_key(&key));
                    prop_assert_eq!(*model.entry(key.clone()).or_insert(number), number);
                    prop_assert_eq!(table.key(number), &key[..]);
                } else if let Some(number) = model.remove(&key) {
                    table.remove(number);
                }
                prop_assert_eq!(table.find(&key), model.get(&key).copied());
                prop_assert_eq!(table.len(), model.len());
                prop_assert!(table.bound() <= 20);
            }
            let mut numbers: Vec<u32> = table.numbers().collect();
            table.sort(&mut numbers);
            let mut keys: Vec<&Vec<u8>> = model.keys().collect();
            keys.sort();
            let sorted: Vec<&[u8]> = numbers.iter().map(|&number| table.key(number)).collect();
            prop_assert_eq!(sorted, keys);
        }
    }
}
