//! The directory of a sink: nobody else writes to it, and what dead jobs have left behind is known.

use std::{
    fs::{File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    disk::{self, OutFile},
    names,
};

/// A directory that belongs to this sink.
pub(super) struct Directory {
    path: PathBuf,
    /// The ending of the names of its files.
    pub(super) extension: &'static str,
    /// A hidden file that is locked as long as this process lives: so other jobs know.
    lock: File,
    /// `None` when it has become part of the result.
    locked: Option<HiddenFile>,
}

impl Directory {
    /// Takes possession of a directory, which is made if it is not there, and removes what dead jobs
    /// were writing.
    ///
    /// # Errors
    ///
    /// If the directory cannot be written to, or another job is writing to it.
    pub(super) fn open(path: &Path, extension: &'static str) -> anyhow::Result<Self> {
        disk::make_directory(path)
            .with_context(|| format!("cannot make directory `{}`", path.display()))?;
        let own = path.join(names::temporary(0, extension));
        if own.exists() {
            remove_dead(&own, path)?;
        }
        let lock = match disk::create(&own) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(taken(path));
            }
            made => made.with_context(|| format!("cannot make file `{}`", own.display()))?,
        };
        if !try_lock(&lock, &own)? || !is_there(&lock, &own) {
            return Err(taken(path));
        }
        let locked = Some(HiddenFile(Some(own.clone())));
        let directory = Self {
            path: path.to_path_buf(),
            extension,
            lock,
            locked,
        };
        // Only with the lock, so that of two jobs that start together not both find nobody.
        for name in directory.names(names::is_temporary)? {
            let other = directory.join(&name);
            if other != own {
                remove_dead(&other, path)?;
            }
        }
        Ok(directory)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in the directory.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The first file, which is the one that is locked.
    pub(super) fn first(&self) -> anyhow::Result<File> {
        self.lock
            .try_clone()
            .with_context(|| format!("cannot write to `{}`", self.path.display()))
    }

    /// Makes the first file visible.
    pub(super) fn publish_first(&mut self, name: &str) -> anyhow::Result<()> {
        let to = self.join(name);
        match &mut self.locked {
            Some(locked) => locked.rename(&to),
            None => Ok(()),
        }
    }

    /// The names of the files that are `wanted`, sorted.
    pub(super) fn names(&self, wanted: fn(&str) -> bool) -> anyhow::Result<Vec<String>> {
        let context = || format!("cannot list directory `{}`", self.path.display());
        let mut names = Vec::new();
        for entry in self.path.read_dir().with_context(context)? {
            let name = entry.with_context(context)?.file_name().into_string();
            names.extend(name.ok().filter(|name| wanted(name)));
        }
        names.sort();
        Ok(names)
    }

    /// The size of a file; `None` if there is none.
    pub(super) fn size(&self, name: &str) -> anyhow::Result<Option<u64>> {
        let path = self.join(name);
        match path.metadata() {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(error).with_context(|| format!("cannot look at `{}`", path.display()))
            }
        }
    }

    /// Gives a file another name, in place of the one that has it.
    pub(super) fn rename(&self, from: &str, to: &str) -> anyhow::Result<()> {
        let to = self.join(to);
        disk::rename(&self.join(from), &to)
            .with_context(|| format!("cannot write `{}`", to.display()))
    }

    /// Removes a file if it is there.
    pub(super) fn remove(&self, name: &str) -> anyhow::Result<()> {
        let path = self.join(name);
        match disk::remove(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.with_context(|| format!("cannot remove `{}`", path.display())),
        }
    }

    /// Writes a small file, in place of the one that has its name. It survives a power failure then.
    pub(super) fn put(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let unfinished = format!("{name}.tmp");
        self.remove(&unfinished)?;
        let path = self.join(&unfinished);
        let write = || {
            let mut file = OutFile(disk::create(&path)?);
            file.write_all(text.as_bytes())?;
            disk::sync_file(&file, &path)
        };
        write().with_context(|| format!("cannot write `{}`", path.display()))?;
        self.rename(&unfinished, name)?;
        self.sync()
    }

    /// Makes sure that the names of the files survive a power failure.
    pub(super) fn sync(&self) -> anyhow::Result<()> {
        disk::sync_names(&self.path)
            .with_context(|| format!("cannot write to `{}`", self.path.display()))
    }

    /// What people call the directory.
    pub(super) fn shown(&self) -> impl std::fmt::Display {
        self.path.display()
    }
}

/// A file that nobody may read yet. It is removed when it is dropped under that name.
pub(super) struct HiddenFile(Option<PathBuf>);

impl HiddenFile {
    /// Makes a file that is not there.
    pub(super) fn create(path: PathBuf) -> anyhow::Result<(Self, File)> {
        let file = disk::create(&path)
            .with_context(|| format!("cannot make file `{}`", path.display()))?;
        Ok((Self(Some(path)), file))
    }

    /// Gives it another name, under which it stays.
    pub(super) fn rename(&mut self, to: &Path) -> anyhow::Result<()> {
        if let Some(from) = &self.0 {
            disk::rename(from, to).with_context(|| format!("cannot write `{}`", to.display()))?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for HiddenFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // After a failure, there is nobody to tell of another one.
            let _still_there = disk::remove(path);
        }
    }
}

/// Removes what a dead job was writing.
fn remove_dead(file: &Path, directory: &Path) -> anyhow::Result<()> {
    let opened = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened.with_context(|| format!("cannot open `{}`", file.display()))?,
    };
    remove_opened(&opened, file, directory)
}

/// Removes a file that was opened under a name, unless a job writes to the one that has the name.
fn remove_opened(opened: &File, file: &Path, directory: &Path) -> anyhow::Result<()> {
    // Until it was locked, a job that started at the same time may have removed it and taken the name.
    if !try_lock(opened, file)? || !is_there(opened, file) {
        return Err(taken(directory));
    }
    disk::remove(file).with_context(|| format!("cannot remove `{}`", file.display()))
}

/// Locks a file, unless another process has.
fn try_lock(file: &File, path: &Path) -> anyhow::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock `{}`", path.display()))
        }
    }
}

/// Whether a file still has its name: a job that starts at the same time may have taken it for a dead
/// one's before it was locked.
fn is_there(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        match (file.metadata(), path.metadata()) {
            (Ok(own), Ok(found)) => (own.dev(), own.ino()) == (found.dev(), found.ino()),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

fn taken(directory: &Path) -> anyhow::Error {
    anyhow::anyhow!("another job is writing to `{}`", directory.display())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_has_taken_the_name_of_a_dead_one_stays() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join(".part-00000.csv.tmp");
        fs::write(&file, "dead").expect("a file");
        let opened = File::open(&file).expect("a file");
        // Another job is faster.
        fs::remove_file(&file).expect("a file");
        fs::write(&file, "alive").expect("a file");
        let error = remove_opened(&opened, &file, directory.path()).expect_err("an error");
        assert_eq!(error.to_string(), taken(directory.path()).to_string());
        assert_eq!(fs::read_to_string(&file).expect("a file"), "alive");
    }
}
