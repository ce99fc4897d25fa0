//! `lag`.

use tidemill_sdk::prelude::*;

use crate::config::Config;

/// A function for each type of values.
macro_rules! lag {
    ($($name:ident: $type:ty => $result:ty),+ $(,)?) => {
        $(
            /// The value so many rows before the last one as the stage configures, as in
            /// `config = { rows = 2 }`; one row before it if it does not say. Null if there are fewer
            /// rows. Nulls are values. For rolling windows, whose last row is the row itself.
            #[holistic(name = "lag")]
            pub(crate) fn $name(config: &Config, value: &[Option<$type>]) -> Option<$result> {
                lag(value, config.rows()).map(<$result>::from)
            }
        )+
    };
}

lag!(
    lag_boolean: bool => bool,
    lag_int64: i64 => i64,
    lag_float64: f64 => f64,
    lag_timestamp: Timestamp => Timestamp,
    lag_utf8: &str => String,
    lag_binary: &[u8] => Vec<u8>,
);

fn lag<T: Copy>(values: &[Option<T>], rows: usize) -> Option<T> {
    let place = values.len().checked_sub(1)?.checked_sub(rows)?;
    values.get(place).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_before_the_last_is_found() {
        let values = [Some(1), None, Some(3)];
        assert_eq!(lag(&values, 0), Some(3));
        assert_eq!(lag(&values, 1), None);
        assert_eq!(lag(&values, 2), Some(1));
        assert_eq!(lag(&values, 3), None);
        assert_eq!(lag::<i64>(&[], 0), None);
    }

    #[test]
    fn one_row_before_is_meant_unless_a_stage_says_otherwise() {
        let values = [Some("a"), Some("b"), Some("c")];
        assert_eq!(lag_utf8(&Config::default(), &values).as_deref(), Some("b"));
    }
}
