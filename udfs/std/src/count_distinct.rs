//! `count_distinct`.

use tidemill_sdk::prelude::*;

/// How many different values there are.
#[holistic(name = "count_distinct")]
pub(crate) fn count_distinct_boolean(value: &[bool]) -> i64 {
    i64::from(value.contains(&true)) + i64::from(value.contains(&false))
}

/// How many different values there are.
#[holistic(name = "count_distinct")]
pub(crate) fn count_distinct_int64(value: &[i64]) -> i64 {
    distinct(value.to_vec())
}

/// How many different values there are; NaN is one value, and so are 0 and -0.
#[holistic(name = "count_distinct")]
pub(crate) fn count_distinct_float64(value: &[f64]) -> i64 {
    let bits = |number: &f64| match number {
        number if number.is_nan() => f64::NAN.to_bits().cast_signed(),
        // Adding 0 makes 0 of -0 and changes no other number.
        number => (number + 0.0).to_bits().cast_signed(),
    };
    distinct(value.iter().map(bits).collect())
}

/// How many different values there are.
#[holistic(name = "count_distinct")]
pub(crate) fn count_distinct_timestamp(value: &[Timestamp]) -> i64 {
    distinct(value.iter().map(|time| time.micros()).collect())
}

/// How many different values there are.
#[holistic(name = "count_distinct")]
pub(crate) fn count_distinct_utf8(value: &[&str]) -> i64 {
    distinct(value.iter().map(|text| text.as_bytes()).collect())
}

/// How many different values there are.
#[holistic(name = "count_distinct")]
pub(crate) fn count_distinct_binary(value: &[&[u8]]) -> i64 {
    distinct(value.to_vec())
}

/// Sorting needs no memory beside the values, and cannot be made slow by chosen ones, as a hash table
/// with a known hash function can. All numbers come as `i64`, so that the component has one sort for
/// them.
fn distinct<T: Ord>(mut values: Vec<T>) -> i64 {
    values.sort_unstable();
    values.dedup();
    i64::try_from(values.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_count_once() {
        assert_eq!(count_distinct_int64(&[]), 0);
        assert_eq!(count_distinct_int64(&[3, 1, 3, 3]), 2);
        assert_eq!(count_distinct_utf8(&["a", "b", "a"]), 2);
        assert_eq!(count_distinct_binary(&[&[1], &[1], &[]]), 2);
        assert_eq!(count_distinct_boolean(&[true, true]), 1);
        assert_eq!(count_distinct_timestamp(&[Timestamp(1), Timestamp(2)]), 2);
    }

    #[test]
    fn nan_and_the_zeros_are_one_value_each() {
        let values = [0.0, -0.0, f64::NAN, -f64::NAN, 1.0];
        assert_eq!(count_distinct_float64(&values), 3);
    }
}
