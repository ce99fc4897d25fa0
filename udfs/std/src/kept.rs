//! Values that an accumulator keeps, and what they look like before.

use std::cmp::Ordering;

use tidemill_sdk::Parameter;
use tidemill_sdk::prelude::*;

/// A value that an accumulator keeps. Text and bytes are copied only when they are kept.
pub(crate) trait Kept: Value {
    /// The value in a row.
    type Given<'a>: Parameter<'a> + Copy;

    /// Copies what is to be kept.
    fn keep(given: Self::Given<'_>) -> Self;

    /// The value as it was in the row.
    fn given(&self) -> Self::Given<'_>;
}

/// Values that are kept as they are.
macro_rules! copied {
    ($($type:ty),+) => {
        $(impl Kept for $type {
            type Given<'a> = $type;

            fn keep(given: $type) -> $type {
                given
            }

            fn given(&self) -> $type {
                *self
            }
        })+
    };
}

copied!(bool, i64, f64, Timestamp);

impl Kept for String {
    type Given<'a> = &'a str;

    fn keep(given: &str) -> Self {
        given.to_owned()
    }

    fn given(&self) -> &str {
        self
    }
}

impl Kept for Vec<u8> {
    type Given<'a> = &'a [u8];

    fn keep(given: &[u8]) -> Self {
        given.to_vec()
    }

    fn given(&self) -> &[u8] {
        self
    }
}

/// A kept value that has a place in an order.
pub(crate) trait Ordered: Kept {
    /// Compares two values; there is an order for any two.
    fn compare(left: Self::Given<'_>, right: Self::Given<'_>) -> Ordering;
}

impl Ordered for i64 {
    fn compare(left: i64, right: i64) -> Ordering {
        left.cmp(&right)
    }
}

impl Ordered for f64 {
    fn compare(left: f64, right: f64) -> Ordering {
        let nan_is_greater = || left.is_nan().cmp(&right.is_nan());
        left.partial_cmp(&right).unwrap_or_else(nan_is_greater)
    }
}

impl Ordered for Timestamp {
    fn compare(left: Self, right: Self) -> Ordering {
        left.cmp(&right)
    }
}

impl Ordered for String {
    fn compare(left: &str, right: &str) -> Ordering {
        left.cmp(right)
    }
}

/// A kept value that can be compared with another one.
pub(crate) trait Same: Kept {
    /// Whether two values are the same.
    fn same(left: Self::Given<'_>, right: Self::Given<'_>) -> bool;
}

/// Values that are the same when they are equal.
macro_rules! equal {
    ($($type:ty),+) => {
        $(impl Same for $type {
            fn same(left: Self::Given<'_>, right: Self::Given<'_>) -> bool {
                left == right
            }
        })+
    };
}

equal!(bool, i64, Timestamp, String, Vec<u8>);

impl Same for f64 {
    fn same(left: f64, right: f64) -> bool {
        left == right || (left.is_nan() && right.is_nan())
    }
}
