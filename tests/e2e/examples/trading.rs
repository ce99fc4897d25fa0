//! The jobs of `udfs/trading`.

use std::collections::BTreeMap;

use super::{Example, Row, micros, text};

const SECOND: i64 = 1_000_000;

/// A good quote of a symbol of a pair.
#[derive(Clone, Debug)]
struct Quote {
    ts: i64,
    pair: String,
    is_first: bool,
    price: f64,
}

/// A spread of two quotes that are at most 5 s apart.
#[derive(Clone, Copy, Debug)]
struct Spread {
    at: i64,
    spread: f64,
}

/// An hour and a half.
#[track_caller]
fn quotes_example() -> Example {
    Example::with_data("trading", "18_000", "2024-04-15T08:00:00Z")
}

/// In the order of arrival.
fn quotes(example: &Example) -> Vec<Quote> {
    let quote = |row: &serde_json::Value| {
        let (pair, leg) = text(row, "symbol")?.split_once('-')?;
        Some(Quote {
            ts: micros(text(row, "ts")?)?,
            pair: pair.to_owned(),
            is_first: leg == "A",
            price: row.get("price")?.as_f64().filter(|&price| price > 0.0)?,
        })
    };
    example.json("quotes").iter().filter_map(quote).collect()
}

/// The spreads of each pair, in the order in which the later of two quotes has come.
fn spreads(example: &Example) -> BTreeMap<String, Vec<Spread>> {
    let mut before: BTreeMap<String, Vec<Quote>> = BTreeMap::new();
    let mut spreads: BTreeMap<String, Vec<Spread>> = BTreeMap::new();
    for quote in quotes(example) {
        let earlier = before.entry(quote.pair.clone()).or_default();
        for other in earlier
            .iter()
            .filter(|other| other.is_first != quote.is_first)
        {
            if (quote.ts - other.ts).abs() <= 5 * SECOND {
                let sign = if quote.is_first { 1.0 } else { -1.0 };
                let spread = Spread {
                    at: quote.ts.max(other.ts),
                    spread: sign * (quote.price - other.price),
                };
                spreads.entry(quote.pair.clone()).or_default().push(spread);
            }
        }
        earlier.push(quote);
    }
    spreads
}

/// The first of rows that follow each other within a minute, numbered.
fn alerts(pair: &str, deviating: impl IntoIterator<Item = i64>) -> Vec<(String, i64, i64)> {
    let mut latest: Option<i64> = None;
    let mut alerts = Vec::new();
    for at in deviating {
        if latest.is_none_or(|latest| at - latest > 60 * SECOND) {
            alerts.push((pair.to_owned(), at, alerts.len() as i64 + 1));
        }
        latest = latest.max(Some(at));
    }
    alerts
}

/// What a job has found: pair, time, number.
#[track_caller]
fn found(example: &Example, folder: &str) -> Vec<(String, i64, i64)> {
    let alert = |row: &Row| {
        let deviation: f64 = row["deviation"].parse().expect("a number");
        assert!(deviation.abs() > 10.0, "{row:?}");
        let number = row["alert"].parse().expect("a number");
        let at = micros(&row["at"]).expect("a timestamp");
        (row["pair"].clone(), at, number)
    };
    let mut found: Vec<(String, i64, i64)> = example.csv(folder).iter().map(alert).collect();
    found.sort();
    found
}

#[test]
fn a_spread_that_is_not_usual_is_told_once() {
    let example = quotes_example();
    let run = example.run("spread");
    let mut expected = Vec::new();
    for (pair, spreads) in spreads(&example) {
        let mut usual: Option<f64> = None;
        let deviating = spreads.iter().filter(|row| {
            let before = usual.unwrap_or(row.spread);
            usual = Some(before + 0.02 * (row.spread - before));
            (row.spread / before - 1.0).abs() > 0.1
        });
        expected.extend(alerts(
            &pair,
            deviating.map(|row| row.at).collect::<Vec<_>>(),
        ));
    }
    assert_eq!(found(&example, "spread"), expected);
    assert!(expected.len() > 1, "{expected:?}");
    assert!(run.count("quotes", "dead letters") > 0, "{}", run.stderr);
}

#[test]
fn a_spread_that_moves_within_five_seconds_is_told_once() {
    let example = quotes_example();
    let mut expected = Vec::new();
    for (pair, mut spreads) in spreads(&example) {
        spreads.sort_by_key(|row| row.at);
        let deviating = spreads.iter().enumerate().filter(|&(place, row)| {
            let earlier = spreads.get(..=place).unwrap_or_default();
            let recent = earlier
                .iter()
                .filter(|other| other.at > row.at - 5 * SECOND);
            let recent: Vec<f64> = recent.map(|row| row.spread).collect();
            let low = recent.iter().copied().fold(f64::INFINITY, f64::min);
            let high = recent.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (high / low - 1.0) > 0.1
        });
        expected.extend(alerts(
            &pair,
            deviating.map(|(_, row)| row.at).collect::<Vec<_>>(),
        ));
    }
    let text = example.pipeline("swing");
    for parallelism in [1, 3] {
        example.run_as("swing", &format!("parallelism = {parallelism}\n{text}"));
        assert_eq!(found(&example, "swing"), expected);
    }
    assert!(expected.len() > 1, "{expected:?}");
}
