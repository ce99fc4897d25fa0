//! What the keys seen lately stand for, so that most rows need no encoded key.
//!
//! Keys are compared, sorted, written down and sent to their owners in an encoded form, which takes longer to make
//! and to look up than most functions take for a row. But most rows have the key of a row not far before them. A
//! memo knows, for the values of a key column themselves, the number that somebody has given to that key.

use std::{mem, ops::Range};

use arrow::{
    array::{Array, ArrayRef, AsArray, UInt32Array},
    compute,
    datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType},
    error::ArrowError,
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
}

/// The numbers of a batch's keys, as far as they are known.
#[derive(Debug, PartialEq, Eq)]
struct Recalled {
    /// By row; of no meaning for rows that are unknown.
    numbers: Vec<u32>,
    /// The rows whose key is not known, in their order.
    unknown: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    word: Word,
    era: u32,
    number: u32,
}

/// A value of a key column, all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Word {
    first: u64,
    last: u64,
    length: u32,
}

/// 2 MiB at most: many keys are better looked up where they are.
const SLOTS: Range<usize> = 1 << 10..(1 << 16) + 1;

/// There is room enough while not more than one in so many rows has an unknown key.
const ENOUGH: usize = 32;

/// Slots in which a key may be.
const WAYS: usize = 4;

/// How many batches are let pass after one in which few keys were known.
const PAUSE: u32 = 31;

impl Default for KeyMemo {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            era: 1,
            pause: 0,
        }
    }
}

impl KeyMemo {
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
        let mut recalled = Recalled {
            numbers: Vec::with_capacity(column.len()),
            unknown: Vec::new(),
        };
        let is_asked = with_words(column, |row, word| {
            let number = word.and_then(|word| self.find(word));
            if number.is_none() {
                recalled.unknown.push(row);
            }
            recalled.numbers.push(number.unwrap_or_default());
        });
        if !is_asked {
            return None;
        }
        let (rows, unknown) = (recalled.numbers.len(), recalled.unknown.len());
        if unknown > rows / ENOUGH && !self.grow() && unknown > rows / 2 {
            self.pause = PAUSE;
        }
        Some(recalled)
    }

    /// Takes note of the numbers of the keys in a column.
    fn learn(&mut self, column: &ArrayRef, numbers: &[u32]) {
        with_words(column, |row, word| {
            if let Some(word) = word {
                self.insert(word, numbers[row as usize]);
            }
        });
    }

    fn find(&self, word: Word) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let place = word.hash() as usize;
        let mut slots = (0..WAYS).map(|way| &self.slots[(place + way) & mask]);
        let slot = slots.find(|slot| slot.word == word && slot.era == self.era)?;
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

impl Word {
    /// The whole of a text; `None` if it is too long.
    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let length = bytes.len();
        // Both halves together have all bytes, some of them twice.
        let (first, last) = match length {
            0 => (0, 0),
            1..=3 => (
                u64::from(bytes[0]),
                u64::from(bytes[length / 2]) << 8 | u64::from(bytes[length - 1]),
            ),
            4..=7 => (
                u64::from(u32::from_le_bytes(*bytes.first_chunk()?)),
                u64::from(u32::from_le_bytes(*bytes.last_chunk()?)),
            ),
            8..=16 => (
                u64::from_le_bytes(*bytes.first_chunk()?),
                u64::from_le_bytes(*bytes.last_chunk()?),
            ),
            _ => return None,
        };
        Some(Self {
            first,
            last,
            length: length as u32,
        })
    }

    const fn of_number(number: i64) -> Self {
        Self {
            first: number.cast_unsigned(),
            last: 0,
            length: 8,
        }
    }

    /// Any will do: nobody else sees it.
    const fn hash(self) -> u64 {
        let one = self.first ^ 0x9e37_79b9_7f4a_7c15;
        let other = self.last ^ 0xd1b5_4a32_d192_ed03 ^ self.length as u64;
        let product = one as u128 * other as u128;
        (product as u64) ^ (product >> 64) as u64
    }
}

/// Shows the value of each row of a column; `None` for one that is null, or too long. Says whether it can.
fn with_words(column: &ArrayRef, mut show: impl FnMut(u32, Option<Word>)) -> bool {
    let nulls = column.nulls();
    let is_there = |row: usize| nulls.is_none_or(|nulls| nulls.is_valid(row));
    match column.data_type() {
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            let (bytes, offsets) = (texts.value_data(), texts.value_offsets());
            for (row, ends) in offsets.windows(2).enumerate() {
                let text = &bytes[ends[0] as usize..ends[1] as usize];
                show(row as u32, Word::of_bytes(text).filter(|_| is_there(row)));
            }
        }
        DataType::Int64 => {
            let numbers = column.as_primitive::<Int64Type>().values();
            for (row, &number) in numbers.iter().enumerate() {
                show(row as u32, is_there(row).then(|| Word::of_number(number)));
            }
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let times = column.as_primitive::<TimestampMicrosecondType>().values();
            for (row, &time) in times.iter().enumerate() {
                show(row as u32, is_there(row).then(|| Word::of_number(time)));
            }
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use arrow::array::{BooleanArray, Int64Array, StringArray};
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
