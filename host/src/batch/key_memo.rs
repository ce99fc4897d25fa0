//! What the keys seen lately stand for, so that most rows need no encoded key.
//!
//! Keys are compared, sorted, written down and sent to their owners in an encoded form, which takes longer to make
//! and to look up than most functions take for a row. But most rows have the key of a row not far before them. A
//! memo knows, for the values of a key column themselves, the number that somebody has given to that key.

use std::{mem, ops::Range};

use arrow::{
    array::{Array, ArrayRef, UInt32Array},
    compute,
    error::ArrowError,
};

use super::{
    KeyIds,
    key_ids::Translations,
    key_words::{Word, Words},
};

/// Numbers by key, for keys of one column with short values. It forgets what it has no room for.
#[derive(Clone, Debug)]
pub struct KeyMemo {
    /// A power of two of them.
    slots: Vec<Slot>,
    /// Slots of another era hold nothing.
    era: u32,
    /// Batches for which nobody looks, since it did not help before.
    pause: u32,
    /// What keys are called by those who send them.
    translations: Translations,
}

/// The numbers of a batch's keys, as far as they are known.
#[derive(Debug, PartialEq, Eq)]
struct Recalled {
    /// By row; of no meaning for rows that are unknown.
    numbers: Vec<u32>,
    /// The rows whose key is not known, in their order.
    unknown: Vec<u32>,
    /// How many rows have a key that is not in the first of its slots.
    elsewhere: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    word: Word,
    era: u32,
    number: u32,
}

/// 2 MiB at most: many keys are better looked up where they are.
const SLOTS: Range<usize> = 1 << 10..(1 << 16) + 1;

/// There is room enough while not more than one in so many rows has an unknown key.
const ENOUGH: usize = 32;

/// Looking into a second slot takes longer than into the first one of several keys. Slots that nobody looks into take
/// no room in any cache, so most of them may be empty.
const NEAR_ENOUGH: usize = 16;

/// Slots in which a key may be.
const WAYS: usize = 4;

/// Keys that are looked up at once.
const BLOCK: usize = 32;

/// How many batches are let pass after one in which few keys were known.
const PAUSE: u32 = 31;

impl Default for KeyMemo {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            era: 1,
            pause: 0,
            translations: Translations::default(),
        }
    }
}

impl KeyMemo {
    /// The same as [`numbers`](Self::numbers), by what the sender of the rows calls their keys, if it has told.
    ///
    /// # Errors
    ///
    /// Those of `find`.
    pub fn numbers_by_ids<E: From<ArrowError>>(
        &mut self,
        ids: Option<&KeyIds>,
        columns: &[ArrayRef],
        rows: usize,
        find: impl FnOnce(&[ArrayRef], usize) -> Result<Vec<u32>, E>,
    ) -> Result<Vec<u32>, E> {
        let Some(ids) = ids else {
            return self.numbers(columns, rows, find);
        };
        let mut translations = mem::take(&mut self.translations);
        let numbers = translations.numbers(ids, |rows| {
            let places = UInt32Array::from(rows.to_vec());
            let take = |column: &ArrayRef| compute::take(column, &places, None);
            let columns = columns.iter().map(take).collect::<Result<Vec<_>, _>>()?;
            self.numbers(&columns, rows.len(), find)
        });
        self.translations = translations;
        numbers
    }

    /// The numbers of the keys in `columns`, of which there are `rows`. Asks `find` for the numbers of those that are
    /// not known.
    ///
    /// # Errors
    ///
    /// Those of `find`.
    pub fn numbers<E: From<ArrowError>>(
        &mut self,
        columns: &[ArrayRef],
        rows: usize,
        find: impl FnOnce(&[ArrayRef], usize) -> Result<Vec<u32>, E>,
    ) -> Result<Vec<u32>, E> {
        let [column] = columns else {
            return find(columns, rows);
        };
        let Some(Recalled {
            mut numbers,
            unknown,
            ..
        }) = self.recall(column)
        else {
            return find(columns, rows);
        };
        if unknown.is_empty() {
            return Ok(numbers);
        }
        let unknown = UInt32Array::from(unknown);
        let column = compute::take(column, &unknown, None)?;
        let found = find(&[ArrayRef::clone(&column)], unknown.len())?;
        self.learn(&column, &found);
        for (&row, number) in unknown.values().iter().zip(found) {
            numbers[row as usize] = number;
        }
        Ok(numbers)
    }

    /// Forgets everything: numbers have other keys now.
    pub fn forget(&mut self) {
        self.translations.clear();
        self.era = self.era.wrapping_add(1);
        if self.era == 0 {
            self.slots.fill(Slot::default());
            self.era = 1;
        }
    }

    /// What is known of the keys in a column. `None` if it does not help to ask: for keys of other types, or that
    /// hardly ever come twice.
    fn recall(&mut self, column: &ArrayRef) -> Option<Recalled> {
        if let Some(left) = self.pause.checked_sub(1) {
            self.pause = left;
            return None;
        }
        let recalled = self.look_up(&Words::of(column)?, column.len());
        let (rows, unknown) = (recalled.numbers.len(), recalled.unknown.len());
        let is_tight = unknown > rows / ENOUGH || recalled.elsewhere > rows / NEAR_ENOUGH;
        if is_tight && !self.grow() && unknown > rows / 2 {
            self.pause = PAUSE;
        }
        Some(recalled)
    }

    /// Looks up the keys of all rows, of a block at once: what is waited for are slots that are far away.
    fn look_up(&self, words: &Words<'_>, rows: usize) -> Recalled {
        let Some(mask) = self.slots.len().checked_sub(1) else {
            return Recalled {
                numbers: vec![0; rows],
                unknown: (0..rows as u32).collect(),
                elsewhere: rows,
            };
        };
        let mut numbers = Vec::with_capacity(rows);
        let mut unknown = Vec::new();
        let mut elsewhere = 0;
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            let mut block = [(Word::default(), 0); BLOCK];
            for (row, (word, place)) in (first..).zip(&mut block[..count]) {
                *word = words.get(row).unwrap_or(Word::NONE);
                *place = word.hash() as usize & mask;
            }
            let mut missed = [0; BLOCK];
            let mut misses = 0;
            // Most keys are in the first of their slots. Without a branch, which would go either way.
            numbers.extend(
                block[..count]
                    .iter()
                    .enumerate()
                    .map(|(row, (word, place))| {
                        let slot = &self.slots[*place];
                        missed[misses] = row;
                        misses += usize::from(!slot.has(word, self.era));
                        slot.number
                    }),
            );
            elsewhere += misses;
            for &row in &missed[..misses] {
                match self.find(block[row].0) {
                    Some(number) => numbers[first + row] = number,
                    None => unknown.push((first + row) as u32),
                }
            }
        }
        Recalled {
            numbers,
            unknown,
            elsewhere,
        }
    }

    /// Takes note of the numbers of the keys in a column.
    fn learn(&mut self, column: &ArrayRef, numbers: &[u32]) {
        let Some(words) = Words::of(column) else {
            return;
        };
        for (row, &number) in numbers.iter().enumerate() {
            if let Some(word) = words.get(row) {
                self.insert(word, number);
            }
        }
    }

    fn find(&self, word: Word) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let place = word.hash() as usize;
        let mut slots = (0..WAYS).map(|way| &self.slots[(place + way) & mask]);
        let slot = slots.find(|slot| slot.has(&word, self.era))?;
        Some(slot.number)
    }

    fn insert(&mut self, word: Word, number: u32) {
        let mask = self.slots.len() - 1;
        let place = word.hash() as usize;
        let mut ways = (0..WAYS).map(|way| (place + way) & mask);
        let free =
            ways.find(|&way| self.slots[way].era != self.era || self.slots[way].word == word);
        // One that is full makes room for the latest.
        let way = free.unwrap_or(place & mask);
        self.slots[way] = Slot {
            word,
            era: self.era,
            number,
        };
    }

    /// Makes room for more keys, if there may be more room.
    fn grow(&mut self) -> bool {
        let more = (self.slots.len() * 4).max(SLOTS.start);
        if more >= SLOTS.end {
            return false;
        }
        for slot in mem::replace(&mut self.slots, vec![Slot::default(); more]) {
            if slot.era == self.era {
                self.insert(slot.word, slot.number);
            }
        }
        true
    }
}

impl Slot {
    /// Whether the number in it is that of `word`.
    #[inline]
    const fn has(&self, word: &Word, era: u32) -> bool {
        let bytes = (self.word.first ^ word.first) | (self.word.last ^ word.last);
        let rest = (self.word.length ^ word.length) | (self.era ^ era);
        bytes | rest as u64 == 0
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use arrow::array::{AsArray, BooleanArray, Int64Array, StringArray};
    use proptest::prelude::*;

    use super::*;

    /// The numbers of texts, and how many were asked for, by way of a table of all texts.
    fn number(
        memo: &mut KeyMemo,
        table: &mut HashMap<Option<String>, u32>,
        texts: &[Option<String>],
    ) -> (Vec<u32>, usize) {
        let column: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let mut asked = 0;
        let numbers = memo.numbers(&[column], texts.len(), |columns, rows| {
            asked = rows;
            let texts = columns[0].as_string::<i32>().iter();
            let numbers = texts.map(|text| {
                let next = table.len() as u32;
                *table.entry(text.map(str::to_owned)).or_insert(next)
            });
            Ok::<_, ArrowError>(numbers.collect())
        });
        (numbers.expect("nothing fails"), asked)
    }

    proptest! {
        /// Whatever it knows and forgets, a key has its own number.
        #[test]
        fn keys_have_their_own_numbers(
            batches in prop::collection::vec(
                (prop::collection::vec(prop::option::of("[ab\u{e4}]{0,20}"), 0..200), any::<bool>()),
                1..20,
            ),
        ) {
            let mut memo = KeyMemo::default();
            let mut table = HashMap::new();
            for (texts, forgets) in batches {
                if forgets {
                    memo.forget();
                    table.clear();
                }
                let (numbers, _) = number(&mut memo, &mut table, &texts);
                for (text, number) in texts.iter().zip(numbers) {
                    prop_assert_eq!(table.get(text), Some(&number));
                }
            }
        }
    }

    /// How many of these keys are asked for.
    fn asked(memo: &mut KeyMemo, columns: &[ArrayRef], rows: usize) -> usize {
        let mut asked = 0;
        let numbers = memo.numbers(columns, rows, |_, rows| {
            asked = rows;
            Ok::<_, ArrowError>((0..rows as u32).collect())
        });
        assert_eq!(numbers.expect("nothing fails").len(), rows);
        asked
    }

    #[test]
    fn what_was_seen_is_known() {
        let numbers = Int64Array::from(vec![Some(7), None, Some(-1), Some(7)]);
        let columns: [ArrayRef; 1] = [Arc::new(numbers)];
        let mut memo = KeyMemo::default();
        assert_eq!(asked(&mut memo, &columns, 4), 4);
        assert_eq!(asked(&mut memo, &columns, 4), 1, "a null is nobody's value");
        memo.forget();
        assert_eq!(asked(&mut memo, &columns, 4), 4);
    }

    #[test]
    fn a_thousand_keys_are_soon_known() {
        let texts = (0..1000).map(|key| Some(format!("sensor-{key}")));
        let texts: Vec<Option<String>> = texts.collect();
        let (mut memo, mut table) = (KeyMemo::default(), HashMap::new());
        for _ in 0..5 {
            number(&mut memo, &mut table, &texts);
        }
        let (_, asked) = number(&mut memo, &mut table, &texts);
        assert!(asked < 20, "{asked}");
    }

    #[test]
    fn keys_that_never_come_twice_are_not_looked_for_each_time() {
        let mut memo = KeyMemo::default();
        let mut looked = 0;
        for batch in 0..200 {
            let numbers = Int64Array::from_iter_values(batch * 1000..(batch + 1) * 1000);
            looked += usize::from(memo.pause == 0);
            assert_eq!(asked(&mut memo, &[Arc::new(numbers)], 1000), 1000);
        }
        assert!((5..20).contains(&looked), "{looked}");
    }

    #[test]
    fn other_keys_are_always_asked_for() {
        let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
        let mut memo = KeyMemo::default();
        for columns in [
            vec![],
            vec![Arc::clone(&flags)],
            vec![Arc::clone(&flags), flags],
        ] {
            assert_eq!(asked(&mut memo, &columns, 2), 2);
            assert_eq!(asked(&mut memo, &columns, 2), 2);
        }
    }
}
