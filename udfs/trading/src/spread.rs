//! The spread of two symbols, and how far it is from others.

use tidemill_sdk::prelude::*;

use crate::Config;

/// Is this a price that somebody would pay?
#[scalar]
pub(crate) fn is_tradable(price: f64) -> bool {
    price.is_finite() && price > 0.0
}

/// Is this the leg of a pair that `leg` names?
#[scalar]
pub(crate) fn is_leg(config: &Config, leg: &str) -> bool {
    leg == config.leg
}

/// How much more the first symbol costs than the second, and since when.
#[derive(Debug, PartialEq, Row)]
pub(crate) struct Spread {
    /// When the later of the two quotes was made.
    pub(crate) at: Timestamp,
    /// To a hundredth of a cent.
    pub(crate) spread: f64,
}

/// The spread of two quotes.
#[scalar]
pub(crate) fn spread(ts: Timestamp, price: f64, second_ts: Timestamp, second_price: f64) -> Spread {
    Spread {
        at: ts.max(second_ts),
        spread: rounded(price - second_price, 4),
    }
}

/// What the spread of a pair usually is.
#[derive(Debug, Default, State)]
pub(crate) struct Usual {
    spread: Option<f64>,
}

/// A spread compared with the usual one.
#[derive(Debug, PartialEq, Row)]
pub(crate) struct Compared {
    /// The usual spread before this one came.
    pub(crate) usual: f64,
    /// In percent of the usual spread, to one decimal; negative if the spread is lower.
    pub(crate) deviation: Option<f64>,
}

/// Compares each spread with the moving average of those before it, in which a new one counts as much as
/// `weight` says. The first spread of a pair has nothing to be compared with.
#[process]
pub(crate) fn compare(config: &Config, usual: &mut Usual, spread: f64) -> Option<Compared> {
    let Some(before) = usual.spread else {
        usual.spread = Some(spread);
        return None;
    };
    usual.spread = Some(before + config.weight.get() * (spread - before));
    Some(Compared {
        usual: rounded(before, 4),
        deviation: percent(spread - before, before),
    })
}

/// By how many percent of the lower one the highest spread of some time differs from it, to one decimal.
/// Null if the lowest is 0.
#[scalar(result = "deviation")]
pub(crate) fn swing(low: f64, high: f64) -> Option<f64> {
    percent(high - low, low)
}

/// `part` in percent of `whole`, whatever its sign.
fn percent(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| rounded(100.0 * part / whole.abs(), 1))
}

fn rounded(number: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (number * unit).round() / unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Weight;

    #[test]
    fn a_spread_belongs_to_the_later_quote() {
        let expected = Spread {
            at: Timestamp(5),
            spread: 1.5,
        };
        assert_eq!(spread(Timestamp(5), 10.0, Timestamp(3), 8.5), expected);
        assert_eq!(spread(Timestamp(3), 10.0, Timestamp(5), 8.5), expected);
    }

    #[test]
    fn spreads_are_compared_with_those_before() {
        let config = Config {
            weight: Weight::try_from(0.5).expect("a weight"),
            ..Config::default()
        };
        let mut usual = Usual::default();
        let compared: Vec<Compared> = [2.0, 2.0, 3.0, 2.5]
            .iter()
            .filter_map(|&spread| compare(&config, &mut usual, spread))
            .collect();
        let pairs: Vec<(f64, Option<f64>)> = compared
            .iter()
            .map(|compared| (compared.usual, compared.deviation))
            .collect();
        assert_eq!(
            pairs,
            [(2.0, Some(0.0)), (2.0, Some(50.0)), (2.5, Some(0.0))]
        );
    }

    #[test]
    fn a_swing_is_relative_to_the_lowest() {
        assert_eq!(swing(2.0, 2.5), Some(25.0));
        assert_eq!(swing(-2.0, -1.5), Some(25.0));
        assert_eq!(swing(0.0, 1.0), None);
    }

    #[test]
    fn nobody_pays_nothing() {
        assert!(is_tradable(0.01));
        assert!(!is_tradable(0.0));
        assert!(!is_tradable(f64::NAN));
        assert!(!is_tradable(f64::INFINITY));
    }

    #[test]
    fn legs_are_told_apart() {
        let config = Config::default();
        assert!(is_leg(&config, "a"));
        assert!(!is_leg(&config, "b"));
    }
}
