//! `collect`.

use serde::Serialize;
use tidemill_sdk::prelude::*;

/// All values in the order of event time, as a JSON array.
#[holistic(name = "collect")]
pub(crate) fn collect_boolean(value: &[bool]) -> Result<String, String> {
    json(value)
}

/// All values in the order of event time, as a JSON array.
#[holistic(name = "collect")]
pub(crate) fn collect_int64(value: &[i64]) -> Result<String, String> {
    json(value)
}

/// All values in the order of event time, as a JSON array; NaN and the infinities are null.
#[holistic(name = "collect")]
pub(crate) fn collect_float64(value: &[f64]) -> Result<String, String> {
    json(value)
}

/// All values in the order of event time, as a JSON array of texts like
/// `2024-02-29T12:30:00.000000Z`.
#[holistic(name = "collect")]
pub(crate) fn collect_timestamp(value: &[Timestamp]) -> Result<String, String> {
    let texts: Vec<String> = value.iter().map(Timestamp::to_string).collect();
    json(&texts)
}

/// All values in the order of event time, as a JSON array.
#[holistic(name = "collect")]
pub(crate) fn collect_utf8(value: &[&str]) -> Result<String, String> {
    json(value)
}

fn json<T: Serialize>(values: &[T]) -> Result<String, String> {
    serde_json::to_string(values).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: &Result<String, String>, expected: &str) {
        assert_eq!(found.as_deref(), Ok(expected));
    }

    #[test]
    fn values_become_json() {
        check(&collect_int64(&[]), "[]");
        check(&collect_int64(&[2, -1]), "[2,-1]");
        check(&collect_boolean(&[true, false]), "[true,false]");
        check(&collect_float64(&[1.0, 0.1, f64::NAN]), "[1.0,0.1,null]");
        check(&collect_utf8(&["a", "\"\n"]), r#"["a","\"\n"]"#);
        check(
            &collect_timestamp(&[Timestamp(0)]),
            r#"["1970-01-01T00:00:00.000000Z"]"#,
        );
    }
}
