//! Where rows come from, in words: sources, and tables of reference data.

use std::fmt::{self, Write as _};

use super::lines::{columns, line, title};
use crate::{
    connector::{Decoding, EventTimeUnit, SourceConfig, TableConfig},
    pipeline::{SourcePlan, TablePlan},
};

/// Writes what a source does.
pub(super) fn source(source: &SourcePlan, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    title(formatter, "source", &source.name)?;
    line(formatter, "reads", &source.summary)?;
    line(formatter, "event time", &event_time(source))?;
    line(formatter, "on error", &source.on_error.to_string())?;
    columns(formatter, &source.schema)
}

/// Writes what a table holds.
pub(super) fn table(table: &TablePlan, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    title(formatter, "table", &table.name)?;
    line(formatter, "reads", &table.summary)?;
    if let TableConfig::File { refresh, .. } = &table.config {
        let text = format!("if a file has changed, looked at every {refresh}");
        line(formatter, "reads again", &text)?;
    }
    columns(formatter, &table.schema)
}

fn event_time(source: &SourcePlan) -> String {
    let decoding = match &source.config {
        SourceConfig::File { decoding, .. }
        | SourceConfig::Stdin { decoding }
        | SourceConfig::Socket { decoding, .. }
        | SourceConfig::Test { decoding } => Some(decoding),
        SourceConfig::Generator(_) => None,
    };
    if !source.event_time {
        return "none".to_owned();
    }
    let mut text = decoding.map_or(String::new(), column_and_unit);
    let separator = if text.is_empty() { "" } else { ", " };
    let _ = write!(text, "{separator}watermark {} behind", source.delay);
    if let SourceConfig::File { .. } = source.config {
        let _ = write!(text, ", files at most {} apart", source.max_drift);
    }
    if let Some(timeout) = source.idle_timeout {
        let _ = write!(text, ", idle after {timeout}");
    }
    if let Some(ahead) = decoding.and_then(|decoding| decoding.max_ahead) {
        let _ = write!(text, ", at most {ahead} ahead of the clock");
    }
    text
}

/// As in `ts in ms`.
fn column_and_unit(decoding: &Decoding) -> String {
    let Some(time) = &decoding.event_time else {
        return String::new();
    };
    let unit = match &time.unit {
        EventTimeUnit::Seconds => "s",
        EventTimeUnit::Millis => "ms",
        EventTimeUnit::Micros => "us",
        EventTimeUnit::Nanos => "ns",
        EventTimeUnit::Rfc3339 => "rfc3339",
        EventTimeUnit::Pattern(pattern) => pattern,
    };
    format!("{} in {unit}", decoding.schema.fields()[time.column].name)
}
