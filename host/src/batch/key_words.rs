//! The values of key columns, each in one piece, as far as they are short.

use std::ops::Range;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    buffer::NullBuffer,
    datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType},
};

/// A value of a key column, all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) first: u64,
    /// Zeros behind the end.
    pub(super) last: u64,
    pub(super) length: u32,
}

impl Word {
    /// One that is in no slot.
    pub(super) const NONE: Self = Self {
        first: 0,
        last: 0,
        length: u32::MAX,
    };

    /// The whole of a text, which is at `range` of `bytes`; `None` if it is too long.
    #[inline]
    fn of_bytes(bytes: &[u8], range: Range<usize>) -> Option<Self> {
        let length = range.len();
        let mask = MASKS.get(length)?;
        // What is behind it, mostly another text, is cut off.
        let found = match bytes.get(range.start..).and_then(<[u8]>::first_chunk) {
            Some(chunk) => u128::from_le_bytes(*chunk),
            None => {
                let mut chunk = [0; size_of::<u128>()];
                chunk[..length].copy_from_slice(&bytes[range]);
                u128::from_le_bytes(chunk)
            }
        };
        let bytes = found & mask;
        Some(Self {
            first: bytes as u64,
            last: (bytes >> u64::BITS) as u64,
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
    #[inline]
    pub(super) const fn hash(self) -> u64 {
        let one = self.first ^ 0x9e37_79b9_7f4a_7c15;
        let other = self.last ^ 0xd1b5_4a32_d192_ed03 ^ self.length as u64;
        let product = one as u128 * other as u128;
        (product as u64) ^ (product >> 64) as u64
    }
}

/// Short values of several rows: the bytes, with zeros behind the end, and how many they are.
pub(super) struct Shorts<const N: usize> {
    pub(super) bytes: [u64; N],
    pub(super) lengths: [u32; N],
}

/// By length: the bits of a text.
const MASKS: [u128; size_of::<u128>() + 1] = {
    let mut masks = [0; size_of::<u128>() + 1];
    let mut length = 1;
    while length < masks.len() {
        masks[length] = u128::MAX >> (u128::BITS as usize - 8 * length);
        length += 1;
    }
    masks
};

/// The values of a column.
pub(super) struct Words<'a> {
    values: Values<'a>,
    nulls: Option<&'a NullBuffer>,
}

enum Values<'a> {
    Texts { bytes: &'a [u8], offsets: &'a [i32] },
    Numbers(&'a [i64]),
}

impl<'a> Words<'a> {
    /// Those of a column, if it is of a type whose values can be seen whole.
    pub(super) fn of(column: &'a ArrayRef) -> Option<Self> {
        let values = match column.data_type() {
            DataType::Utf8 => {
                let texts = column.as_string::<i32>();
                Values::Texts {
                    bytes: texts.value_data(),
                    offsets: texts.value_offsets(),
                }
            }
            DataType::Int64 => Values::Numbers(column.as_primitive::<Int64Type>().values()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Values::Numbers(column.as_primitive::<TimestampMicrosecondType>().values())
            }
            _ => return None,
        };
        let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0);
        Some(Self { values, nulls })
    }

    /// What the value of a row is compared by with others of the column; `None` if it is null, or too long.
    pub(super) fn rank(&self, row: usize) -> Option<(u64, u64, u32)> {
        if let Values::Numbers(_) = self.values {
            return Some((self.number_rank(row)?, 0, 0));
        }
        let word = self.get(row)?;
        // By the first byte first; of two texts of which one is the beginning of the other, it goes first.
        let (first, last) = (word.first.swap_bytes(), word.last.swap_bytes());
        Some((first, last, word.length))
    }

    /// The same for a number; `None` if it is null, or a text.
    pub(super) fn number_rank(&self, row: usize) -> Option<u64> {
        match self.values {
            Values::Numbers(_) => Some(self.get(row)?.first ^ (1 << (u64::BITS - 1))),
            Values::Texts { .. } => None,
        }
    }

    /// The value of a row; `None` if it is null, or too long.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<Word> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        match self.values {
            Values::Texts { bytes, offsets } => {
                Word::of_bytes(bytes, offsets[row] as usize..offsets[row + 1] as usize)
            }
            Values::Numbers(numbers) => Some(Word::of_number(numbers[row])),
        }
    }

    /// The values of `N` rows from `first` on, if all of them have at most eight bytes, as most keys do.
    #[inline]
    pub(super) fn shorts<const N: usize>(&self, first: usize) -> Option<Shorts<N>> {
        if self.nulls.is_some() {
            return None;
        }
        let (bytes, offsets) = match self.values {
            Values::Texts { bytes, offsets } => (bytes, offsets),
            Values::Numbers(numbers) => {
                let numbers: &[i64; N] = numbers.get(first..)?.first_chunk()?;
                return Some(Shorts {
                    bytes: numbers.map(i64::cast_unsigned),
                    lengths: [size_of::<i64>() as u32; N],
                });
            }
        };
        let starts: &[i32; N] = offsets.get(first..)?.first_chunk()?;
        let ends: &[i32; N] = offsets.get(first + 1..)?.first_chunk()?;
        let mut shorts = Shorts {
            bytes: [0; N],
            lengths: [0; N],
        };
        // Offsets never decrease, so the differences are not negative.
        let lengths = shorts.lengths.iter_mut().zip(starts.iter().zip(ends));
        lengths.for_each(|(length, (start, end))| *length = (end - start) as u32);
        let longest = shorts.lengths.iter().fold(0, |most, &one| one.max(most));
        if longest as usize > size_of::<u64>() {
            return None;
        }
        for ((found, length), start) in shorts.bytes.iter_mut().zip(&shorts.lengths).zip(starts) {
            // What is behind it, mostly another text, is cut off.
            let chunk = bytes.get(*start as usize..)?.first_chunk()?;
            *found = u64::from_le_bytes(*chunk) & MASKS[*length as usize] as u64;
        }
        Some(shorts)
    }
}
