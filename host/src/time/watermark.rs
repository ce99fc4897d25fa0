//! A watermark: how far event time has come.

use std::fmt;

use super::Timestamp;

/// No more rows with an event time below this are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watermark(Timestamp);

impl Watermark {
    /// Nothing is known yet: any row may still come.
    pub const START: Self = Self(Timestamp::from_micros(i64::MIN));
    /// The end of time: no row will come any more.
    pub const END: Self = Self(Timestamp::from_micros(i64::MAX));

    /// The watermark at `time`.
    pub const fn at(time: Timestamp) -> Self {
        Self(time)
    }

    /// The instant at which this stands.
    pub const fn time(self) -> Timestamp {
        self.0
    }

    /// Whether a window that ends at `end` is complete.
    pub fn closes(self, end: Timestamp) -> bool {
        end <= self.0
    }
}

/// [`START`](Watermark::START).
impl Default for Watermark {
    fn default() -> Self {
        Self::START
    }
}

impl fmt::Display for Watermark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::START => formatter.write_str("the start of time"),
            Self::END => formatter.write_str("the end of time"),
            Self(time) => time.fmt(formatter),
        }
    }
}
