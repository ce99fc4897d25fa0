//! A table of keys: numbers each key that it is shown in the order of first sight.

use hashbrown::HashTable;

use crate::batch::KeyHash;

/// Encoded keys, numbered from 0 without gaps.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    places: HashTable<(u64, u32)>,
    data: Vec<u8>,
    /// Where each key ends in `data`.
    ends: Vec<usize>,
}

impl KeyTable {
    /// The number of keys.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no keys.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The key with number `number`.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn key(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.data[start..self.ends[number]]
    }

    /// The number of `key`, and whether it was given just now.
    ///
    /// # Panics
    ///
    /// If there would be more than 2^32 keys.
    pub fn number(&mut self, key: &[u8]) -> (u32, bool) {
        let hash = KeyHash::of(key).0;
        let (ends, data) = (&self.ends, &self.data);
        let same = |&(other, number): &(u64, u32)| {
            let number = number as usize;
            let start = number.checked_sub(1).map_or(0, |before| ends[before]);
            other == hash && data[start..ends[number]] == *key
        };
        if let Some(&(_, number)) = self.places.find(hash, same) {
            return (number, false);
        }
        let number = u32::try_from(self.ends.len()).expect("a subtask holds less than 2^32 keys");
        self.data.extend_from_slice(key);
        self.ends.push(self.data.len());
        self.places
            .insert_unique(hash, (hash, number), |&(hash, _)| hash);
        (number, true)
    }

    /// The numbers of all keys, in the order of the keys.
    pub fn sorted(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).collect();
        numbers.sort_unstable_by(|&a, &b| self.key(a as usize).cmp(self.key(b as usize)));
        numbers
    }
}
