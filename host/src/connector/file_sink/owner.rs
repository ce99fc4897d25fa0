//! Who has left the files of a directory: a hidden file says it.
//!
//! The names of files do not tell the jobs with checkpoints apart that have written to one directory, one
//! after the other. A job takes a name by chance when it begins, keeps it in its checkpoints, and leaves it in
//! the directory before the first of its files can be seen.

use std::{fs, io::ErrorKind, path::Path};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::directory::Directory;

/// What the file is called. It is none of a result, and stays with it.
pub(super) const FILE: &str = ".part-owner";

/// The name of a job, for nobody but itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Owner(String);

impl Owner {
    /// Somebody who has never been there.
    pub(super) fn new() -> anyhow::Result<Self> {
        let number = || getrandom::u64().map_err(anyhow::Error::from);
        Ok(Self(format!("{:016x}{:016x}", number()?, number()?)))
    }

    /// Who has left the files of a directory; `None` if nobody has said so.
    pub(super) fn at(directory: &Path) -> anyhow::Result<Option<Self>> {
        let path = directory.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(Self(
                String::from_utf8_lossy(&bytes).trim_end().to_owned(),
            ))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    /// Says in the directory, for good, that its files are this one's from now on.
    pub(super) fn claim(&self, directory: &Directory) -> anyhow::Result<()> {
        directory.put(FILE, &format!("{}\n", self.0))
    }
}
