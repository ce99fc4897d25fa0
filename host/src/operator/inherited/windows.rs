//! The windows that rows name, and which of them close together.

use std::collections::BTreeMap;

use crate::{
    batch::Keys,
    operator::windowed::{Assign, Assigned, Describe},
    state::KeyTable,
    time::{Timestamp, Watermark},
};

/// The windows of a stage: one for each key and pair of bounds.
#[derive(Default)]
pub(super) struct Windows {
    /// The end, the key and the start of each, encoded so that they stand in that order.
    names: KeyTable,
    /// By end.
    open: BTreeMap<Timestamp, Vec<u32>>,
}

/// What a window is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) end: Timestamp,
    pub(super) key: &'a [u8],
    pub(super) start: Timestamp,
}

/// The bytes of an instant.
const INSTANT: usize = size_of::<i64>();

/// Below this many numbers it is not worth giving memory back.
const SMALL: usize = 1 << 14;

impl Name<'_> {
    fn encode(self, bytes: &mut Vec<u8>) {
        bytes.clear();
        bytes.extend(ordered(self.end));
        bytes.extend(self.key);
        bytes.extend(ordered(self.start));
    }
}

impl<'a> Name<'a> {
    fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (end, rest) = bytes.split_first_chunk::<INSTANT>()?;
        let (key, start) = rest.split_last_chunk::<INSTANT>()?;
        Some(Self {
            end: instant(*end),
            key,
            start: instant(*start),
        })
    }
}

/// An instant as bytes that compare as it does.
fn ordered(time: Timestamp) -> [u8; INSTANT] {
    (time.as_micros() ^ i64::MIN).to_be_bytes()
}

const fn instant(bytes: [u8; INSTANT]) -> Timestamp {
    Timestamp::from_micros(i64::from_be_bytes(bytes) ^ i64::MIN)
}

impl Windows {
    /// The numbers of all windows.
    pub(super) fn all(&self) -> Vec<u32> {
        self.names.numbers().collect()
    }

    /// What a window is known by.
    pub(super) fn name(&self, window: u32) -> Name<'_> {
        Name::decode(self.names.key(window)).expect("windows are known by what was encoded")
    }

    /// The windows with the next end that `to` closes, by key.
    pub(super) fn next_end(&mut self, to: Watermark) -> Vec<u32> {
        match self.open.first_entry() {
            Some(first) if to.closes(*first.key()) => {
                let mut windows = first.remove();
                self.names.sort(&mut windows);
                windows
            }
            _ => Vec::new(),
        }
    }

    /// Forgets windows, whose numbers may be given to others.
    pub(super) fn close(&mut self, windows: &[u32]) {
        windows.iter().for_each(|&window| self.names.remove(window));
    }

    /// Gives back memory if no window is open and many were.
    pub(super) fn trim(&mut self) -> bool {
        let is_worth_it = self.names.is_empty() && self.names.bound() > SMALL;
        if is_worth_it {
            self.names = KeyTable::default();
        }
        is_worth_it
    }
}

impl Describe<2> for Windows {
    fn key(&self, window: u32) -> &[u8] {
        self.name(window).key
    }

    fn numbers(&self, window: u32) -> [i64; 2] {
        let name = self.name(window);
        [name.start.as_micros(), name.end.as_micros()]
    }

    fn find_or_open(&mut self, key: &[u8], [start, end]: [i64; 2]) -> u32 {
        let (start, end) = (Timestamp::from_micros(start), Timestamp::from_micros(end));
        let mut bytes = Vec::new();
        Name { end, key, start }.encode(&mut bytes);
        let (window, is_new) = self.names.number(&bytes);
        if is_new {
            self.open.entry(end).or_default().push(window);
        }
        window
    }

    fn bound(&self) -> usize {
        self.names.bound()
    }
}

/// Assigns the rows of a batch to the windows they name.
pub(super) struct Assignment<'a> {
    windows: &'a mut Windows,
    /// By row.
    numbers: Vec<u32>,
    /// Windows that have no row yet, in order, and whether one has been kept.
    fresh: Vec<(u32, bool)>,
}

impl<'a> Assignment<'a> {
    /// Numbers the windows of `rows`, given the starts and ends that the rows of the batch name.
    pub(super) fn new(
        windows: &'a mut Windows,
        keys: &Keys,
        (starts, ends): (&[i64], &[i64]),
        rows: &[u32],
    ) -> Self {
        let mut numbers = vec![0; keys.len()];
        let (mut fresh, mut bytes) = (Vec::new(), Vec::new());
        for row in rows.iter().map(|&row| row as usize) {
            let name = Name {
                end: Timestamp::from_micros(ends[row]),
                key: keys.get(row),
                start: Timestamp::from_micros(starts[row]),
            };
            name.encode(&mut bytes);
            let (window, is_new) = windows.names.number(&bytes);
            if is_new {
                fresh.push((window, false));
            }
            numbers[row] = window;
        }
        fresh.sort_unstable();
        Self {
            windows,
            numbers,
            fresh,
        }
    }

    /// Ends the batch: windows none of whose rows was kept are none.
    pub(super) fn end(self) {
        for (window, is_kept) in self.fresh {
            if is_kept {
                let end = self.windows.name(window).end;
                self.windows.open.entry(end).or_default().push(window);
            } else {
                self.windows.names.remove(window);
            }
        }
    }
}

impl Assign for Assignment<'_> {
    fn assign(&mut self, rows: &[u32]) -> Assigned {
        Assigned {
            rows: rows.to_vec(),
            windows: rows.iter().map(|&row| self.numbers[row as usize]).collect(),
            bound: self.windows.names.bound(),
            ..Assigned::default()
        }
    }

    fn is_certain(&self, _: &[u32]) -> bool {
        true
    }

    fn take_back(&mut self) {}

    fn keep(&mut self, assigned: &Assigned) {
        if self.fresh.is_empty() {
            return;
        }
        for window in &assigned.windows {
            let place = self.fresh.binary_search_by_key(window, |fresh| fresh.0);
            if let Some((_, is_kept)) = place.ok().and_then(|place| self.fresh.get_mut(place)) {
                *is_kept = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_are_in_the_order_of_their_parts(
            a in (any::<i64>(), "[a-b]", any::<i64>()), b in (-1_i64..2, "[a-b]", -1_i64..2),
            c in (-1_i64..2, "[a-b]", -1_i64..2),
        ) {
            let encoded = [&a, &b, &c].map(|(end, key, start)| {
                let mut bytes = Vec::new();
                let name = Name {
                    end: Timestamp::from_micros(*end),
                    key: key.as_bytes(),
                    start: Timestamp::from_micros(*start),
                };
                name.encode(&mut bytes);
                assert_eq!(Name::decode(&bytes), Some(name));
                bytes
            });
            prop_assert_eq!(encoded[0].cmp(&encoded[1]), a.cmp(&b));
            prop_assert_eq!(encoded[1].cmp(&encoded[2]), b.cmp(&c));
        }
    }
}
