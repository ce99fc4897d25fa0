//! The jobs: what they do, and what both sides call their columns.

use std::{fmt, str::FromStr};

use anyhow::bail;

/// What is done with readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Keeps what is hot, and adds degrees Fahrenheit.
    A,
    /// The means of both measures for each sensor, in windows of 20 s every 5 s.
    B,
    /// Count, mean and maximum of the temperature for each sensor and minute.
    C,
    /// `B` with a checkpoint every second.
    D,
}

/// How readings are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Parquet,
    Json,
    Csv,
}

impl Job {
    pub(crate) const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// The columns that are read, in the order of the files.
    pub(crate) const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::A | Self::B | Self::D => &["ts", "sensor", "temperature", "humidity"],
            Self::C => &["ts", "sensor", "temperature"],
        }
    }

    /// The columns that it adds to a row or a window.
    pub(crate) const fn results(self) -> &'static [&'static str] {
        match self {
            Self::A => &["fahrenheit"],
            Self::B | Self::D => &["avg_temperature", "avg_humidity"],
            Self::C => &["readings", "mean", "max"],
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        }
    }
}

impl Format {
    pub(crate) const ALL: [Self; 3] = [Self::Parquet, Self::Json, Self::Csv];

    /// What it is called in a pipeline.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// What names of files end with.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Json => "jsonl",
            Self::Csv => "csv",
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Job {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        match Self::ALL.into_iter().find(|job| job.name() == name) {
            Some(job) => Ok(job),
            None => bail!("there is no job `{name}`"),
        }
    }
}

impl FromStr for Format {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        match Self::ALL.into_iter().find(|format| format.name() == name) {
            Some(format) => Ok(format),
            None => bail!("there is no format `{name}`"),
        }
    }
}
