//! What a file looks like from outside, and a digest of what is in it.

use std::{
    fs::{self, Metadata},
    io,
    path::Path,
    time::SystemTime,
};

use crate::pipeline::RegularFile;

/// The digest of a file's content.
pub(super) type Digest = [u8; 32];

/// What of a file changes when it is written or replaced. Two looks that are equal do not prove that
/// the content is; two that differ prove that somebody has been at the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    size: u64,
    modified: Option<SystemTime>,
    identity: Identity,
}

/// What tells a file or folder from another one that was put in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Look {
    /// Looks at a file, through symbolic links; `None` if there is none.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok().filter(Metadata::is_file)?;
        Some(Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            identity: Identity::of(&metadata),
        })
    }

    #[cfg(test)]
    pub(super) fn invented(size: u64, written: u64, inode: u64) -> Self {
        let written = std::time::Duration::from_millis(written);
        Self {
            size,
            modified: Some(SystemTime::UNIX_EPOCH + written),
            identity: Identity { device: 0, inode },
        }
    }
}

impl Identity {
    /// The identity of the folder `path`; `None` if there is none.
    pub(super) fn of_folder(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok().filter(Metadata::is_dir)?;
        Some(Self::of(&metadata))
    }

    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    /// Where files have no numbers, the time they were made has to do.
    #[cfg(not(unix))]
    fn of(metadata: &Metadata) -> Self {
        let made = metadata.created().unwrap_or(SystemTime::UNIX_EPOCH);
        let made = made.duration_since(SystemTime::UNIX_EPOCH);
        let nanos = made.unwrap_or_default().as_nanos();
        Self {
            device: 0,
            inode: (nanos % u128::from(u64::MAX)) as u64,
        }
    }
}

/// Why what is in the place of a file is no file that can be looked at; `None` if it is one, or there is nothing.
pub(super) fn trouble(path: &Path) -> Option<io::Error> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => None,
        // It is not opened: that is what the error comes from.
        Ok(_) => RegularFile::component(path).err(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(error),
    }
}

/// The digest of what is in a file.
pub(super) fn digest(path: &Path) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut RegularFile::component(path)?, &mut hasher)?;
    Ok(*hasher.finalize().as_bytes())
}
