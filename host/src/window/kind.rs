//! The kinds of windows a pipeline can ask for.

use std::{fmt, num::NonZeroU64};

use crate::time::Duration;

/// How a stream is cut into windows.
///
/// Time windows are half-open, `[start, end)`. All but sessions and those of the input are aligned
/// to the Unix epoch plus an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// Windows of one size, one after the other.
    Tumbling {
        /// Never zero.
        size: Duration,
        /// Less than `size`.
        offset: Duration,
    },
    /// Windows of one size that start at a fixed distance from each other. They overlap if that is
    /// less than their size, and leave gaps if it is more.
    Sliding {
        /// Never zero.
        size: Duration,
        /// Never zero.
        slide: Duration,
        /// Less than `slide`.
        offset: Duration,
    },
    /// Windows that share a start and grow by `step` up to `size`; then the next ones start.
    Cumulate {
        /// The length of the longest; a multiple of `step`.
        size: Duration,
        /// Never zero.
        step: Duration,
        /// Less than `size`.
        offset: Duration,
    },
    /// For each key, rows that follow each other at most `gap` apart. A window begins with its first
    /// row and ends `gap` after its last; windows that touch are one.
    Session {
        /// Never zero.
        gap: Duration,
    },
    /// The windows of the input, which the columns `window_start` and `window_end` name.
    Inherited,
    /// For each key, this many rows, one after the other as they come.
    Count(NonZeroU64),
    /// For each row, a number of rows of its key before and after it.
    RollingRows {
        /// How many rows, with the row itself and without `following`.
        rows: NonZeroU64,
        /// How many rows after it.
        following: u64,
    },
    /// For each row, the rows of its key in the span of time that ends with it: a row that is older by
    /// exactly this is not among them.
    Rolling {
        /// Never zero.
        span: Duration,
    },
    /// One window over everything; it fires at the end of the input.
    Global,
}

impl WindowKind {
    /// Whether the windows have a start and an end that their rows are told, in columns.
    pub const fn has_bounds(self) -> bool {
        matches!(
            self,
            Self::Tumbling { .. }
                | Self::Sliding { .. }
                | Self::Cumulate { .. }
                | Self::Session { .. }
                | Self::Inherited
        )
    }

    /// Whether there is a window for each row, so that rows keep their columns.
    pub const fn is_rolling(self) -> bool {
        matches!(self, Self::RollingRows { .. } | Self::Rolling { .. })
    }

    /// Whether rows can only be assigned to windows by their event time.
    pub const fn needs_time(self) -> bool {
        self.has_bounds() || matches!(self, Self::Rolling { .. })
    }
}

impl fmt::Display for WindowKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = match self {
            Self::Tumbling { size, offset } => {
                write!(formatter, "tumbling {size}")?;
                *offset
            }
            Self::Sliding {
                size,
                slide,
                offset,
            } => {
                write!(formatter, "sliding {size} every {slide}")?;
                *offset
            }
            Self::Cumulate { size, step, offset } => {
                write!(formatter, "cumulate {size} in steps of {step}")?;
                *offset
            }
            Self::Session { gap } => return write!(formatter, "session with a gap of {gap}"),
            Self::Inherited => return formatter.write_str("those of the input"),
            Self::Count(rows) => return write!(formatter, "count of {rows}"),
            Self::RollingRows { rows, following: 0 } => {
                return write!(formatter, "rolling {rows} rows");
            }
            Self::RollingRows { rows, following } => {
                return write!(formatter, "rolling {rows} rows and {following} following");
            }
            Self::Rolling { span } => return write!(formatter, "rolling {span}"),
            Self::Global => return formatter.write_str("global"),
        };
        if offset.is_zero() {
            Ok(())
        } else {
            write!(formatter, ", offset {offset}")
        }
    }
}
