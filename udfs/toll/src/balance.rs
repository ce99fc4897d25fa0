//! What a crossing costs, and whose balance has become low.

use tidemill_sdk::prelude::*;

use crate::Config;

/// What a vehicle pays at a station, in cents: `price` for each axle.
#[scalar(result = "toll")]
pub(crate) fn toll(price: i64, axles: i64) -> Result<i64, &'static str> {
    price
        .checked_mul(axles)
        .ok_or("the toll is out of the range of int64")
}

/// What is known of a customer.
#[derive(Debug, Default, State)]
pub(crate) struct Account {
    /// In cents; none before the first crossing.
    balance: Option<i64>,
    /// Whether an alert was given since the balance was last at the threshold or above.
    low: bool,
}

/// A balance that has become low.
#[derive(Debug, PartialEq, Row)]
pub(crate) struct Low {
    /// After the crossing, in cents.
    pub(crate) balance: i64,
    /// What the balance should not be under, in cents.
    pub(crate) threshold: i64,
}

/// Keeps the balance of each customer, `opening` at first, and gives a row when it falls under
/// `threshold`: one row for each fall, not one for each crossing. What is paid in at the station
/// (`top_up`) counts before the toll is taken.
#[process]
pub(crate) fn low_balance(
    config: &Config,
    account: &mut Account,
    toll: i64,
    top_up: Option<i64>,
) -> Result<Option<Low>, &'static str> {
    let top_up = top_up.unwrap_or_default();
    if top_up < 0 {
        return Err("nobody pays in less than nothing");
    }
    let balance = account.balance.unwrap_or(config.opening);
    let balance = balance
        .checked_add(top_up)
        .and_then(|balance| balance.checked_sub(toll))
        .ok_or("the balance is out of the range of int64")?;
    let was_low = account.low;
    account.balance = Some(balance);
    account.low = balance < config.threshold;
    Ok((account.low && !was_low).then_some(Low {
        balance,
        threshold: config.threshold,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The balances of the alerts that tolls and payments lead to, from 2000 with the threshold 1000.
    fn alerts(crossings: &[(i64, i64)]) -> Vec<i64> {
        let config = Config {
            opening: 2_000,
            threshold: 1_000,
            ..Config::default()
        };
        let mut account = Account::default();
        crossings
            .iter()
            .flat_map(|&(toll, top_up)| low_balance(&config, &mut account, toll, Some(top_up)))
            .flatten()
            .map(|low| low.balance)
            .collect()
    }

    #[test]
    fn each_fall_is_told_once() {
        // 1400, 800 (told), 200, 1200, 600 (told).
        let crossings = [(600, 0), (600, 0), (600, 0), (500, 1_500), (600, 0)];
        assert_eq!(alerts(&crossings), [800, 600]);
    }

    #[test]
    fn the_threshold_itself_is_not_low() {
        assert_eq!(alerts(&[(1_000, 0), (1, 0)]), [999]);
    }

    #[test]
    fn a_payment_that_is_too_small_does_not_end_a_low_balance() {
        assert_eq!(alerts(&[(1_500, 0), (100, 500), (100, 0)]), [500]);
    }

    #[test]
    fn what_cannot_be_is_refused_and_changes_nothing() {
        let mut account = Account::default();
        assert!(low_balance(&Config::default(), &mut account, 100, Some(-1)).is_err());
        assert!(low_balance(&Config::default(), &mut account, i64::MIN, None).is_err());
        assert_eq!(account.balance, None);
        assert!(toll(i64::MAX, 2).is_err());
        assert_eq!(toll(250, 5), Ok(1_250));
    }
}
