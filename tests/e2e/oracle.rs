//! The answer of the main job, computed the slow and obvious way.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Reading;

/// A row of the answer: window start and end in milliseconds, sensor, means, count.
#[derive(Clone, Debug, PartialEq)]
pub struct Average {
    pub start: i64,
    pub end: i64,
    pub sensor: String,
    pub temperature: f64,
    pub humidity: f64,
    pub readings: i64,
}

/// Keeps hot readings and averages each sensor's over 20 s every 5 s: every reading is put into
/// each of its windows, one by one. In the order of window end, then sensor.
pub fn averages(readings: &[Reading]) -> Vec<Average> {
    let mut windows: BTreeMap<(i64, String), (f64, f64, i64)> = BTreeMap::new();
    for reading in readings.iter().filter(|reading| reading.temperature > 30.0) {
        let first_end = reading.ts.div_euclid(5000) * 5000 + 5000;
        for end in [
            first_end,
            first_end + 5000,
            first_end + 10_000,
            first_end + 15_000,
        ] {
            let window = windows.entry((end, reading.sensor.clone())).or_default();
            window.0 += reading.temperature;
            window.1 += reading.humidity;
            window.2 += 1;
        }
    }
    let average = |((end, sensor), (temperature, humidity, count))| Average {
        start: end - 20_000,
        end,
        sensor,
        temperature: temperature / count as f64,
        humidity: humidity / count as f64,
        readings: count,
    };
    windows.into_iter().map(average).collect()
}

/// Compares rows that a JSON sink has written with the answer, in order, means to one part in 10^9.
#[track_caller]
pub fn assert_same(found: &[Value], expected: &[Average]) {
    assert_eq!(found.len(), expected.len(), "number of rows");
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        let found = Average {
            start: millis(&found["window_start"]),
            end: millis(&found["window_end"]),
            sensor: found["sensor"].as_str().expect("a sensor").to_owned(),
            temperature: found["avg_temperature"].as_f64().expect("a mean"),
            humidity: found["avg_humidity"].as_f64().expect("a mean"),
            readings: found["readings"].as_i64().expect("a count"),
        };
        let near = |one: f64, other: f64| (one - other).abs() <= 1e-9 * other.abs();
        assert!(
            near(found.temperature, expected.temperature)
                && near(found.humidity, expected.humidity),
            "row {row}: {found:?}, expected {expected:?}"
        );
        let exact = Average {
            temperature: expected.temperature,
            humidity: expected.humidity,
            ..found
        };
        assert_eq!(&exact, expected, "row {row}");
    }
}

/// Milliseconds since the epoch of an RFC 3339 timestamp.
fn millis(value: &Value) -> i64 {
    let text = value.as_str().expect("a timestamp");
    let instant: jiff::Timestamp = text
        .parse()
        .unwrap_or_else(|_| panic!("a timestamp: {text}"));
    instant.as_millisecond()
}
