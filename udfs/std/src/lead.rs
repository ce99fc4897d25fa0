//! `lead`.

use tidemill_sdk::prelude::*;

use crate::config::Config;

/// A function for each type of values.
macro_rules! lead {
    ($($name:ident: $type:ty => $result:ty),+ $(,)?) => {
        $(
            /// The value so many rows after the first one as the stage configures, as in
            /// `config = { rows = 2 }`; one row after it if it does not say. Null if there are fewer
            /// rows. Nulls are values. For `rolling_rows = 1` with rows that follow, where the first row is
            /// the row itself.
            #[holistic(name = "lead")]
            pub(crate) fn $name(config: &Config, value: &[Option<$type>]) -> Option<$result> {
                lead(value, config.rows()).map(<$result>::from)
            }
        )+
    };
}

lead!(
    lead_boolean: bool => bool,
    lead_int64: i64 => i64,
    lead_float64: f64 => f64,
    lead_timestamp: Timestamp => Timestamp,
    lead_utf8: &str => String,
    lead_binary: &[u8] => Vec<u8>,
);

fn lead<T: Copy>(values: &[Option<T>], rows: usize) -> Option<T> {
    values.get(rows).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_after_the_first_is_found() {
        let values = [Some(1), None, Some(3)];
        assert_eq!(lead(&values, 0), Some(1));
        assert_eq!(lead(&values, 1), None);
        assert_eq!(lead(&values, 2), Some(3));
        assert_eq!(lead(&values, 3), None);
    }

    #[test]
    fn one_row_after_is_meant_unless_a_stage_says_otherwise() {
        let values = [Some(0.5), Some(1.5)];
        assert_eq!(lead_float64(&Config::default(), &values), Some(1.5));
    }
}
