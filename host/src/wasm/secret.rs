//! The directories under the cache directory, and the key that compiled code is signed with: what makes
//! code that was read from a disk fit to be executed.
//!
//! Compiled code runs without a sandbox. So nobody but the user may be able to put a file there
//! that passes for one of ours: the directory is the user's alone, and each file carries a MAC
//! under a key that only the user can read.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use thiserror::Error;

/// A key for MACs.
pub(super) type Key = [u8; blake3::KEY_LEN];

const KEY_FILE: &str = "key";

/// Why a directory is not used to keep things in.
#[derive(Debug, Error)]
pub(super) enum CacheError {
    #[error("cannot use `{}`", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("`{}` belongs to another user", .0.display())]
    NotOurs(PathBuf),
    #[error("`{}` can be changed by other users (mode {mode:o})", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("`{}` is not what it should be: delete it", .0.display())]
    Odd(PathBuf),
    #[error("no source of randomness: {0}")]
    Random(getrandom::Error),
}

/// A directory that only the user can write to.
#[derive(Debug)]
pub(super) struct PrivateDirectory {
    path: PathBuf,
    user: u32,
}

impl PrivateDirectory {
    /// Opens `root/tidemill/NAME`, and makes it first if it is not there.
    pub(super) fn open(root: &Path, name: &str) -> Result<Self, CacheError> {
        let parent = root.join("tidemill");
        let path = parent.join(name);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|source| io_error(&path, source))?;
        // Who owns a file that was just made is who we are.
        let user = tempfile::tempfile_in(&path)
            .and_then(|file| file.metadata())
            .map_err(|source| io_error(&path, source))?
            .uid();
        let directory = Self { path, user };
        // Whoever can write to the parent can put another directory in our place.
        for path in [&parent, &directory.path] {
            let metadata = fs::symlink_metadata(path).map_err(|source| io_error(path, source))?;
            if !metadata.is_dir() {
                return Err(CacheError::Odd(path.clone()));
            }
            directory.check(path, &metadata, 0o022)?;
        }
        Ok(directory)
    }

    #[cfg(test)]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a file of the directory whole, if it is there and not longer than `max` bytes.
    pub(super) fn read(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, CacheError> {
        self.read_with_mask(name, max, 0o022)
    }

    /// Writes a file of the directory: whole or not at all.
    pub(super) fn write(&self, name: &str, parts: &[&[u8]]) -> Result<(), CacheError> {
        let path = self.path.join(name);
        self.temporary(parts)
            .and_then(|file| Ok(file.persist(&path)?))
            .map_err(|source| io_error(&path, source))?;
        Ok(())
    }

    /// The user's key, made when it is first asked for.
    pub(super) fn key(&self) -> Result<Key, CacheError> {
        if let Some(key) = self.read_key()? {
            return Ok(key);
        }
        let mut key = Key::default();
        getrandom::fill(&mut key).map_err(CacheError::Random)?;
        let path = self.path.join(KEY_FILE);
        let file = self
            .temporary(&[&key])
            .map_err(|source| io_error(&path, source))?;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(key),
            // Another process was faster; its key counts.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                self.read_key()?.ok_or(CacheError::Odd(path))
            }
            Err(error) => Err(io_error(&path, error.error)),
        }
    }

    fn read_key(&self) -> Result<Option<Key>, CacheError> {
        let Some(bytes) = self.read_with_mask(KEY_FILE, blake3::KEY_LEN as u64, 0o077)? else {
            return Ok(None);
        };
        let key = Key::try_from(bytes.as_slice());
        key.map(Some)
            .map_err(|_| CacheError::Odd(self.path.join(KEY_FILE)))
    }

    fn read_with_mask(
        &self,
        name: &str,
        max: u64,
        mask: u32,
    ) -> Result<Option<Vec<u8>>, CacheError> {
        let path = self.path.join(name);
        let mut file = match OpenOptions::new()
            .read(true)
            // A pipe in the file's place must not make us wait.
            .custom_flags(NONBLOCK)
            .open(&path)
        {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io_error(&path, source)),
        };
        // Of the open file, so that it cannot be exchanged between the check and the reading.
        let metadata = file.metadata().map_err(|source| io_error(&path, source))?;
        if !metadata.is_file() || metadata.len() > max {
            return Err(CacheError::Odd(path));
        }
        self.check(&path, &metadata, mask)?;
        read_whole(&mut file, metadata.len(), max)
            .map(Some)
            .map_err(|source| io_error(&path, source))
    }

    /// Whether `metadata` is that of something of the user's that lacks the permissions in `mask`.
    fn check(&self, path: &Path, metadata: &Metadata, mask: u32) -> Result<(), CacheError> {
        if metadata.uid() != self.user {
            return Err(CacheError::NotOurs(path.to_owned()));
        }
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & mask != 0 {
            return Err(CacheError::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
        Ok(())
    }

    /// A file without a lasting name, of mode 0600.
    fn temporary(&self, parts: &[&[u8]]) -> io::Result<NamedTempFile> {
        let mut file = NamedTempFile::new_in(&self.path)?;
        for part in parts {
            file.write_all(part)?;
        }
        Ok(file)
    }
}

#[cfg(target_os = "linux")]
const NONBLOCK: i32 = 0o4000;
#[cfg(not(target_os = "linux"))]
const NONBLOCK: i32 = 4;

fn read_whole(file: &mut File, len: u64, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    file.take(max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn io_error(path: &Path, source: io::Error) -> CacheError {
    CacheError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
    }

    #[test]
    fn the_key_is_made_once_and_only_the_user_can_read_it() {
        let root = tempfile::tempdir().expect("directory");
        let directory = PrivateDirectory::open(root.path(), "code").expect("opens");
        let key = directory.key().expect("made");
        assert_ne!(key, Key::default());
        assert_eq!(directory.key().expect("kept"), key);
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&directory.path().join(KEY_FILE)), 0o600);
        assert_eq!(mode(directory.path()), 0o700);
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        let root = tempfile::tempdir().expect("directory");
        PrivateDirectory::open(root.path(), "code").expect("opens");
        for (name, mode) in [("tidemill/code", 0o720), ("tidemill", 0o702)] {
            let path = root.path().join(name);
            set_mode(&path, mode);
            let error = PrivateDirectory::open(root.path(), "code").expect_err("exposed");
            assert_eq!(
                error.to_string(),
                format!(
                    "`{}` can be changed by other users (mode {mode:o})",
                    path.display()
                )
            );
            set_mode(&path, 0o700);
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let root = tempfile::tempdir().expect("directory");
        let directory = PrivateDirectory::open(root.path(), "code").expect("opens");
        directory.key().expect("made");
        set_mode(&directory.path().join(KEY_FILE), 0o640);
        assert!(matches!(directory.key(), Err(CacheError::Exposed { .. })));
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let root = tempfile::tempdir().expect("directory");
        let directory = PrivateDirectory::open(root.path(), "code").expect("opens");
        for length in [0, 31, 33] {
            directory
                .write(KEY_FILE, &[&vec![7; length]])
                .expect("written");
            assert!(matches!(directory.key(), Err(CacheError::Odd(_))));
        }
    }

    #[test]
    fn a_link_in_the_place_of_the_directory_is_refused() {
        let root = tempfile::tempdir().expect("directory");
        let elsewhere = tempfile::tempdir().expect("directory");
        fs::create_dir(root.path().join("tidemill")).expect("made");
        set_mode(&root.path().join("tidemill"), 0o700);
        let link = root.path().join("tidemill/code");
        std::os::unix::fs::symlink(elsewhere.path(), link).expect("linked");
        assert!(matches!(
            PrivateDirectory::open(root.path(), "code"),
            Err(CacheError::Odd(_))
        ));
    }
}
