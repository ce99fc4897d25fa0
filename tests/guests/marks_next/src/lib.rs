//! What the functions of `marks` may have become: some can take the place of what was, some cannot.

use std::hint::black_box;

use tidemill_sdk::prelude::*;

/// Tests overwrite this text, as that of `marks`.
static VERSION: [u8; 24] = *b"version of marks: 2 none";

/// Fails as the text says: only later, so that a trial on the first rows does not see it.
fn fail_if_asked(n: i64) {
    let is_late = black_box(&VERSION)[20] == b'l';
    assert!(
        !is_late || n % 1000 != 999,
        "this version cannot do all of it"
    );
}

/// Takes other rows than before.
#[scalar(result = "version")]
pub fn mark(n: f64) -> i64 {
    n as i64
}

/// What was known of a group before.
#[derive(Debug, Default, State)]
pub struct OldTally {
    rows: i64,
}

/// How many rows there were, and their sum from now on.
#[derive(Debug, Default, State)]
#[state(version = 2, previous = OldTally)]
pub struct Tally {
    rows: i64,
    sum: i64,
}

impl From<OldTally> for Tally {
    fn from(old: OldTally) -> Self {
        Self {
            rows: old.rows,
            sum: 0,
        }
    }
}

#[aggregate]
impl Aggregate for Tally {
    type Input = i64;
    type Output = i64;

    fn update(&mut self, n: i64) {
        fail_if_asked(n);
        self.rows += 1;
        self.sum += n;
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.sum += other.sum;
    }

    fn finish(&self) -> i64 {
        // More than there can be rows, so that it is seen which version has made the result.
        self.rows + 1_000_000_000
    }
}

/// How many rows there were, counted from now on: what was known of them is of no use.
#[derive(Debug, Default, State)]
#[state(version = 2)]
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

/// What was known of a key before.
#[derive(Debug, Default, State)]
pub struct OldSeen {
    rows: i64,
}

/// How many rows a key has had, as text.
#[derive(Debug, Default, State)]
#[state(version = 2, previous = OldSeen)]
pub struct Seen {
    rows: String,
}

impl From<OldSeen> for Seen {
    fn from(old: OldSeen) -> Self {
        Self {
            rows: old.rows.to_string(),
        }
    }
}

/// Numbers the rows of a key.
#[process(result = "number")]
pub fn number(seen: &mut Seen, n: i64) -> Result<Option<i64>, String> {
    fail_if_asked(n);
    let rows: i64 = match seen.rows.as_str() {
        "" => 0,
        rows => rows.parse().map_err(|error| format!("{error}"))?,
    };
    seen.rows = (rows + 1).to_string();
    Ok(Some(rows + 1))
}

library!(mark, Tally, Lost, number);
