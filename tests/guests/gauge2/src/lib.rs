//! The next version of `gauge`: a parameter has another name, `mean` keeps something else and can take up what
//! the other one has kept, and there are more functions.

use tidemill_sdk::prelude::*;

/// Is the level above 40?
#[scalar]
pub fn is_high(metres: f64) -> bool {
    metres > 40.0
}

/// Is the level between two others?
#[scalar(name = "is_high")]
pub fn is_high_between(level: f64, least: f64, most: f64) -> bool {
    least < level && level < most
}

/// What the first version kept.
#[derive(Debug, Default, State)]
pub struct MeanV1 {
    sum: f64,
    count: i32,
}

/// Arithmetic mean.
#[derive(Debug, Default, State)]
#[state(version = 2, previous = MeanV1)]
pub struct Mean {
    sum: f64,
    count: i64,
}

impl From<MeanV1> for Mean {
    fn from(old: MeanV1) -> Self {
        Self {
            sum: old.sum,
            count: old.count.into(),
        }
    }
}

#[aggregate]
impl Aggregate for Mean {
    type Input = f64;
    type Output = Option<f64>;

    fn update(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    fn finish(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// How many rows a key has had.
#[derive(Debug, Default, State)]
pub struct Rows {
    rows: i64,
}

/// Numbers the rows of each key, from 1.
#[process(result = "number")]
pub fn number(rows: &mut Rows) -> Option<i64> {
    rows.rows += 1;
    Some(rows.rows)
}

library!(is_high, is_high_between, Mean, number);
