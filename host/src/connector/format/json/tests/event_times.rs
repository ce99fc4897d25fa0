//! Event times in JSON: numbers of every unit, and texts.

use crate::connector::{
    EventTimeUnit, Format,
    harness::{check_text, decoding},
};

#[test]
fn event_times_of_every_unit_are_converted() {
    let expected = "1: 2024-01-01T00:00:00";
    for (unit, value) in [
        (EventTimeUnit::Seconds, "1704067200"),
        (EventTimeUnit::Millis, "1704067200000"),
        (EventTimeUnit::Micros, "1704067200000000"),
        (EventTimeUnit::Nanos, "1704067200000000000"),
        (EventTimeUnit::Nanos, "\"1704067200000000000\""),
        (EventTimeUnit::Micros, "1704067200000000.0"),
        (EventTimeUnit::Micros, "1.7040672e15"),
        (EventTimeUnit::Nanos, "1704067200000000000.0"),
        (EventTimeUnit::Nanos, "1.704067200000000001E+18"),
        (EventTimeUnit::Rfc3339, "\"2024-01-01T01:00:00+01:00\""),
        (
            EventTimeUnit::Pattern("%d.%m.%Y".to_owned()),
            "\"01.01.2024\"",
        ),
    ] {
        let decoding = decoding(Format::Json, "ts: timestamp", Some(unit));
        check_text(&decoding, format!("{{\"ts\":{value}}}"), &[expected]);
    }
}

#[track_caller]
fn check_bad_time(unit: EventTimeUnit, value: &str, reason: &str) {
    let good = match unit {
        EventTimeUnit::Rfc3339 | EventTimeUnit::Pattern(_) => "\"1970-01-01T00:00:00Z\"",
        _ => "0",
    };
    let mut decoding = decoding(Format::Json, "n: int64, ts: timestamp", Some(unit));
    decoding.max_ahead = Some("1h".parse().expect("an hour"));
    check_text(
        &decoding,
        format!("{{\"n\":1,\"ts\":{good}}}\n{{\"n\":2,\"ts\":{value}}}\n{{\"n\":3,\"ts\":{good}}}"),
        &[
            "1: 1|1970-01-01T00:00:00",
            &format!("2: BAD column `ts`: {reason}"),
            "3: 3|1970-01-01T00:00:00",
        ],
    );
}

#[test]
fn bad_event_times_are_rejected() {
    let absurd = "is outside -009999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999Z";
    check_bad_time(EventTimeUnit::Millis, "null", "event time is null");
    check_bad_time(EventTimeUnit::Rfc3339, "null", "event time is null");
    check_bad_time(
        EventTimeUnit::Seconds,
        "1704067200000",
        &format!("event time 1704067200000000000 µs {absurd}"),
    );
    check_bad_time(
        EventTimeUnit::Seconds,
        "-9223372036854775808",
        &format!("event time -9223372036854775808 {absurd}"),
    );
    check_bad_time(
        EventTimeUnit::Millis,
        "1704070800001",
        "event time 2024-01-01T01:00:00.001Z is more than 1h ahead of the clock",
    );
    check_bad_time(
        EventTimeUnit::Rfc3339,
        "\"2024-01-01T01:00:00.000001Z\"",
        "event time 2024-01-01T01:00:00.000001Z is more than 1h ahead of the clock",
    );
    check_bad_time(
        EventTimeUnit::Rfc3339,
        "\"yesterday\"",
        "expected a time as in RFC 3339, found \"yesterday\"",
    );
    check_bad_time(
        EventTimeUnit::Seconds,
        "1704067200.25",
        "expected whole seconds since 1970, found 1704067200.25",
    );
    check_bad_time(
        EventTimeUnit::Millis,
        "\"2024-01-01T00:00:00Z\"",
        "expected whole milliseconds since 1970, found \"2024-01-01T00:00:00Z\"",
    );
    check_bad_time(
        EventTimeUnit::Rfc3339,
        "1704067200000",
        "expected a time as in RFC 3339, found 1704067200000",
    );
}
