//! The bytes of a file, from its beginning or from where an earlier job has read to.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};

use super::{
    compression::FileReader,
    position::TextPosition,
    text::{Bytes, Fill},
};

/// The bytes of a file, uncompressed.
pub(super) struct FileBytes {
    name: Arc<str>,
    reader: FileReader,
    chunk: usize,
}

impl FileBytes {
    /// Opens a file that people call `name`, to be read `chunk` bytes at a time.
    pub(super) fn open(path: &Path, name: Arc<str>, chunk: usize) -> anyhow::Result<Self> {
        let reader = FileReader::open(path)?;
        Ok(Self {
            name,
            reader,
            chunk,
        })
    }

    /// Goes to `position` and returns the last bytes before it. Called before anything is read.
    ///
    /// # Errors
    ///
    /// If it is not the file that the position is of.
    pub(super) fn skip_to(&mut self, position: &TextPosition) -> anyhow::Result<Vec<u8>> {
        if let Some(size) = self.reader.size() {
            position.check_size(&self.name, size)?;
        }
        let proof = self
            .reader
            .skip(position.offset, position.proof_bytes())
            .with_context(|| format!("cannot read `{}`", self.name))?;
        position.check_proof(&self.name, &proof)?;
        Ok(proof)
    }
}

impl Bytes for FileBytes {
    fn fill(&mut self, buffer: &mut Vec<u8>, _wait: Duration) -> anyhow::Result<Fill> {
        let read = self
            .reader
            .fill(buffer, self.chunk)
            .with_context(|| format!("cannot read `{}`", self.name))?;
        if read > 0 {
            return Ok(Fill::Some);
        }
        if let (Some(before), Some(now)) = (self.reader.first_size(), self.reader.size()) {
            ensure!(
                now >= before,
                "`{}` was cut while it was read, to {now} of {before} bytes: rows may be lost",
                self.name
            );
        }
        Ok(Fill::End)
    }

    fn taken(&self) -> u64 {
        self.reader.taken()
    }

    fn size(&self) -> Option<u64> {
        self.reader.size()
    }
}
