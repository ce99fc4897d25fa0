//! A library whose next version is `gauge2`.

use tidemill_sdk::prelude::*;

/// Is the level above 30?
#[scalar]
pub fn is_high(level: f64) -> bool {
    level > 30.0
}

/// Arithmetic mean.
#[derive(Debug, Default, State)]
pub struct Mean {
    sum: f64,
    count: i32,
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
        (self.count > 0).then(|| self.sum / f64::from(self.count))
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

library!(is_high, Mean, number);
