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
    key_words::{Shorts, Word, Words},
};

/// Numbers by key, for keys of one column with short values. It forgets what it has no room for.
#[derive(Clone, Debug)]
pub struct KeyMemo {
    /// A power of two of them.
    slots: Vec<Slot>,
    /// What is behind the first eight bytes of each slot's value.
    lasts: Vec<u64>,
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
}

/// A value and its number. Few bytes, so that as many slots as possible are near.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    first: u64,
    /// The era, and the length of the value.
    mark: u32,
    number: u32,
}

/// The bits of a mark that hold a length.
const LENGTH_BITS: u32 = 5;

/// The end of all eras.
const ERAS: u32 = 1 << (u32::BITS - LENGTH_BITS);

/// 2 MiB at most: many keys are better looked up where they are.
const SLOTS: Range<usize> = 1 << 10..(1 << 16) + 1;

/// There is room enough while not more than one in so many rows has an unknown key.
const ENOUGH: usize = 32;

/// Slots in which a key may be.
const WAYS: usize = 4;

/// The first of them, which are looked at together.
const PAIR: usize = 2;

/// Keys that are looked up at once.
const BLOCK: usize = 32;

/// How many batches are let pass after one in which few keys were known.
const PAUSE: u32 = 31;

impl Default for KeyMemo {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            lasts: Vec::new(),
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
        self.era += 1;
        if self.era == ERAS {
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
        if unknown > rows / ENOUGH && !self.grow() && unknown > rows / 2 {
            self.pause = PAUSE;
        }
        Some(recalled)
    }

    /// Looks up the keys of all rows, of a block at once: what is waited for are slots that are far away.
    fn look_up(&self, words: &Words<'_>, rows: usize) -> Recalled {
        if self.slots.is_empty() {
            return Recalled {
                numbers: vec![0; rows],
                unknown: (0..rows as u32).collect(),
            };
        }
        let mut recalled = Recalled {
            numbers: Vec::with_capacity(rows),
            unknown: Vec::new(),
        };
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            let shorts = match count {
                BLOCK => words.shorts::<BLOCK>(first),
                _ => None,
            };
            let mut missed = [0; BLOCK];
            let misses = match shorts {
                Some(shorts) => self.look_up_shorts(&shorts, &mut recalled.numbers, &mut missed),
                None => {
                    let mut block = [Word::NONE; BLOCK];
                    for (row, word) in (first..).zip(&mut block[..count]) {
                        *word = words.get(row).unwrap_or(Word::NONE);
                    }
                    self.look_up_words(&block[..count], &mut recalled.numbers, &mut missed)
                }
            };
            for &row in &missed[..misses] {
                match words.get(first + row).and_then(|word| self.find(word)) {
                    Some(number) => recalled.numbers[first + row] = number,
                    None => recalled.unknown.push((first + row) as u32),
                }
            }
        }
        recalled
    }

    /// Looks for each of some values in the first two of its slots, where most are. Adds their numbers to `numbers`,
    /// and puts the places of those that are not there into `missed`; tells how many.
    fn look_up_shorts(
        &self,
        shorts: &Shorts<BLOCK>,
        numbers: &mut Vec<u32>,
        missed: &mut [usize; BLOCK],
    ) -> usize {
        let (pairs, _) = self.slots.as_chunks::<PAIR>();
        let mut misses = 0;
        let block = shorts.bytes.iter().zip(&shorts.lengths).enumerate();
        // Without a branch, which would go either way.
        numbers.extend(block.map(|(row, (&first, &length))| {
            let word = Word {
                first,
                last: 0,
                length,
            };
            let mark = self.mark(length);
            let [one, other] = &pairs[word.hash() as usize & (pairs.len() - 1)];
            let (is_one, is_other) = (one.has(first, mark), other.has(first, mark));
            missed[misses] = row;
            misses += usize::from(!(is_one | is_other));
            if is_one { one.number } else { other.number }
        }));
        misses
    }

    /// The same for values that may be long.
    fn look_up_words(
        &self,
        words: &[Word],
        numbers: &mut Vec<u32>,
        missed: &mut [usize; BLOCK],
    ) -> usize {
        let mut misses = 0;
        numbers.extend(words.iter().enumerate().map(|(row, word)| {
            let place = self.place(*word);
            let (is_one, is_other) = (self.has(place, word), self.has(place + 1, word));
            missed[misses] = row;
            misses += usize::from(!(is_one | is_other));
            self.slots[place + usize::from(!is_one)].number
        }));
        misses
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
        let place = self.place(word);
        let mut ways = (0..WAYS).map(|way| (place + way) & (self.slots.len() - 1));
        let way = ways.find(|&way| self.has(way, &word))?;
        Some(self.slots[way].number)
    }

    fn insert(&mut self, word: Word, number: u32) {
        let place = self.place(word);
        let mut ways = (0..WAYS).map(|way| (place + way) & (self.slots.len() - 1));
        let free = ways.find(|&way| self.slots[way].era() != self.era || self.has(way, &word));
        // One that is full makes room for the latest.
        let way = free.unwrap_or(place);
        self.lasts[way] = word.last;
        self.slots[way] = Slot {
            first: word.first,
            mark: self.mark(word.length),
            number,
        };
    }

    /// The first slot in which a value may be, one of two that are looked at together.
    #[inline]
    fn place(&self, word: Word) -> usize {
        (word.hash() as usize & (self.slots.len() / PAIR - 1)) * PAIR
    }

    /// What the slots are marked with that hold values of this length.
    #[inline]
    const fn mark(&self, length: u32) -> u32 {
        self.era << LENGTH_BITS | length
    }

    /// Whether a slot holds `word`.
    #[inline]
    fn has(&self, slot: usize, word: &Word) -> bool {
        self.slots[slot].has(word.first, self.mark(word.length)) & (self.lasts[slot] == word.last)
    }

    /// Makes room for more keys, if there may be more room.
    fn grow(&mut self) -> bool {
        let more = (self.slots.len() * 4).max(SLOTS.start);
        if more >= SLOTS.end {
            return false;
        }
        let slots = mem::replace(&mut self.slots, vec![Slot::default(); more]);
        let lasts = mem::replace(&mut self.lasts, vec![0; more]);
        for (slot, last) in slots.into_iter().zip(lasts) {
            if slot.era() == self.era {
                let word = Word {
                    first: slot.first,
                    last,
                    length: slot.mark % (1 << LENGTH_BITS),
                };
                self.insert(word, slot.number);
            }
        }
        true
    }
}

impl Slot {
    const fn era(&self) -> u32 {
        self.mark >> LENGTH_BITS
    }

    /// Whether it has this mark and a value that begins so.
    #[inline]
    const fn has(&self, first: u64, mark: u32) -> bool {
        (self.first ^ first) | (self.mark ^ mark) as u64 == 0
    }
}

#[cfg(test)]
mod tests;
