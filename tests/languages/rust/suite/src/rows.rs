//! Those that handle single rows.

use tidemill_sdk::prelude::*;

use super::Config;

/// Is this reading above the threshold?
#[scalar]
pub(crate) fn is_hot(config: &Config, temperature: f64) -> bool {
    temperature > config.threshold
}

/// Converts degrees Celsius to degrees Fahrenheit.
#[scalar(result = "fahrenheit")]
pub(crate) fn to_fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}

#[derive(Row)]
pub(crate) struct Everything<'a> {
    b: Option<bool>,
    i: Option<i32>,
    l: Option<i64>,
    f: Option<f32>,
    d: Option<f64>,
    t: Option<Timestamp>,
    s: Option<&'a str>,
    y: Option<&'a [u8]>,
}

/// Gives back what it is given.
#[scalar]
#[expect(clippy::too_many_arguments, reason = "one of each type")]
pub(crate) fn echo<'a>(
    b: Option<bool>,
    i: Option<i32>,
    l: Option<i64>,
    f: Option<f32>,
    d: Option<f64>,
    t: Option<Timestamp>,
    s: Option<&'a str>,
    y: Option<&'a [u8]>,
) -> Everything<'a> {
    Everything { b, i, l, f, d, t, s, y }
}

/// The number after this one.
#[scalar]
pub(crate) fn next(l: i64) -> i64 {
    l + 1
}

/// Divides, and drops the remainder.
#[scalar(result = "quotient")]
pub(crate) fn divide(a: i64, b: i64) -> Result<i64, &'static str> {
    a.checked_div(b).ok_or("division by zero")
}

/// Adds an exclamation mark.
#[scalar]
pub(crate) fn shout(text: &str) -> String {
    format!("{text}!")
}

/// Crashes at 13.
#[scalar(result = "n")]
pub(crate) fn crash(n: i64) -> i64 {
    assert_ne!(n, 13, "an unlucky number");
    n
}

#[derive(Row)]
pub(crate) struct Word<'a> {
    word: &'a str,
    position: i32,
}

/// The words of a line, and their places.
#[table]
pub(crate) fn words(line: &str) -> Result<Vec<Word<'_>>, &'static str> {
    if line == "?" {
        return Err("no words");
    }
    let words = line.split(' ').filter(|word| !word.is_empty());
    Ok((0..).zip(words).map(|(position, word)| Word { word, position }).collect())
}
