//! A directory of this machine.
//!
//! A file is written under another name, made durable and renamed, and the directory is made durable:
//! what is seen under a name is whole, and stays.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};

use super::{ReadError, Storage, StoredFile, Upload, disk};

/// What the name of a file ends with that is not whole yet.
const UNFINISHED: &str = ".unfinished";

/// `EIO`: the medium cannot be read.
const MEDIUM: i32 = 5;

/// How often that has to happen in a row before it is believed, and how long to wait before each time but the
/// first: a cable or a server may have failed for an instant, and a checkpoint is given up for it.
const READS: usize = 4;
const PAUSE: Duration = Duration::from_millis(250);

/// A directory. Paths are not shown in errors, since they may hold values of the environment.
#[derive(Debug)]
pub(in crate::checkpoint) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at `path`, which need not exist, to be read.
    pub(in crate::checkpoint) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes the directory if it does not exist.
    pub(in crate::checkpoint) fn make(&self) -> anyhow::Result<()> {
        let mut missing = Vec::new();
        let mut path = self.path.as_path();
        while !path.as_os_str().is_empty() && !path.exists() {
            missing.push(path);
            let Some(parent) = path.parent() else { break };
            path = parent;
        }
        for path in missing.into_iter().rev() {
            match fs::create_dir(path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(error).context("cannot make the directory");
                }
                _ => {}
            }
            let parent = path.parent().filter(|path| !path.as_os_str().is_empty());
            let synced = disk::sync_names(parent.unwrap_or(Path::new(".")));
            synced.context("cannot make the directory durable")?;
        }
        Ok(())
    }

    /// Removes what a job that was killed had not finished. Only for the owner of the directory.
    pub(in crate::checkpoint) fn sweep(&self) -> anyhow::Result<()> {
        let mut names = self.names()?;
        names.retain(|name| name.ends_with(UNFINISHED));
        self.remove(&names)
    }

    fn sync(&self) -> anyhow::Result<()> {
        disk::sync_names(&self.path).context("cannot make the directory durable")
    }

    fn names(&self) -> anyhow::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.context("cannot read the directory")?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.context("cannot read the directory")?;
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }
}

impl Storage for Directory {
    fn list(&self) -> anyhow::Result<Vec<StoredFile>> {
        let mut files = Vec::new();
        for name in self.names()? {
            if name.ends_with(UNFINISHED) {
                continue;
            }
            match fs::metadata(self.path.join(&name)) {
                Ok(metadata) => files.push(StoredFile {
                    name,
                    size: metadata.len(),
                }),
                // It was removed since the directory was read.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot look at `{name}`"));
                }
            }
        }
        Ok(files)
    }

    fn read(&self, name: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, ReadError> {
        let read = |range: Option<Range<u64>>| -> io::Result<Vec<u8>> {
            let path = self.path.join(name);
            // A pipe in its place would be waited for.
            if !fs::metadata(&path)?.is_file() {
                return Err(io::Error::other("it is not a regular file"));
            }
            let mut file = File::open(path)?;
            let mut bytes = Vec::new();
            let Some(range) = range else {
                file.read_to_end(&mut bytes)?;
                return Ok(bytes);
            };
            file.seek(SeekFrom::Start(range.start))?;
            let wanted = range.end - range.start;
            let found = file.take(wanted).read_to_end(&mut bytes)?;
            if found as u64 != wanted {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            Ok(bytes)
        };
        again(PAUSE, || read(range.clone())).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ReadError::Missing,
            ErrorKind::UnexpectedEof => ReadError::CutOff,
            _ if is_lost(&error) => ReadError::Lost(error.to_string()),
            _ => ReadError::Failed(
                anyhow::Error::new(error).context(format!("cannot read `{name}`")),
            ),
        })
    }

    fn put(&self, name: &str, bytes: &[u8], before: Option<&[u8]>) -> anyhow::Result<()> {
        // Only the owner of the directory writes to it: what is to be replaced is what it was.
        let exists = before.is_none() && self.path.join(name).exists();
        ensure!(!exists, "there is a file `{name}` already");
        let mut file = self.create(name)?;
        file.write(bytes)?;
        file.finish()
    }

    fn create(&self, name: &str) -> anyhow::Result<Box<dyn Upload + '_>> {
        let hidden = self.path.join(format!("{name}{UNFINISHED}"));
        let file = disk::create(&hidden).with_context(|| format!("cannot create `{name}`"))?;
        Ok(Box::new(Writing {
            folder: self,
            name: name.to_owned(),
            hidden: Some(hidden),
            file,
        }))
    }

    fn remove(&self, names: &[String]) -> anyhow::Result<()> {
        for name in names {
            match disk::remove(&self.path.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove `{name}`"));
                }
                _ => {}
            }
        }
        match names {
            [] => Ok(()),
            _ => self.sync(),
        }
    }
}

/// A file that is being written.
struct Writing<'a> {
    folder: &'a Directory,
    name: String,
    /// Its path until it is finished.
    hidden: Option<PathBuf>,
    file: File,
}

impl Upload for Writing<'_> {
    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let written = self.file.write_all(bytes);
        written.with_context(|| format!("cannot write `{}`", self.name))
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        let name = &self.name;
        let path = self.folder.path.join(name);
        disk::sync_file(&self.file, &path)
            .with_context(|| format!("cannot make `{name}` durable"))?;
        if let Some(hidden) = &self.hidden {
            disk::rename(hidden, &path)
                .with_context(|| format!("cannot rename `{name}` into place"))?;
        }
        self.hidden = None;
        self.folder.sync()
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(hidden) = self.hidden.take()
            && let Err(error) = fs::remove_file(hidden)
        {
            tracing::debug!(file = %self.name, %error, "an unfinished file stays behind");
        }
    }
}

/// Reads, and again if the medium cannot be read.
fn again<T>(pause: Duration, read: impl Fn() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..READS {
        match read() {
            Err(error) if is_lost(&error) => thread::sleep(pause),
            done => return done,
        }
    }
    read()
}

/// Whether the medium cannot be read. Elsewhere the same number says something else.
fn is_lost(error: &io::Error) -> bool {
    cfg!(unix) && error.raw_os_error() == Some(MEDIUM)
}

#[cfg(all(test, unix))]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often is read if the medium fails so many times.
    fn reads(failures: usize, code: i32) -> (usize, bool) {
        let count = Cell::new(0);
        let read = || match count.replace(count.get() + 1) {
            before if before < failures => Err(io::Error::from_raw_os_error(code)),
            _ => Ok(()),
        };
        let done = again(Duration::ZERO, read);
        (count.get(), done.is_ok())
    }

    #[test]
    fn a_medium_that_fails_for_an_instant_is_read_again() {
        assert_eq!(reads(0, MEDIUM), (1, true));
        assert_eq!(reads(READS - 1, MEDIUM), (READS, true));
        assert_eq!(reads(READS, MEDIUM), (READS, false));
        // Permission denied.
        assert_eq!(reads(1, 13), (1, false));
    }
}
