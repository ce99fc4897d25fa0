//! A lock on a file of this machine: the operating system lets go of it when its owner dies.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use super::{LOCK, Lock, LockRecord, Owner};

/// A lock on the file `lock` of a directory.
#[derive(Debug)]
pub(in crate::checkpoint) struct FileLock {
    path: PathBuf,
    /// Locked for as long as it is open.
    file: File,
    record: LockRecord,
}

impl FileLock {
    /// Takes the lock of a directory; fails if another process has it, naming it.
    pub(in crate::checkpoint) fn take(directory: &Path, owner: Owner) -> anyhow::Result<Self> {
        let path = directory.join(LOCK);
        // A pipe in its place would be waited for.
        let is_other = fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file());
        ensure!(!is_other, "the lock file is not a regular file");
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).context("cannot open the lock file")?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let record = file
                    .read_to_string(&mut text)
                    .ok()
                    .and_then(|_| serde_json::from_str::<LockRecord>(&text).ok());
                match record {
                    Some(record) => bail!("it is in use by {}", record.owner),
                    None => bail!("it is in use by another process"),
                }
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).context("cannot lock the lock file");
            }
        }
        let mut text = String::new();
        let before = file.read_to_string(&mut text).ok();
        let before = before.and_then(|_| serde_json::from_str::<LockRecord>(&text).ok());
        let record = LockRecord {
            owner,
            beat: 0,
            released: false,
            complete: None,
            newest: before.and_then(|before| before.newest),
        };
        let mut lock = Self { path, file, record };
        lock.tell()?;
        Ok(lock)
    }

    /// Writes the record. No result depends on it: should it be lost, nobody can tell that checkpoints were.
    fn tell(&mut self) -> anyhow::Result<()> {
        let text = serde_json::to_string(&self.record)?;
        let file = &mut self.file;
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .context("cannot write the lock file")
    }
}

impl Lock for FileLock {
    fn check(&mut self) -> anyhow::Result<()> {
        let same = is_same(&self.file, &self.path).context("cannot look at the lock file")?;
        ensure!(
            same,
            "its lock file was removed: another job may be writing to it"
        );
        Ok(())
    }

    fn confirm(&mut self, complete: &BTreeSet<u64>) -> anyhow::Result<()> {
        self.check()?;
        self.record.newest = complete.last().copied();
        // The manifest is what counts: a disk that is full does not undo it.
        if let Err(error) = self.tell() {
            tracing::debug!("{error:#}");
        }
        Ok(())
    }
}

/// Whether an open file still is the one of that name.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((open.dev(), open.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn is_same(_file: &File, path: &Path) -> std::io::Result<bool> {
    fs::exists(path)
}
