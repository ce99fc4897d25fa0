//! Made-up quotes of pairs of symbols that move together, but for a moment now and then.
//!
//! Prices are functions of time, so nothing is remembered: what both symbols of a pair share moves with
//! the minutes, what each has of its own is small, and in a few minutes one of them jumps for a
//! while.

use dice::Dice;
use tidemill_sdk::prelude::*;

/// The pairs, and what the second symbol costs at first. The first one costs [`SPREAD`] more.
const PAIRS: [(&str, f64); 4] = [("OAK", 100.0), ("ELM", 42.0), ("ASH", 63.5), ("FIR", 18.25)];
/// What share of the price of the second symbol the spread usually is.
const SPREAD: f64 = 0.02;
const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

/// A quote as an exchange sends it.
#[derive(Clone, Debug, PartialEq, Row)]
pub(crate) struct Quote {
    /// RFC 3339.
    pub(crate) ts: String,
    pub(crate) symbol: String,
    pub(crate) price: Option<f64>,
}

/// The quotes that a reading stands for: one, seldom the same one twice. The number of its sensor is
/// that of the symbol, of which there are eight.
#[table]
pub(crate) fn quotes(ts: Timestamp, sensor: &str, temperature: f64, humidity: f64) -> Vec<Quote> {
    let mut dice = Dice::of_reading(temperature, humidity);
    let number: usize = sensor.trim_start_matches('s').parse().unwrap_or_default();
    let pair = number / 2 % PAIRS.len();
    let is_first = number.is_multiple_of(2);
    let (name, _) = PAIRS[pair];
    let quote = Quote {
        ts: match dice.chance(0.0002) {
            true => "halted".to_owned(),
            false => ts.to_string(),
        },
        symbol: match dice.below(1_000) {
            0 => "TEST".to_owned(),
            _ => format!("{name}-{}", if is_first { "A" } else { "B" }),
        },
        price: match dice.below(1_000) {
            0 => None,
            1 => Some(0.0),
            _ => Some(price(pair, is_first, ts, &mut dice)),
        },
    };
    match dice.chance(0.002) {
        true => vec![quote.clone(), quote],
        false => vec![quote],
    }
}

/// The price of one symbol of a pair, to a hundredth of a cent.
fn price(pair: usize, is_first: bool, ts: Timestamp, dice: &mut Dice) -> f64 {
    let (_, start) = PAIRS[pair];
    // A few tenths of a percent in a minute, the same for both symbols.
    let minute = ts.micros().div_euclid(MINUTE);
    let passed = ts.micros().rem_euclid(MINUTE) as f64 / MINUTE as f64;
    let shared = level(pair, minute) * (1.0 - passed) + level(pair, minute + 1) * passed;
    let own = 0.0002 * dice.around_zero();
    let above = match is_first {
        true => SPREAD + jump(pair, ts),
        false => 0.0,
    };
    let price = start * (1.0 + 0.001 * shared + own + above);
    (price * 10_000.0).round() / 10_000.0
}

/// What the symbols of a pair share at the beginning of a minute, around 0.
fn level(pair: usize, minute: i64) -> f64 {
    event(pair, minute).around_zero()
}

/// By what share of its price the first symbol of a pair is above where it should be: one minute in
/// a hundred, for 20 s, up or down.
fn jump(pair: usize, ts: Timestamp) -> f64 {
    let mut dice = event(pair, ts.micros().div_euclid(MINUTE));
    dice.around_zero();
    let happens = dice.chance(0.01);
    let upwards = dice.chance(0.5);
    let starts = dice.below(40).cast_signed() * SECOND;
    let passed = ts.micros().rem_euclid(MINUTE) - starts;
    match happens && (0..20 * SECOND).contains(&passed) {
        true if upwards => 0.4 * SPREAD,
        true => -0.4 * SPREAD,
        false => 0.0,
    }
}

/// What happens to a pair in a minute.
fn event(pair: usize, minute: i64) -> Dice {
    Dice::new(minute.cast_unsigned() * PAIRS.len() as u64 + pair as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A quote of each second of a day.
    fn day(sensor: &str) -> Vec<Quote> {
        (0..86_400)
            .flat_map(|second| {
                let mut dice = Dice::new(second);
                let ts = Timestamp(second.cast_signed() * SECOND);
                quotes(ts, sensor, 100.0 * dice.fraction(), 50.0)
            })
            .collect()
    }

    #[test]
    fn symbols_of_a_pair_move_together_but_for_jumps() {
        let clean = |sensor| -> Vec<(String, f64)> {
            let mut quotes = day(sensor);
            quotes.dedup();
            let priced = quotes.into_iter().filter(|quote| quote.price != Some(0.0));
            priced
                .filter_map(|quote| Some((quote.ts, quote.price?)))
                .collect()
        };
        let second: std::collections::BTreeMap<_, _> = clean("s001").into_iter().collect();
        let spreads: Vec<f64> = clean("s000")
            .iter()
            .filter_map(|(ts, price)| Some(price - second.get(ts)?))
            .collect();
        let usual = |spread: f64| (spread - 2.0).abs() < 0.2;
        let jumped = |spread: f64| (spread.abs() - 2.0).abs() > 0.6;
        let share = |test: &dyn Fn(f64) -> bool| {
            spreads.iter().filter(|&&spread| test(spread)).count() as f64 / spreads.len() as f64
        };
        assert!(share(&usual) > 0.99, "{}", share(&usual));
        assert!(share(&jumped) > 0.001, "{}", share(&jumped));
    }

    #[test]
    fn some_quotes_are_bad_and_some_are_there_twice() {
        let all = day("s002");
        assert!(all.iter().any(|quote| quote.ts == "halted"));
        assert!(all.iter().any(|quote| quote.symbol == "TEST"));
        assert!(all.iter().any(|quote| quote.price.is_none()));
        assert!(all.iter().any(|quote| quote.price == Some(0.0)));
        assert!(all.windows(2).any(|pair| pair[0] == pair[1]));
        let elm = all.iter().filter(|quote| quote.symbol == "ELM-A").count();
        assert!(elm > 85_000, "{elm}");
    }
}
