//! When the state of keys is no longer needed: a queue that is cheap to keep.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::time::Timestamp;

/// Keys by the time after which they can be forgotten.
///
/// A key stands in the queue once. When its time is put off, nothing is done; whoever takes it out
/// looks whether it still holds, and puts the key in again if it does not. So a row costs nothing, and
/// a key costs one step for each time that it lives on.
#[derive(Debug, Default)]
pub(super) struct Expiry(BinaryHeap<Reverse<(Timestamp, u32)>>);

impl Expiry {
    /// Puts in a key that is not in the queue.
    pub(super) fn push(&mut self, due: Timestamp, key: u32) {
        self.0.push(Reverse((due, key)));
    }

    /// When the first key is to be looked at.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.0.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes out a key that was due by `now`, and passes over those for which `put_off` tells a later
    /// time.
    pub(super) fn pop(
        &mut self,
        now: Timestamp,
        put_off: impl Fn(u32) -> Timestamp,
    ) -> Option<u32> {
        while self.next().is_some_and(|due| due <= now) {
            let Reverse((_, key)) = self.0.pop()?;
            let due = put_off(key);
            if due <= now {
                return Some(key);
            }
            self.push(due, key);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_out_when_they_are_due_and_no_sooner() {
        let at = Timestamp::from_micros;
        let mut due = [at(10), at(20), at(30)];
        let mut expiry = Expiry::default();
        for (key, &due) in (0..).zip(&due) {
            expiry.push(due, key);
        }
        due[0] = at(25);
        assert_eq!(expiry.next(), Some(at(10)));
        assert_eq!(expiry.pop(at(9), |key| due[key as usize]), None);
        assert_eq!(expiry.pop(at(20), |key| due[key as usize]), Some(1));
        assert_eq!(expiry.pop(at(24), |key| due[key as usize]), None);
        assert_eq!(expiry.next(), Some(at(25)));
        assert_eq!(expiry.pop(at(30), |key| due[key as usize]), Some(0));
        assert_eq!(expiry.pop(at(30), |key| due[key as usize]), Some(2));
        assert_eq!(expiry.next(), None);
    }
}
