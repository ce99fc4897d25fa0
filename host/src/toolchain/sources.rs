//! The files that files, folders and globs stand for.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// More files than this are not the source of one component: the wrong folder is named.
pub(super) const MOST_FILES: usize = 10_000;

/// Folders that tools fill while they build or test.
const LEFT_BY_TOOLS: [&str; 3] = ["target", "node_modules", "__pycache__"];

/// What a component is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    /// Each file once, in order.
    pub(super) files: Vec<PathBuf>,
    /// Whether there are more in folders than are looked at.
    pub(super) is_cut: bool,
}

/// All files that `places` stand for, without `except`, whatever they are called by. Of folders those that are
/// not hidden, at any depth, except what tools keep there. A file is listed whether or not it is there.
pub(super) fn files(places: &[PathBuf], except: &[PathBuf]) -> Sources {
    let mut files = BTreeSet::new();
    let mut is_cut = false;
    for place in places {
        let is_glob = place.to_string_lossy().contains(['*', '?', '[']);
        let matched = match place.to_str().filter(|_| is_glob && !place.exists()) {
            Some(pattern) => glob::glob(pattern)
                .into_iter()
                .flatten()
                .flatten()
                .collect(),
            None => vec![place.clone()],
        };
        for path in matched {
            if path.is_dir() {
                is_cut |= !walk(&path, &mut files);
            } else {
                files.insert(path);
            }
        }
    }
    // `./it.wasm` is `it.wasm`.
    let whole = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let except: BTreeSet<PathBuf> = except.iter().map(whole).collect();
    files.retain(|file| !except.contains(&whole(file)));
    Sources {
        files: files.into_iter().collect(),
        is_cut,
    }
}

/// Adds the files below a folder. Returns whether those are all.
fn walk(folder: &Path, files: &mut BTreeSet<PathBuf>) -> bool {
    let mut is_whole = true;
    // A folder that cannot be read, or is gone again, has nothing that could be built.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if files.len() >= MOST_FILES {
            return false;
        }
        let path = entry.path();
        // Symbolic links to folders may lead in circles.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !LEFT_BY_TOOLS.iter().any(|left| name == *left) => {
                is_whole &= walk(&path, files);
            }
            Ok(kind) if kind.is_dir() => {}
            Ok(_) if path.is_dir() => {}
            _ => {
                files.insert(path);
            }
        }
    }
    is_whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stand_for_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for file in [
            "src/lib.rs",
            "src/deep/a.rs",
            "src/.hidden",
            "src/target/made",
            "src/__pycache__/made",
            "src/it.wasm",
            "a.toml",
            "b.toml",
        ] {
            let file = root.join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("folders");
            fs::write(file, "").expect("a file");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("..", root.join("src/up")).expect("a link");
        let places = ["src", "*.toml", "missing"].map(|place| root.join(place));
        // By another name of the same file.
        let found = files(&places, &[root.join("./src/./it.wasm")]);
        assert!(!found.is_cut);
        let expected = ["a.toml", "b.toml", "missing", "src/deep/a.rs", "src/lib.rs"];
        assert_eq!(found.files, expected.map(|file| root.join(file)));
    }

    #[test]
    fn too_many_files_are_cut_and_that_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..=MOST_FILES {
            fs::write(folder.path().join(number.to_string()), "").expect("a file");
        }
        let found = files(&[folder.path().to_owned()], &[]);
        assert!(found.is_cut && found.files.len() == MOST_FILES);
    }
}
