//! Numbers rounded to four decimals, many columns at once: SQL's `round(…, 4)`.

use tidemill_sdk::prelude::*;

/// Makes a scalar function that rounds each of its columns.
macro_rules! rounding {
    ($(#[$doc:meta])* $function:ident -> $row:ident { $($column:ident),+ $(,)? }) => {
        /// The rounded columns.
        #[derive(Debug, PartialEq, Row)]
        pub(crate) struct $row {
            $($column: Option<f64>),+
        }

        $(#[$doc])*
        #[expect(clippy::too_many_arguments, reason = "one a column")]
        #[scalar]
        pub(crate) fn $function($($column: Option<f64>),+) -> $row {
            $row { $($column: $column.map(rounded)),+ }
        }
    };
}

rounding!(
    /// Rounds averages, deviations and variances.
    round_spread -> RoundSpread {
        avg_driver, stddev_driver, var_driver, corr_driver_ts, covar_samp_driver_ts, regr_covar_pop,
        regr_stddev_pop, regr_var_pop,
    }
);
rounding!(
    /// Rounds sums of squares and products.
    round_sums -> RoundSums {
        regr_sxx, regr_syy, regr_sxy, regr_avgx, regr_avgy, regr_slope, regr_intercept, regr_r2,
    }
);

/// To four decimals, halves away from zero.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_decimals_stay() {
        assert_eq!(rounded(1.234_56), 1.2346);
        assert_eq!(rounded(-1.234_56), -1.2346);
        assert_eq!(rounded(2.0), 2.0);
    }
}
