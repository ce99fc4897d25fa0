//! Event time: instants, durations, watermarks, and the clock of the machine behind a trait.
//!
//! Pure: nothing here waits, reads or knows of columns.

mod clock;
mod duration;
mod timestamp;
mod watermark;

mod inputs;
mod partition;

pub use clock::{Clock, ManualClock, SystemClock};
pub use duration::{Duration, ParseDurationError};
pub use inputs::{InputProgress, InputWatermarks};
pub use partition::{PartitionProgress, PartitionWatermark, WatermarkRule};
pub use timestamp::Timestamp;
pub use watermark::Watermark;
