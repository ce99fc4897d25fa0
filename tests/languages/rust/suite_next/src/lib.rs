//! The next version of two functions with a state.

use tidemill_sdk::prelude::*;

#[derive(State, Default)]
struct OldAverage {
    sum: f64,
    count: i64,
}

#[derive(State, Default)]
#[state(version = 2, previous = OldAverage)]
struct Average {
    sum: f64,
    count: i64,
    least: Option<f64>,
}

impl From<OldAverage> for Average {
    fn from(old: OldAverage) -> Self {
        Self { sum: old.sum, count: old.count, least: None }
    }
}

fn lesser(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::min)
}

/// Arithmetic mean, counted from the least value.
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
        self.least = lesser(self.least, Some(value));
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
        self.least = lesser(self.least, other.least);
    }

    fn finish(&self) -> Option<f64> {
        let mean = self.sum / self.count as f64;
        (self.count > 0).then(|| mean - self.least.unwrap_or_default())
    }
}

#[derive(State, Default)]
struct OldAccount {
    balance: i64,
}

#[derive(State, Default)]
#[state(version = 2, previous = OldAccount)]
struct Account {
    balance: i64,
    rows: i64,
}

impl From<OldAccount> for Account {
    fn from(old: OldAccount) -> Self {
        Self { balance: old.balance, rows: 0 }
    }
}

impl Account {
    fn shown(&self) -> i64 {
        self.balance * 1000 + self.rows
    }
}

/// The balance after each transaction, in thousandths, with the number of transactions.
#[process(result = "balance")]
fn account(state: &mut Account, amount: i64) -> Result<Vec<i64>, &'static str> {
    let before = state.shown();
    state.balance += amount;
    state.rows += 1;
    match amount {
        _ if state.balance < 0 => Err("overdrawn"),
        0 => Ok(Vec::new()),
        1000.. => Ok(vec![before, state.shown()]),
        _ => Ok(vec![state.shown()]),
    }
}

library!(Average, account);
