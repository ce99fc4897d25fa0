//! Rows as a script expects them, and whether a row is one of those.

use serde_json::{Map, Value as Json};

pub use super::instant::Unit;
use super::{instant::instant, row::Row};
use crate::batch::{Value, shown};

/// A row that a script expects: some of its columns. The others do not matter.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedRow(Map<String, Json>);

/// Numbers that are not whole may differ by so much of the larger one.
const TOLERANCE: f64 = 1e-9;

impl ExpectedRow {
    /// A row with these columns.
    pub const fn new(columns: Map<String, Json>) -> Self {
        Self(columns)
    }

    /// The names of the columns that are compared.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether `row` is such a row. Numbers that stand for instants are in `unit`.
    pub fn is(&self, row: &Row, unit: Unit) -> bool {
        self.0
            .iter()
            .all(|(name, expected)| is_in(row, name, expected, unit))
    }

    /// How many of the columns are as in `row`.
    pub(super) fn likeness(&self, row: &Row, unit: Unit) -> usize {
        let columns = self.0.iter();
        let alike = columns.filter(|(name, expected)| is_in(row, name, expected, unit));
        alike.count()
    }

    /// Whether the column `name` is compared and is not as in `row`.
    pub(super) fn differs(&self, row: &Row, name: &str, unit: Unit) -> bool {
        let expected = self.0.get(name);
        expected.is_some_and(|expected| !is_in(row, name, expected, unit))
    }

    /// What is expected of the column `name`, if anything, spelled as values are. `beside` is a row that
    /// tells how.
    pub(super) fn show(&self, name: &str, beside: Option<&Row>, unit: Unit) -> Option<String> {
        let expected = self.0.get(name)?;
        let is_time = beside.and_then(|row| row.get(name));
        if let Some(Value::Timestamp(_)) = is_time
            && let Some(instant) = instant(expected, unit)
        {
            return Some(instant.to_string());
        }
        Some(match expected {
            Json::String(text) => shown(text),
            other => other.to_string(),
        })
    }
}

fn is_in(row: &Row, name: &str, expected: &Json, unit: Unit) -> bool {
    row.get(name).is_some_and(|value| is(value, expected, unit))
}

fn is(value: &Value, expected: &Json, unit: Unit) -> bool {
    match (value, expected) {
        (Value::Null, expected) => expected.is_null(),
        (Value::Boolean(value), Json::Bool(expected)) => value == expected,
        (Value::Integer(value), Json::Number(expected)) => match expected.as_i64() {
            Some(expected) => *value == expected,
            None => expected
                .as_f64()
                .is_some_and(|expected| *value as f64 == expected),
        },
        (Value::Float(value), Json::Number(expected)) => expected
            .as_f64()
            .is_some_and(|expected| is_near(*value, expected)),
        (Value::Float(value), Json::String(expected)) => match expected.as_str() {
            "NaN" => value.is_nan(),
            "Infinity" => *value == f64::INFINITY,
            "-Infinity" => *value == f64::NEG_INFINITY,
            _ => false,
        },
        (Value::Timestamp(value), expected) => instant(expected, unit) == Some(*value),
        (Value::Text(value), Json::String(expected)) => value == expected,
        (Value::Text(value), Json::Array(_) | Json::Object(_)) => {
            serde_json::from_str(value).is_ok_and(|value: Json| is_json(&value, expected))
        }
        (Value::Binary(_), Json::String(expected)) => value.to_string() == *expected,
        _ => false,
    }
}

/// Whether two JSON values are the same, but for how their numbers are spelled.
fn is_json(value: &Json, expected: &Json) -> bool {
    match (value, expected) {
        (Json::Number(value), Json::Number(expected)) => {
            value == expected
                || matches!((value.as_f64(), expected.as_f64()),
                    (Some(value), Some(expected)) if is_near(value, expected))
        }
        (Json::Array(value), Json::Array(expected)) => {
            let pairs = value.iter().zip(expected);
            let mut same = pairs.map(|(value, expected)| is_json(value, expected));
            value.len() == expected.len() && same.all(|same| same)
        }
        (Json::Object(value), Json::Object(expected)) => {
            let found = |name| value.get(name);
            let mut same = expected
                .iter()
                .map(|(name, expected)| found(name).is_some_and(|value| is_json(value, expected)));
            value.len() == expected.len() && same.all(|same| same)
        }
        _ => value == expected,
    }
}

fn is_near(value: f64, expected: f64) -> bool {
    let difference = (value - expected).abs();
    value == expected || difference <= TOLERANCE * value.abs().max(expected.abs())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::time::Timestamp;

    #[track_caller]
    fn check(value: &Value, alike: &[Json], different: &[Json]) {
        for expected in alike {
            assert!(is(value, expected, Unit::Seconds), "{value} is {expected}");
        }
        for expected in different {
            assert!(!is(value, expected, Unit::Seconds), "{value} is {expected}");
        }
    }

    #[test]
    fn values_are_compared_by_type() {
        let text = |text: &str| Value::Text(text.to_owned());
        let null = json!(null);
        check(&Value::Null, &[json!(null)], &[json!(0), json!("")]);
        check(
            &Value::Boolean(true),
            &[json!(true)],
            &[json!(false), json!(1), null.clone()],
        );
        check(
            &Value::Integer(2),
            &[json!(2), json!(2.0)],
            &[json!(3), json!("2"), json!(2.5), null.clone()],
        );
        check(
            &Value::Float(0.1 + 0.2),
            &[json!(0.3)],
            &[json!(0.300001), json!("0.3"), null.clone()],
        );
        check(&Value::Float(2.0), &[json!(2)], &[json!(3)]);
        check(&Value::Float(f64::NAN), &[json!("NaN")], &[json!(0), null]);
        check(&text("a"), &[json!("a")], &[json!("A"), json!(["a"])]);
        check(&text("12"), &[json!("12")], &[json!(12)]);
        check(
            &text("[1, 2.0, null, {\"a\": \"b\"}]"),
            &[json!([1.0, 2, null, { "a": "b" }])],
            &[json!([1, 2]), json!([1, 2, null, { "a": "c" }]), json!({})],
        );
        check(
            &Value::Timestamp(Timestamp::from_micros(1_500_000)),
            &[json!(1.5), json!("1970-01-01 00:00:01.5")],
            &[json!(1), json!("1970-01-01T00:00:01Z"), json!("soon")],
        );
        check(
            &Value::Binary(vec![0, 255]),
            &[json!("00ff")],
            &[json!("00FF"), json!([0, 255])],
        );
    }
}
