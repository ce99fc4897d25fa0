//! What a checkpoint holds of a file that is being read, and whether the file still is what it was.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::ReadPosition;

/// What can be done about something that is gone or has changed since a checkpoint was made.
pub(super) const WAY_OUT: &str = "give it back as it was, go on from an earlier checkpoint with \
    `--from N`, or start over with `--fresh`";

/// By how many bytes a file is recognised.
pub(super) const PROOF_BYTES: usize = 4096;

/// A file, or what is left of it to be read.
#[derive(Clone, Debug)]
pub(crate) struct Unread {
    pub(super) path: PathBuf,
    /// What people call it: for good, however its path is spelled later.
    pub(super) name: Arc<str>,
    /// Where to read on.
    pub(super) position: Option<ReadPosition>,
}

impl Unread {
    /// A file that has not been read at all.
    pub(super) fn whole(path: PathBuf) -> Self {
        Self {
            name: path.display().to_string().into(),
            path,
            position: None,
        }
    }

    /// Where to read on, as its format has it.
    pub(super) fn position<T: DeserializeOwned>(&self) -> anyhow::Result<Option<T>> {
        let position = self.position.as_ref();
        position
            .map(|position| read(&self.name, position))
            .transpose()
    }
}

/// Where a text is to be read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TextPosition {
    /// How many bytes come before, uncompressed.
    pub(super) offset: u64,
    /// The number of the line that is read next.
    pub(super) line: u64,
    /// Whether the rest of that line belongs to a row that was too long.
    #[serde(default)]
    pub(super) dropping: bool,
    /// The size of the file when it had been read so far, as stored.
    pub(super) size: u64,
    /// Digest of the last bytes before, uncompressed.
    digest: String,
}

/// Where a Parquet file is to be read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParquetPosition {
    pub(super) row_group: usize,
    /// How many rows of the row group come before.
    pub(super) row: u64,
    /// The size of the file.
    pub(super) size: u64,
    /// Digest of the last bytes of the file, which say where everything is in it.
    pub(super) digest: String,
}

impl TextPosition {
    /// The beginning of a line; `proof` are the last bytes before it, [`PROOF_BYTES`] if there are as
    /// many.
    pub(super) fn new(offset: u64, (line, dropping): (u64, bool), size: u64, proof: &[u8]) -> Self {
        Self {
            offset,
            line,
            dropping,
            size,
            digest: digest(proof),
        }
    }

    /// How many of the bytes before it tell whether a file is the one that was read.
    pub(super) fn proof_bytes(&self) -> usize {
        usize::try_from(self.offset).map_or(PROOF_BYTES, |offset| offset.min(PROOF_BYTES))
    }

    /// Makes sure that a file which now has `size` bytes has not become shorter.
    ///
    /// # Errors
    ///
    /// If it has.
    pub(super) fn check_size(&self, name: &str, size: u64) -> anyhow::Result<()> {
        ensure!(
            size >= self.size,
            "cannot go on in `{name}` at line {}: the file had {} bytes when it was read so far, and \
             now has {size}: {WAY_OUT}",
            self.line,
            self.size
        );
        Ok(())
    }

    /// Makes sure that `proof`, the last bytes before the position, are what was read.
    ///
    /// # Errors
    ///
    /// If they are not, or fewer.
    pub(super) fn check_proof(&self, name: &str, proof: &[u8]) -> anyhow::Result<()> {
        let expected = self.proof_bytes();
        ensure!(
            proof.len() == expected,
            "cannot go on in `{name}` at line {}: {} bytes of it had been read, and it ends before that: \
             {WAY_OUT}",
            self.line,
            self.offset
        );
        ensure!(
            digest(proof) == self.digest,
            "cannot go on in `{name}` at line {}: it is not the file that was read so far: of the {} \
             bytes read, the last {expected} are others now: {WAY_OUT}",
            self.line,
            self.offset
        );
        Ok(())
    }
}

impl ParquetPosition {
    /// Makes sure that a file is the one that was read.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub(super) fn check(&self, name: &str, size: u64, digest: &str) -> anyhow::Result<()> {
        let Self { row_group, row, .. } = self;
        let place = format!("row {row} of row group {row_group}");
        ensure!(
            size == self.size,
            "cannot go on in `{name}` at {place}: the file had {} bytes when it was read so far, and \
             now has {size}: {WAY_OUT}",
            self.size
        );
        if digest != self.digest {
            bail!(
                "cannot go on in `{name}` at {place}: it is not the file that was read so far: its last \
                 bytes are others now: {WAY_OUT}"
            );
        }
        Ok(())
    }
}

/// A position as it stands in a checkpoint.
pub(super) fn write<T: Serialize>(position: &T) -> Option<ReadPosition> {
    serde_json::to_value(position).ok().map(ReadPosition)
}

/// A position from a checkpoint.
pub(super) fn read<T: DeserializeOwned>(
    name: &Arc<str>,
    position: &ReadPosition,
) -> anyhow::Result<T> {
    T::deserialize(&position.0)
        .with_context(|| format!("cannot understand where `{name}` is to be read on"))
}

/// Tells bytes from others.
pub(super) fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
