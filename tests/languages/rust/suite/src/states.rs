//! Those that handle many rows, or remember something.

use tidemill_sdk::prelude::*;

/// Arithmetic mean.
#[derive(State, Default)]
pub(crate) struct Average {
    sum: f64,
    count: i64,
}

#[aggregate]
impl Aggregate for Average {
    type Input = f64;
    type Output = Option<f64>;

    fn update(&mut self, value: f64) -> Result<(), &'static str> {
        if value < -273.15 {
            return Err("below absolute zero");
        }
        self.sum += value;
        self.count += 1;
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    fn finish(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

#[derive(State, Default)]
pub(crate) struct Longest {
    text: Option<String>,
    nulls: i64,
}

#[derive(Row)]
pub(crate) struct Found {
    longest: Option<String>,
    nulls: i64,
}

impl Longest {
    fn keep(&mut self, text: &str) {
        if self.text.as_ref().is_none_or(|kept| kept.len() < text.len()) {
            self.text = Some(text.to_owned());
        }
    }
}

/// The longest text, and how many were missing.
#[aggregate]
impl Aggregate for Longest {
    type Input = Option<&str>;
    type Output = Found;

    fn update(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.keep(text),
            None => self.nulls += 1,
        }
    }

    fn merge(&mut self, other: Self) {
        self.nulls += other.nulls;
        if let Some(text) = other.text {
            self.keep(&text);
        }
    }

    fn finish(&self) -> Found {
        Found { longest: self.text.clone(), nulls: self.nulls }
    }
}

/// The value in the middle.
#[holistic]
pub(crate) fn median(value: &[f64]) -> Result<Option<f64>, &'static str> {
    if value.iter().any(|value| *value < 0.0) {
        return Err("negative");
    }
    let mut sorted = value.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(sorted.get(sorted.len().saturating_sub(1) / 2).copied())
}

#[derive(State, Default)]
pub(crate) struct Account {
    balance: i64,
}

/// The balance after each transaction.
#[process(result = "balance")]
pub(crate) fn account(state: &mut Account, amount: i64) -> Result<Vec<i64>, &'static str> {
    let before = state.balance;
    state.balance += amount;
    match amount {
        _ if state.balance < 0 => Err("overdrawn"),
        0 => Ok(Vec::new()),
        1000.. => Ok(vec![before, state.balance]),
        _ => Ok(vec![state.balance]),
    }
}
