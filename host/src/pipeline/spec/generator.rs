//! What a `generator` source says of the readings it makes up.

use toml::de::DeValue;

use super::source::BATCH_ROWS;
use crate::{
    connector::GeneratorConfig,
    pipeline::reader::{Table, Value},
    time::Duration,
};

/// Reads the keys of a `generator` source.
pub(super) fn generator(table: &Table<'_>) -> Option<GeneratorConfig> {
    let integer = |key: &str, least: i64, most: i64| {
        let number = table.get(key)?.integer(least..=most)?;
        Some(number.unsigned_abs())
    };
    let max_disorder = table.get("max_disorder").and_then(|value| value.duration());
    let start = table.get("start").map(|value| instant(&value));
    let step = table.get("step").map(|value| step(&value));
    Some(GeneratorConfig {
        seed: integer("seed", 0, i64::MAX).unwrap_or(0),
        rows: integer("rows", 0, i64::MAX),
        rate: integer("rate", 1, i64::MAX),
        sensors: integer("sensors", 1, i64::from(u32::MAX))
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(10),
        start_millis: start.unwrap_or(Some(0))?,
        step_millis: step.unwrap_or(Some(1000))?,
        disorder: table
            .get("disorder")
            .and_then(|value| value.share())
            .unwrap_or(0.0),
        max_disorder: max_disorder.map_or(Duration::ZERO, |duration| duration.value),
        batch_rows: BATCH_ROWS,
    })
}

/// Milliseconds since the epoch.
fn instant(value: &Value<'_>) -> Option<i64> {
    let what = "an instant such as `2026-01-31T12:00:00Z`, or milliseconds since the epoch";
    let (shown, spelled) = match value.raw() {
        DeValue::Integer(_) => return value.integer(i64::MIN..=i64::MAX),
        DeValue::Datetime(datetime) => (datetime.to_string(), datetime.to_string()),
        DeValue::String(_) => {
            let text = value.text(what)?.value;
            (text.to_string(), text.value().to_owned())
        }
        _ => return value.expected(what),
    };
    match spelled.parse::<jiff::Timestamp>() {
        Ok(instant) => Some(instant.as_millisecond()),
        Err(_) => {
            let message = format!("expected {what}, found `{shown}`");
            value.context.error(value.span, message);
            None
        }
    }
}

/// Whole milliseconds.
fn step(value: &Value<'_>) -> Option<u32> {
    let step = value.duration()?.value;
    let millis = step.as_micros() / 1000;
    let whole = step.as_micros() % 1000 == 0;
    let millis = u32::try_from(millis).ok().filter(|_| whole);
    if millis.is_none() {
        let message = format!("expected whole milliseconds, at most `{}ms`", u32::MAX);
        value.context.error(value.span, message);
    }
    millis
}
