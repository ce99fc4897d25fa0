//! What a directory of checkpoints does to a file system, one step at a time: tests look at the order.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

#[cfg(test)]
use steps::note;

/// Says that a step is about to be done.
#[cfg(not(test))]
const fn note(_what: &str, _path: &Path) {}

/// Begins a file.
pub(super) fn create(path: &Path) -> io::Result<File> {
    note("create", path);
    File::create(path)
}

/// Gives a file another name, in place of the one that has it.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    note("rename", to);
    fs::rename(from, to)
}

/// Removes a file.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    note("remove", path);
    fs::remove_file(path)
}

/// Makes sure that what was written to a file survives a power failure.
pub(super) fn sync_file(file: &File, path: &Path) -> io::Result<()> {
    note("sync", path);
    file.sync_all()
}

/// Makes sure that the names in a directory survive a power failure.
pub(super) fn sync_names(directory: &Path) -> io::Result<()> {
    note("sync names of", directory);
    // Elsewhere a directory cannot be opened, and names are durable with their files.
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// The steps of a test.
#[cfg(test)]
pub(in crate::checkpoint) mod steps {
    use std::{cell::RefCell, path::Path};

    thread_local! {
        static STEPS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
    }

    /// What is done to files in `action`, each by what its name begins with.
    pub(in crate::checkpoint) fn of(action: impl FnOnce()) -> Vec<String> {
        STEPS.set(Some(Vec::new()));
        action();
        STEPS.take().unwrap_or_default()
    }

    pub(super) fn note(what: &str, path: &Path) {
        STEPS.with_borrow_mut(|steps| {
            if let Some(steps) = steps {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let kind = name.split('-').next().unwrap_or_default();
                steps.push(format!("{what} {kind}"));
            }
        });
    }
}
