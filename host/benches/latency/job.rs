//! The jobs.

use std::fmt;

use crate::stages::{AVERAGES, HOT};

/// What is done with the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Row by row.
    Map,
    /// In sliding windows.
    Windows,
}

/// How far the watermark stays behind, in milliseconds of event time.
pub(crate) const DELAY: u64 = 60_000;

impl Job {
    /// Its pipeline, over the rows of a source with these keys.
    pub(crate) fn pipeline(self, source: &str) -> String {
        let stages = match self {
            Self::Map => HOT,
            Self::Windows => AVERAGES,
        };
        format!(
            r#"
name = "latency"
parallelism = 2
[source.readings]
{source}
format = "json"
columns = {{ n = "int64", ts = "timestamp", sensor = "utf8", temperature = "float64", humidity = "float64" }}
event_time = {{ column = "ts", unit = "ms" }}
watermark = {{ delay = "{DELAY}ms" }}
{stages}
[sink.out]
from = "result"
connector = "stdout"
format = "csv"
"#
        )
    }
}

impl fmt::Display for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Map => "A",
            Self::Windows => "E",
        })
    }
}
