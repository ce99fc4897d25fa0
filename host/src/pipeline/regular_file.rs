//! Files that users name, read without surprises: what is in the place of one may be a pipe that nobody writes
//! to, a device without an end, or far too much.

use std::{
    fmt,
    fs::{self, File, FileType, OpenOptions},
    io::{self, Read},
    path::Path,
};

use super::reader::Size;

/// The largest component that is read, in bytes.
pub const MAX_COMPONENT: u64 = 512 << 20;

/// The largest pipeline file that is read, in bytes.
pub(super) const MAX_PIPELINE: u64 = 16 << 20;

/// A regular file that is read from its beginning, up to a limit.
#[derive(Debug)]
pub struct RegularFile {
    file: File,
    limit: u64,
    left: u64,
}

/// Why a file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unfit {
    Folder,
    Other,
    TooLarge { limit: u64 },
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => formatter.write_str("it is a directory"),
            Self::Other => formatter.write_str("it is not a regular file"),
            Self::TooLarge { limit } => {
                write!(formatter, "it is larger than {}", Size(*limit))
            }
        }
    }
}

impl std::error::Error for Unfit {}

impl From<Unfit> for io::Error {
    fn from(unfit: Unfit) -> Self {
        Self::other(unfit)
    }
}

impl RegularFile {
    /// Opens the file `path`, of which at most `limit` bytes can be read.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, is no regular file, or is larger.
    pub fn open(path: &Path, limit: u64) -> io::Result<Self> {
        // Before it is opened: that alone may wind a tape, or hang.
        check(fs::metadata(path)?.file_type())?;
        let mut options = OpenOptions::new();
        options.read(true);
        // A pipe that has taken its place since then is not waited for.
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        }
        let file = options.open(path)?;
        let metadata = file.metadata()?;
        check(metadata.file_type())?;
        if metadata.len() > limit {
            return Err(Unfit::TooLarge { limit }.into());
        }
        Ok(Self {
            file,
            limit,
            left: limit,
        })
    }

    /// Opens the component in the file `path`.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn component(path: &Path) -> io::Result<Self> {
        Self::open(path, MAX_COMPONENT)
    }

    /// All that is in it.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or grows beyond the limit.
    pub fn content(mut self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.read_to_end(&mut content)?;
        Ok(content)
    }
}

/// Fails as soon as there is more than the limit: the file may grow.
impl Read for RegularFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let limit = self.limit;
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or(Unfit::TooLarge { limit })?;
        Ok(count)
    }
}

fn check(kind: FileType) -> Result<(), Unfit> {
    match () {
        () if kind.is_file() => Ok(()),
        () if kind.is_dir() => Err(Unfit::Folder),
        () => Err(Unfit::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(path: &Path, expected: &str) {
        let read = RegularFile::open(path, 10).and_then(RegularFile::content);
        assert_eq!(read.expect_err("no file to read").to_string(), expected);
    }

    #[test]
    fn only_regular_files_up_to_a_size_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("it");
        fs::write(&path, [7; 10]).expect("written");
        let read = RegularFile::open(&path, 10).and_then(RegularFile::content);
        assert_eq!(read.expect("a file"), [7; 10]);
        fs::write(&path, [7; 11]).expect("written");
        check_refused(&path, "it is larger than 10B");
        check_refused(folder.path(), "it is a directory");
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo runs").success());
        check_refused(&pipe, "it is not a regular file");
        check_refused(Path::new("/dev/zero"), "it is not a regular file");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).expect("a link");
        check_refused(&link, "it is not a regular file");
    }

    #[test]
    fn a_file_that_grows_is_given_up_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("it");
        fs::write(&path, [7; 10]).expect("written");
        let file = RegularFile::open(&path, 10).expect("a file");
        fs::write(&path, [7; 20]).expect("written");
        let error = file.content().expect_err("too much");
        assert_eq!(error.to_string(), "it is larger than 10B");
    }
}
