//! Where the files of a job's checkpoints are kept. No file is ever changed.

mod bucket;
mod directory;
mod disk;
mod parts;

pub(super) use bucket::Bucket;
pub(super) use directory::Directory;
#[cfg(test)]
pub(super) use disk::steps;

use std::ops::Range;

/// A folder of files.
pub(super) trait Storage: Send + Sync {
    /// All files that are whole, in any order. Called when a job starts, and for each checkpoint.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read. One that does not exist has no files.
    fn list(&self) -> anyhow::Result<Vec<StoredFile>>;

    /// The bytes of a file, or a part of them.
    ///
    /// # Errors
    ///
    /// If they are not there, or cannot be had now.
    fn read(&self, name: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, ReadError>;

    /// Writes a small file at once: it is there, whole and durable, or not at all. Called for the manifest
    /// that makes a checkpoint complete. A file that holds the bytes `before` is replaced, at once as well.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or there is another one of this name: what somebody else has written meanwhile
    /// stays.
    fn put(&self, name: &str, bytes: &[u8], before: Option<&[u8]>) -> anyhow::Result<()>;

    /// Begins a large file of a name that was never used before. Called at most once for a checkpoint.
    ///
    /// # Errors
    ///
    /// If nothing can be written.
    fn create(&self, name: &str) -> anyhow::Result<Box<dyn Upload + '_>>;

    /// Removes the files that are there, in this order, for good.
    ///
    /// # Errors
    ///
    /// If one of them is still there, or may come back.
    fn remove(&self, names: &[String]) -> anyhow::Result<()>;
}

/// A file that is being written. One that is dropped never was there.
pub(super) trait Upload {
    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// If they cannot be written; the file is lost.
    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()>;

    /// Makes the file durable, then visible. Called once, at the end.
    ///
    /// # Errors
    ///
    /// If that fails; the file is lost.
    fn finish(self: Box<Self>) -> anyhow::Result<()>;
}

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredFile {
    /// Its name.
    pub(super) name: String,
    /// How many bytes it has.
    pub(super) size: u64,
}

/// Why bytes cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// There is no such file.
    #[error("is missing")]
    Missing,
    /// The file ends before them.
    #[error("is cut off")]
    CutOff,
    /// The medium cannot give them back any more.
    #[error("cannot be read: {0}")]
    Lost(String),
    /// They cannot be read now; that says nothing of the file.
    #[error(transparent)]
    Failed(anyhow::Error),
}
