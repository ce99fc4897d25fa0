//! Where and how often a pipeline keeps checkpoints.

use std::{fmt, path::PathBuf};

use crate::time::Duration;

/// What `[checkpoint]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointConfig {
    /// Where checkpoints are kept.
    pub location: Location,
    /// How long after the start of one the next is started; never zero.
    pub interval: Duration,
    /// How many are kept; at least 1.
    pub keep: usize,
}

/// A place for checkpoints. It prints as the pipeline spells it: what comes from the environment is
/// never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    place: Place,
    shown: String,
}

/// What a location is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A directory of this machine.
    Directory(PathBuf),
    /// A part of a bucket: `s3://bucket/prefix`.
    Url(String),
}

impl Location {
    /// A directory, by its path.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            shown: path.display().to_string(),
            place: Place::Directory(path),
        }
    }

    /// An object store's URL.
    pub fn url(url: impl Into<String>) -> Self {
        let url = url.into();
        Self {
            shown: url.clone(),
            place: Place::Url(url),
        }
    }

    /// The same place, as the pipeline spells it.
    #[must_use]
    pub fn shown_as(mut self, shown: impl Into<String>) -> Self {
        self.shown = shown.into();
        self
    }

    /// The place itself. It may hold what must not be shown.
    pub const fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown, formatter)
    }
}
