//! The rows: readings of 1000 sensors, a millisecond of event time after each other, 5 % of them up to 5 s out of
//! order. A row depends on its number alone.

use std::io::Write as _;

/// Event time of the first row, in milliseconds.
pub(crate) const START: u64 = 1_704_067_200_000;

/// How many different ends rows have.
const TAILS: u64 = 4096;

/// Makes rows, one after the other.
pub(crate) struct Rows {
    made: u64,
    /// What stands behind the event time, made beforehand: the sender has little time.
    tails: Vec<String>,
}

impl Rows {
    /// From the first row on.
    pub(crate) fn new() -> Self {
        let tail = |i: u64| {
            let (sensor, temperature) = (random(i) % 1000, random(i + TAILS) % 1000);
            let humidity = random(i + 2 * TAILS) % 1000;
            format!(
                r#","sensor":"s{sensor:03}","temperature":{}.{},"humidity":{}.{}}}"#,
                temperature / 10,
                temperature % 10,
                humidity / 10,
                humidity % 10,
            ) + "\n"
        };
        Self {
            made: 0,
            tails: (0..TAILS).map(tail).collect(),
        }
    }

    /// How many rows have been made.
    pub(crate) const fn made(&self) -> u64 {
        self.made
    }

    /// Appends the rows up to the one numbered `end` to `buffer`.
    pub(crate) fn make(&mut self, end: u64, buffer: &mut Vec<u8>) {
        for n in self.made..end {
            let ts = START + n - behind(n);
            let tail = &self.tails[(random(n) % TAILS) as usize];
            write!(buffer, r#"{{"n":{n},"ts":{ts}{tail}"#).expect("memory takes it");
        }
        self.made = self.made.max(end);
    }
}

/// The first row that shows that event time has come this far, in milliseconds.
pub(crate) fn first_at(millis: u64) -> u64 {
    let first = millis.saturating_sub(START);
    (first..).find(|&n| behind(n) == 0).unwrap_or(first)
}

/// By how many milliseconds a row is out of order.
const fn behind(n: u64) -> u64 {
    let random = random(n);
    // The first rows have nothing to be behind.
    if random.is_multiple_of(20) && n > 5000 {
        1 + (random >> 32) % 5000
    } else {
        0
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
const fn random(n: u64) -> u64 {
    let mut bits = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
