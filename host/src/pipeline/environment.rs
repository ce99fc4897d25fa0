//! What a pipeline needs to know of the world outside its file, gathered in one place.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    batch::Schema,
    wasm::{Allow, Function},
};

/// Everything that resolving a pipeline asks from outside.
pub struct Environment<'a> {
    /// Where libraries come from.
    pub libraries: &'a dyn Libraries,
    /// The files that a path, a glob or a directory stands for, in reading order.
    pub resolve_paths: &'a dyn Fn(&Path) -> anyhow::Result<Vec<PathBuf>>,
    /// The columns of a Parquet file, or why they cannot be had.
    pub parquet_schema: &'a dyn Fn(&Path) -> Result<Schema, String>,
    /// The columns of what the `generator` connector makes; the first timestamp is the event time.
    pub generator_schema: Schema,
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The parallelism of a pipeline that does not say.
    pub cores: usize,
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Environment")
    }
}

/// Loads libraries.
pub trait Libraries {
    /// Loads a library and configures it, with the variables that `allow` has. `config` is a JSON object.
    /// Called once for each library with each configuration and variables that a pipeline names.
    ///
    /// # Errors
    ///
    /// If there is no such library, or it cannot be used, or it refuses `config`; each becomes a
    /// diagnostic at the place that is to blame.
    fn load(
        &self,
        reference: &LibraryRef,
        config: &str,
        allow: &Allow,
    ) -> Result<Arc<LoadedLibrary>, LibraryError>;
}

/// Where a library is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LibraryRef {
    /// The standard library, `std`.
    Std,
    /// A component in a file.
    File(PathBuf),
    /// The component with this digest, in hexadecimal, among those that were kept.
    Kept(String),
}

/// `std`, or the path, or the first digits of the digest.
impl fmt::Display for LibraryRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Std => formatter.write_str("std"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Kept(digest) => write!(formatter, "component {}", short_digest(digest)),
        }
    }
}

/// As much of a digest as tells components apart.
pub fn short_digest(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// A library that has been loaded and configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedLibrary {
    /// The digest of the component, in hexadecimal.
    pub digest: String,
    /// What it holds.
    pub functions: Vec<Function>,
}

/// A library cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The file cannot be read, or is not a component, or not one that fits this host.
    #[error("{0}")]
    Unusable(String),
    /// The library refuses its configuration.
    #[error("{0}")]
    Config(String),
}
