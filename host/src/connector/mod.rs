//! Where rows come from and where they go: one file a connector, one a format.

mod config;
mod sink;
mod source;

pub use config::{
    Decoding, EventTime, EventTimeUnit, Format, GeneratorConfig, SinkConfig, SourceConfig,
};
pub use sink::Sink;
pub use source::{Decoded, Partition, Read, RejectedRow, Source};
