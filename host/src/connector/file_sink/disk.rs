//! What a sink does to a file system, one step at a time: tests stop it between any two of them.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

#[cfg(test)]
pub(super) mod faults;

/// Says that a step is about to be done.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "tests make it fail")]
const fn step(_what: &str, _path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use faults::step;

/// Makes a directory, and those that it is in, if they are not there. They survive a power failure then.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let parents = path.ancestors();
    let missing: Vec<_> = parents
        .take_while(|path| !path.as_os_str().is_empty() && !path.is_dir())
        .collect();
    for path in missing.into_iter().rev() {
        match fs::create_dir(path) {
            Err(_) if path.is_dir() => {}
            made => made?,
        }
        let parent = path.parent().filter(|path| !path.as_os_str().is_empty());
        sync_names(parent.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Makes a file that is not there.
pub(super) fn create(path: &Path) -> io::Result<File> {
    step("create", path)?;
    File::create_new(path)
}

/// Gives a file another name, in place of the one that has it.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step("rename", to)?;
    fs::rename(from, to)
}

/// Removes a file.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    step("remove", path)?;
    fs::remove_file(path)
}

/// Makes sure that the names in a directory survive a power failure.
pub(super) fn sync_names(directory: &Path) -> io::Result<()> {
    step("sync names", directory)?;
    #[cfg(unix)]
    sync(&File::open(directory)?)?;
    Ok(())
}

/// Makes sure that what was written to a file survives a power failure.
pub(super) fn sync_file(file: &OutFile, path: &Path) -> io::Result<()> {
    step("sync", path)?;
    sync(&file.0)
}

fn sync(file: &File) -> io::Result<()> {
    // A crash that a test makes up takes nothing away that was written.
    #[cfg(test)]
    if faults::armed() {
        return Ok(());
    }
    file.sync_all()
}

/// A file that rows are written to.
pub(super) struct OutFile(pub(super) File);

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = step("write", Path::new("")) {
            self.0.write_all(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
