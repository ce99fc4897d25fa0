//! The standard library of aggregates, a component like any other.
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
//! | `stddev(value)` | standard deviation of a sample | accumulator |
//! | `first(value)`, `last(value)` | first and last value to arrive | accumulator |
//! | `count_distinct(value)` | different values | holistic |
//! | `collect(value)` | all values, as JSON | holistic |
//! | `median(value)` | median | holistic |
//! | `quantile(value)` | configured quantile | holistic |
//!
//! All leave nulls out, and all but `count` and `count_distinct` (0) and `collect` (`[]`) give a
//! null where there is no value. An `int32` is taken as `int64` and a `float32` as `float64`.
//!
//! A NaN is a value. It is greater than all numbers where there is an order (`min`, `max`,
//! `median`, `quantile`), equal to any other NaN (`count_distinct`), makes NaN of what is
//! computed with it (`sum`, `mean`, `stddev`), and is `null` in the JSON of `collect`.

mod config;
mod kept;

mod count;
mod first;
mod last;
mod max;
mod mean;
mod min;
mod stddev;
mod sum;

mod collect;
mod count_distinct;
mod median;
mod quantile;

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
);
