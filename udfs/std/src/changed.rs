//! `changed`.

use tidemill_sdk::prelude::*;

use crate::kept::Same;

/// The last value of a key.
#[derive(Debug, Default, State)]
pub(crate) struct Current<T> {
    value: Option<T>,
    /// Whether there was a row; its value may have been null.
    is_known: bool,
}

impl<T: Same> Current<T> {
    /// Takes note of a value and returns whether it is another one.
    fn becomes(&mut self, value: Option<T::Given<'_>>) -> bool {
        let is_same = match (&self.value, value) {
            (Some(known), Some(value)) => T::same(known.given(), value),
            (None, None) => self.is_known,
            _ => false,
        };
        if !is_same {
            self.value = value.map(T::keep);
            self.is_known = true;
        }
        !is_same
    }
}

/// A function for each type of values.
macro_rules! changed {
    ($($name:ident: $type:ty => $kept:ty),+ $(,)?) => {
        $(
            /// Lets a row pass when its value is another one than that of the last row of its key, and the
            /// first row. A null is a value; so is NaN.
            #[process(name = "changed")]
            pub(crate) fn $name(current: &mut Current<$kept>, value: Option<$type>) -> bool {
                current.becomes(value)
            }
        )+
    };
}

changed!(
    changed_boolean: bool => bool,
    changed_int64: i64 => i64,
    changed_float64: f64 => f64,
    changed_timestamp: Timestamp => Timestamp,
    changed_utf8: &str => String,
    changed_binary: &[u8] => Vec<u8>,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_another_value_passes() {
        let mut current = Current::default();
        let values = [
            Some("a"),
            Some("a"),
            Some("b"),
            None,
            None,
            Some("b"),
            Some("a"),
        ];
        let passed = values.map(|value| changed_utf8(&mut current, value));
        assert_eq!(passed, [true, false, true, true, false, true, true]);
    }

    #[test]
    fn a_null_can_be_the_first_value() {
        let mut current = Current::default();
        let passed = [None, None, Some(1)].map(|value| changed_int64(&mut current, value));
        assert_eq!(passed, [true, false, true]);
    }

    #[test]
    fn nan_and_the_zeros_are_one_value_each() {
        let mut current = Current::default();
        let values = [0.0, -0.0, f64::NAN, -f64::NAN, 1.0];
        let passed = values.map(|value| changed_float64(&mut current, Some(value)));
        assert_eq!(passed, [true, false, true, false, true]);
    }
}
