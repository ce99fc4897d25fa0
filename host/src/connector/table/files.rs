//! A table in files: read as a whole, and again when one of them has changed.

use std::{fs, path::PathBuf, sync::Arc, time::SystemTime};

use anyhow::bail;

use super::TableContent;
use crate::{
    batch::Batch,
    connector::{Decoding, Read, Source as _, file_source::FileSource, resolve_paths},
    time::Clock,
};

/// The files of a table.
pub(super) struct Files {
    /// What they are found by.
    path: PathBuf,
    decoding: Decoding,
    keys: Vec<Vec<usize>>,
    clock: Arc<dyn Clock>,
    /// What the files looked like when they were last read, or could not be.
    seen: Result<Vec<Stamp>, String>,
}

/// By what a change of a file is noticed.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    size: u64,
    modified: SystemTime,
}

impl Files {
    pub(super) fn new(
        path: PathBuf,
        decoding: Decoding,
        keys: Vec<Vec<usize>>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self {
            path,
            decoding,
            keys,
            clock: Arc::clone(clock),
            seen: Ok(Vec::new()),
        }
    }

    /// Reads the files.
    pub(super) fn read(&mut self) -> anyhow::Result<TableContent> {
        self.seen = self.stamps();
        self.rows()
    }

    /// Reads the files if they have changed since they were last read. What is wrong with them is told
    /// once.
    pub(super) fn read_again(&mut self) -> anyhow::Result<Option<TableContent>> {
        let stamps = self.stamps();
        if stamps == self.seen {
            return Ok(None);
        }
        self.seen = stamps;
        self.rows().map(Some)
    }

    /// What the files look like. Made before they are read: what changes meanwhile is read again.
    fn stamps(&self) -> Result<Vec<Stamp>, String> {
        let stamp = |path: PathBuf| {
            let metadata = fs::metadata(&path)
                .map_err(|error| format!("cannot open `{}`: {error}", path.display()))?;
            // A pipe would be waited for, and a table is read by those who wait for its rows.
            if !metadata.is_file() {
                return Err(format!(
                    "cannot read `{}`: it is not a regular file",
                    path.display()
                ));
            }
            Ok(Stamp {
                path,
                size: metadata.len(),
                modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            })
        };
        let paths = resolve_paths(&self.path).map_err(|error| format!("{error:#}"))?;
        paths.into_iter().map(stamp).collect()
    }

    fn rows(&self) -> anyhow::Result<TableContent> {
        let stamps = match &self.seen {
            Ok(stamps) => stamps,
            Err(reason) => bail!("{reason}"),
        };
        let paths = stamps.iter().map(|stamp| stamp.path.clone()).collect();
        let clock = Arc::clone(&self.clock);
        let source = FileSource::new(paths, self.decoding.clone(), clock);
        let mut batches: Vec<Batch> = Vec::new();
        while let Some(mut partition) = source.next_partition()? {
            loop {
                let decoded = match partition.read()? {
                    Read::Rows(decoded) => decoded,
                    Read::Idle | Read::Watermark(_) => continue,
                    Read::End => break,
                };
                if let Some(bad) = decoded.rejected.first() {
                    bail!("cannot decode `{}`: {}", bad.position, bad.reason);
                }
                batches.push(decoded.batch);
            }
        }
        TableContent::new(&self.decoding.schema.to_arrow(), &batches, &self.keys)
    }
}
