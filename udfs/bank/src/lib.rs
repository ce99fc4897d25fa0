//! Transactions of accounts: running balances and counts.
//!
//! ```toml
//! [stage.low]
//! from = "transactions"
//! key = ["account"]
//! process = "bank.wasm#low_balance"
//! config = { threshold = 100.0 }
//! ```

use tidemill_sdk::prelude::*;

/// The configuration of a stage.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The balance under which an account is low.
    pub threshold: f64,
}

/// What is known of an account.
#[derive(Debug, Default, State)]
pub struct Account {
    balance: f64,
    /// Whether an alert was given since the balance was last at the threshold or above.
    low: bool,
}

/// The balance of an account that has become low.
#[derive(Debug, PartialEq, Row)]
pub struct Alert {
    /// After the transaction.
    pub balance: f64,
    /// What the balance should not be under.
    pub threshold: f64,
}

/// Adds up the amounts of each account and gives a row when the balance falls under `threshold`
/// (0 if not given): one row for each fall, not one for each transaction.
#[process]
pub fn low_balance(
    config: &Config,
    account: &mut Account,
    amount: f64,
) -> Result<Option<Alert>, &'static str> {
    if !amount.is_finite() {
        return Err("the amount is not a finite number");
    }
    account.balance += amount;
    let was_low = account.low;
    account.low = account.balance < config.threshold;
    Ok((account.low && !was_low).then_some(Alert {
        balance: account.balance,
        threshold: config.threshold,
    }))
}

/// How many rows a key has had.
#[derive(Debug, Default, State)]
pub struct Count {
    rows: i64,
}

/// Numbers the rows of each key, from 1.
#[process(result = "count")]
pub fn running_count(count: &mut Count) -> Option<i64> {
    count.rows += 1;
    Some(count.rows)
}

library!(config = Config, low_balance, running_count);

#[cfg(test)]
mod tests {
    use super::*;

    /// The balances of the alerts that `amounts` lead to, with the threshold 100.
    fn alerts(amounts: &[f64]) -> Vec<f64> {
        let config = Config { threshold: 100.0 };
        let mut account = Account::default();
        amounts
            .iter()
            .flat_map(|&amount| low_balance(&config, &mut account, amount))
            .flatten()
            .map(|alert| alert.balance)
            .collect()
    }

    #[test]
    fn each_fall_is_told_once() {
        assert_eq!(alerts(&[150.0, -60.0, -10.0, 50.0, -40.0]), [90.0, 90.0]);
    }

    #[test]
    fn an_account_that_opens_low_has_fallen() {
        assert_eq!(alerts(&[10.0, 10.0]), [10.0]);
    }

    #[test]
    fn an_amount_that_is_no_number_is_refused() {
        let mut account = Account::default();
        assert!(low_balance(&Config::default(), &mut account, f64::NAN).is_err());
        assert_eq!(account.balance, 0.0);
    }

    #[test]
    fn rows_are_numbered_from_one() {
        let mut count = Count::default();
        assert_eq!(running_count(&mut count), Some(1));
        assert_eq!(running_count(&mut count), Some(2));
    }
}
