//! The kinds of windows a pipeline can ask for.

use std::fmt;

use crate::time::Duration;

/// How a stream is cut into windows.
///
/// Time windows are half-open, `[start, end)`, and aligned to the Unix epoch plus an offset.
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
    /// One window over everything; it fires at the end of the input.
    Global,
}

impl WindowKind {
    /// Whether the windows have a start and an end, and so need an event time.
    pub const fn is_timed(self) -> bool {
        !matches!(self, Self::Global)
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
            Self::Global => return formatter.write_str("global"),
        };
        if offset.is_zero() {
            Ok(())
        } else {
            write!(formatter, ", offset {offset}")
        }
    }
}
