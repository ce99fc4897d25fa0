//! Functions that say which version of them has run.

use std::hint::black_box;

use tidemill_sdk::prelude::*;

/// Tests overwrite this text in the component: the digit is the version, the letter what is wrong with it.
/// So they get as many versions as they want of one build.
static VERSION: [u8; 24] = *b"version of marks: 1 none";

/// The digit in the text.
pub fn version() -> i64 {
    i64::from(black_box(&VERSION)[18] - b'0')
}

/// Fails as the text says.
fn fail_if_asked(n: i64) {
    match black_box(&VERSION)[20] {
        b't' => panic!("this version cannot do it"),
        // Only later: a trial on the first rows does not see it.
        b'l' if n % 1000 == 999 => panic!("this version cannot do all of it"),
        b's' => loop {
            black_box(n);
        },
        b'h' => hoard(),
        b'w' => (0..100_000_000).for_each(|turn: i64| {
            black_box(turn);
        }),
        _ => {}
    }
}

/// Takes all memory there is.
fn hoard() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Which version has seen the number.
#[scalar(result = "version")]
pub fn mark(n: i64) -> i64 {
    fail_if_asked(n);
    version()
}

/// How many rows there were.
#[derive(Debug, Default, State)]
pub struct Tally {
    /// Whatever the version.
    pub rows: i64,
}

#[aggregate]
impl Aggregate for Tally {
    type Input = i64;
    type Output = i64;

    fn update(&mut self, n: i64) {
        fail_if_asked(n);
        self.rows += 1;
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
    }

    fn finish(&self) -> i64 {
        self.rows
    }
}

/// How many rows there were, and nobody knows how to go on from here.
#[derive(Debug, Default, State)]
pub struct Lost {
    rows: i64,
}

#[aggregate]
impl Aggregate for Lost {
    type Input = i64;
    type Output = i64;

    fn update(&mut self, _n: i64) {
        self.rows += 1;
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
    }

    fn finish(&self) -> i64 {
        self.rows
    }
}

/// How many rows a key has had.
#[derive(Debug, Default, State)]
pub struct Seen {
    /// Whatever the version.
    pub rows: i64,
}

/// Numbers the rows of a key.
#[process(result = "number")]
pub fn number(seen: &mut Seen, n: i64) -> Option<i64> {
    fail_if_asked(n);
    seen.rows += 1;
    Some(seen.rows)
}

library!(mark, Tally, Lost, number);
