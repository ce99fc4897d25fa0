//! Which of the files of a source are those that a job has read before.

use std::path::{self, Path, PathBuf};

use crate::connector::{SourceProgress, position::Unread};

/// Where files stand in the list, by the names that a job had for them.
pub(super) struct Places<'a> {
    /// What the files are, in the order of the list.
    files: Vec<PathBuf>,
    base: &'a Path,
    /// The base, the same for all ways to spell it.
    folder: Option<PathBuf>,
    /// What the names are relative to.
    names_base: &'a Path,
}

impl<'a> Places<'a> {
    pub(super) fn new(files: &[Unread], base: &'a Path, before: &SourceProgress) -> Self {
        let folder = match base.as_os_str().is_empty() {
            true => Path::new("."),
            false => base,
        };
        let mut places = Self {
            files: Vec::new(),
            base,
            folder: folder.canonicalize().ok(),
            names_base: base,
        };
        places.files = files
            .iter()
            .map(|file| places.identity(&file.path))
            .collect();
        let open = before.open.iter().map(|(name, _)| name);
        let mut names = open.chain(&before.finished);
        if !names.any(|name| places.find(name).is_some()) {
            // They may have been written down when they were relative to where the job was run.
            places.names_base = Path::new("");
        }
        places
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let wanted = self.identity(&self.names_base.join(name));
        self.files.iter().position(|file| *file == wanted)
    }

    /// The same for all ways to spell a path, and wherever the job is run.
    fn identity(&self, path: &Path) -> PathBuf {
        let inside = path.strip_prefix(self.base).ok();
        match (inside.filter(|path| path.is_relative()), &self.folder) {
            (Some(inside), Some(folder)) => folder.join(inside),
            _ => path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
        }
    }
}
