//! A library with a function for each thing that a function can do.

use std::fmt::Display;

use tidemill_sdk::prelude::*;
use tidemill_sdk::testing::Tester;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    #[serde(default)]
    pub(crate) threshold: f64,
}

/// Is this reading above the threshold?
///
/// The threshold is configured.
#[scalar]
fn is_hot(config: &Config, temperature: f64) -> bool {
    temperature > config.threshold
}

#[scalar(result = "fahrenheit")]
fn to_fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}

#[scalar]
fn or_zero(value: Option<i64>) -> i64 {
    value.unwrap_or_default()
}

#[scalar]
fn trimmed(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

#[scalar]
fn checked_div(a: i32, b: i32) -> Result<Option<i32>, String> {
    match b {
        0 => Err(format!("{a} divided by zero")),
        13 => Ok(None),
        b => Ok(Some(a / b)),
    }
}

#[derive(Row)]
pub(crate) struct Parts<'a> {
    head: &'a str,
    length: i64,
}

#[scalar]
fn parts<'a>(text: &'a str, at: Timestamp) -> Parts<'a> {
    Parts {
        head: text.get(..1).unwrap_or_default(),
        length: at.micros(),
    }
}

#[expect(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    reason = "one of each type"
)]
#[scalar]
fn every_type(
    a: bool,
    b: i32,
    c: f32,
    d: Timestamp,
    e: String,
    f: Vec<u8>,
    g: &[u8],
    h: Option<&str>,
) -> String {
    format!("{a} {b} {c} {d} {e} {f:?} {g:?} {h:?}")
}

#[scalar(columns, result = "sum")]
fn prefix_sum(values: &[f64], weights: &[Option<f64>]) -> Vec<f64> {
    let mut sum = 0.0;
    let weighted = values.iter().zip(weights);
    weighted
        .map(|(value, weight)| {
            sum += value * weight.unwrap_or(1.0);
            sum
        })
        .collect()
}

#[scalar(columns)]
fn too_short(_config: &Config, values: &[&str]) -> Result<Vec<i64>, String> {
    match values {
        ["fail", ..] => Err("told to".to_owned()),
        _ => Ok(vec![]),
    }
}

/// The words of a line.
#[table(name = "words", result = "word")]
fn words_of(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace()
}

#[table]
fn repeat(config: &Config, text: &str, times: i64) -> Result<Vec<String>, Negative> {
    match usize::try_from(times) {
        Ok(times) => Ok(vec![format!("{text}{}", config.threshold); times]),
        Err(_) => Err(Negative),
    }
}

pub(crate) struct Negative;

impl Display for Negative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cannot repeat less than zero times")
    }
}

/// Arithmetic mean.
#[derive(State, Default, Debug, PartialEq)]
pub(crate) struct Mean {
    pub(crate) sum: f64,
    pub(crate) count: i64,
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

#[derive(State, Default)]
struct Rows {
    count: i64,
}

/// Counts rows.
#[aggregate(name = "count")]
impl Aggregate for Rows {
    type Input = ();
    type Output = i64;

    fn update(&mut self, (): ()) {
        self.count += 1;
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
    }

    fn finish(&self) -> i64 {
        self.count
    }
}

/// The least value.
#[derive(State, Default)]
struct Min<T> {
    value: Option<T>,
}

#[aggregate(result = "least")]
impl<T: Value + PartialOrd> Aggregate for Min<T> {
    type Input = T;
    type Output = Option<T>;

    fn update(&mut self, value: T) {
        if self.value.as_ref().is_none_or(|least| value < *least) {
            self.value = Some(value);
        }
    }

    fn merge(&mut self, other: Self) {
        if let Some(value) = other.value {
            self.update(value);
        }
    }

    fn finish(&self) -> Option<T> {
        self.value.clone()
    }
}

/// Joins text, and refuses to go on at `!`, after it has broken what it had.
#[derive(State, Default)]
struct Join {
    text: String,
    last: Option<Timestamp>,
}

#[aggregate(parameters(text, at))]
impl Aggregate for Join {
    type Input = (&str, Option<Timestamp>);
    type Output = Result<String, String>;

    fn update(&mut self, input: (&str, Option<Timestamp>)) -> Result<(), String> {
        self.text.push_str(input.0);
        self.last = input.1.or(self.last);
        match input.0 {
            "!" => Err("no shouting".to_owned()),
            _ => Ok(()),
        }
    }

    fn merge(&mut self, other: Self) -> Result<(), String> {
        self.text.push_str(&other.text);
        match self.text.len() {
            0..10 => Ok(()),
            _ => Err("too long".to_owned()),
        }
    }

    fn finish(&self) -> Result<String, String> {
        Ok(self.text.clone())
    }
}

#[derive(State, Default)]
struct CountV1 {
    count: i32,
}

#[derive(State, Default)]
#[state(version = 2, previous = CountV1)]
struct CountV2 {
    count: i64,
}

impl From<CountV1> for CountV2 {
    fn from(old: CountV1) -> Self {
        Self {
            count: old.count.into(),
        }
    }
}

#[derive(State, Default)]
#[state(version = 3, previous = CountV2)]
struct Migrated {
    total: i64,
}

impl From<CountV2> for Migrated {
    fn from(old: CountV2) -> Self {
        Self { total: old.count }
    }
}

#[aggregate]
impl Aggregate for Migrated {
    type Input = ();
    type Output = i64;

    fn update(&mut self, _: ()) {
        self.total += 1;
    }

    fn merge(&mut self, other: Self) {
        self.total += other.total;
    }

    fn finish(&self) -> i64 {
        self.total
    }
}

#[holistic]
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[holistic]
fn listing(config: &Config, names: &[&str], marks: &[Option<bool>]) -> Result<String, String> {
    match names {
        [] => Err("nothing to list".to_owned()),
        _ => Ok(format!("{} {names:?} {marks:?}", config.threshold)),
    }
}

#[derive(State, Default)]
struct Balance {
    amount: f64,
    low: bool,
}

#[derive(Row)]
struct Alert {
    balance: f64,
    note: Option<String>,
}

/// Tells when a balance falls below the threshold.
#[process]
fn alert(config: &Config, state: &mut Balance, amount: f64) -> Option<Alert> {
    state.amount += amount;
    let low = state.amount < config.threshold;
    let fell = low && !state.low;
    state.low = low;
    fell.then_some(Alert {
        balance: state.amount,
        note: None,
    })
}

#[process(result = "total")]
fn running(state: &mut CountV2, step: Option<i64>) -> Result<impl Iterator<Item = i64>, String> {
    state.count += step.unwrap_or(1);
    match state.count {
        5 => Err("five".to_owned()),
        count => Ok(std::iter::once(count)),
    }
}

/// Lets a row pass when its value is greater than those before it.
#[process]
fn record(state: &mut CountV2, value: i64) -> Result<bool, &'static str> {
    match value {
        13 => Err("unlucky"),
        value if value > state.count => {
            state.count = value;
            Ok(true)
        }
        _ => Ok(false),
    }
}

library!(
    config = Config,
    is_hot,
    to_fahrenheit,
    or_zero,
    trimmed,
    checked_div,
    parts,
    every_type,
    prefix_sum,
    too_short,
    words_of,
    repeat,
    Mean,
    Rows,
    Min<i64>,
    Min<String>,
    Join,
    Migrated,
    median,
    listing,
    alert,
    running,
    record,
);

/// The library with the threshold 10.
pub(crate) fn tester() -> Tester<Library> {
    Tester::new(r#"{"threshold": 10}"#).expect("the configuration fits")
}
