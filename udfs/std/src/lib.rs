//! The standard library of aggregates and keyed functions, a component like any other.
//!
//! ```toml
//! [stage.average]
//! from = "readings"
//! key = ["sensor"]
//! window = { tumbling = "20s" }
//! aggregate = [
//!     { call = "std#count", as = "rows" },
//!     { call = "std#mean", args = ["temperature"], as = "avg_temperature" },
//! ]
//! ```
//!
//! | function | result | kind |
//! | --- | --- | --- |
//! | `count()` | rows | accumulator |
//! | `count(value)` | rows with a value | accumulator |
//! | `sum(value)` | sum | accumulator |
//! | `min(value)`, `max(value)` | least and greatest value | accumulator |
//! | `mean(value)` | arithmetic mean | accumulator |
//! | `stddev(value)`, `variance(value)` | standard deviation and variance of a sample | accumulator |
//! | `covariance(x, y)`, `correlation(x, y)` | covariance of a sample, Pearson's coefficient | accumulator |
//! | `any(value)`, `every(value)` | whether one or all of the values are true | accumulator |
//! | `min_by(value, by)`, `max_by(value, by)` | value of the row with the least or greatest `by` | accumulator |
//! | `first(value)`, `last(value)` | first and last value to arrive | accumulator |
//! | `count_distinct(value)` | different values | holistic |
//! | `collect(value)` | all values, as JSON | holistic |
//! | `median(value)` | median | holistic |
//! | `quantile(value)` | configured quantile | holistic |
//! | `lag(value)`, `lead(value)` | value some rows before the last or after the first | holistic |
//! | `deduplicate()` | lets the first row of a key pass | process |
//! | `changed(value)` | lets rows pass whose value is another one | process |
//! | `row_number()` | number of the row, from 1 | process |
//! | `delta(value)` | difference to the last value | process |
//!
//! Aggregates leave nulls out, but for `lag` and `lead`, and all but `count` and `count_distinct` (0)
//! and `collect` (`[]`) give a null where there is no value. An `int32` is taken as `int64` and a
//! `float32` as `float64`.
//!
//! A NaN is a value. It is greater than all numbers where there is an order (`min`, `max`, `min_by`,
//! `max_by`, `median`, `quantile`), equal to any other NaN (`count_distinct`, `changed`), makes NaN of
//! what is computed with it (`sum`, `mean`, `stddev`, …), and is `null` in the JSON of `collect`.

mod config;
mod kept;
mod pairs;
mod sample;

mod any;
mod correlation;
mod count;
mod covariance;
mod every;
mod first;
mod last;
mod max;
mod max_by;
mod mean;
mod min;
mod min_by;
mod stddev;
mod sum;
mod variance;

mod collect;
mod count_distinct;
mod lag;
mod lead;
mod median;
mod quantile;

mod changed;
mod deduplicate;
mod delta;
mod row_number;

pub use config::Config;

use tidemill_sdk::prelude::*;

library!(
    config = Config,
    count::Count,
    count::CountBoolean,
    count::CountInt64,
    count::CountFloat64,
    count::CountTimestamp,
    count::CountUtf8,
    count::CountBinary,
    sum::SumInt64,
    sum::SumFloat64,
    min::Min<i64>,
    min::Min<f64>,
    min::Min<Timestamp>,
    min::Min<String>,
    max::Max<i64>,
    max::Max<f64>,
    max::Max<Timestamp>,
    max::Max<String>,
    mean::MeanInt64,
    mean::MeanFloat64,
    stddev::Stddev,
    stddev::StddevInt64,
    variance::Variance,
    variance::VarianceInt64,
    covariance::Covariance,
    covariance::CovarianceInt64,
    covariance::CovarianceFloat64Int64,
    covariance::CovarianceInt64Float64,
    correlation::Correlation,
    correlation::CorrelationInt64,
    correlation::CorrelationFloat64Int64,
    correlation::CorrelationInt64Float64,
    any::Any,
    every::Every,
    min_by::MinBy<i64, i64>,
    min_by::MinBy<i64, f64>,
    min_by::MinBy<i64, Timestamp>,
    min_by::MinBy<f64, i64>,
    min_by::MinBy<f64, f64>,
    min_by::MinBy<f64, Timestamp>,
    min_by::MinBy<Timestamp, i64>,
    min_by::MinBy<Timestamp, f64>,
    min_by::MinBy<Timestamp, Timestamp>,
    min_by::MinBy<String, i64>,
    min_by::MinBy<String, f64>,
    min_by::MinBy<String, Timestamp>,
    max_by::MaxBy<i64, i64>,
    max_by::MaxBy<i64, f64>,
    max_by::MaxBy<i64, Timestamp>,
    max_by::MaxBy<f64, i64>,
    max_by::MaxBy<f64, f64>,
    max_by::MaxBy<f64, Timestamp>,
    max_by::MaxBy<Timestamp, i64>,
    max_by::MaxBy<Timestamp, f64>,
    max_by::MaxBy<Timestamp, Timestamp>,
    max_by::MaxBy<String, i64>,
    max_by::MaxBy<String, f64>,
    max_by::MaxBy<String, Timestamp>,
    first::First<bool>,
    first::First<i64>,
    first::First<f64>,
    first::First<Timestamp>,
    first::First<String>,
    first::First<Vec<u8>>,
    last::Last<bool>,
    last::Last<i64>,
    last::Last<f64>,
    last::Last<Timestamp>,
    last::Last<String>,
    last::Last<Vec<u8>>,
    count_distinct::count_distinct_boolean,
    count_distinct::count_distinct_int64,
    count_distinct::count_distinct_float64,
    count_distinct::count_distinct_timestamp,
    count_distinct::count_distinct_utf8,
    count_distinct::count_distinct_binary,
    collect::collect_boolean,
    collect::collect_int64,
    collect::collect_float64,
    collect::collect_timestamp,
    collect::collect_utf8,
    median::median,
    median::median_int64,
    quantile::quantile,
    quantile::quantile_int64,
    lag::lag_boolean,
    lag::lag_int64,
    lag::lag_float64,
    lag::lag_timestamp,
    lag::lag_utf8,
    lag::lag_binary,
    lead::lead_boolean,
    lead::lead_int64,
    lead::lead_float64,
    lead::lead_timestamp,
    lead::lead_utf8,
    lead::lead_binary,
    deduplicate::deduplicate,
    changed::changed_boolean,
    changed::changed_int64,
    changed::changed_float64,
    changed::changed_timestamp,
    changed::changed_utf8,
    changed::changed_binary,
    row_number::row_number,
    delta::delta_int64,
    delta::delta_float64,
    delta::delta_timestamp,
);
