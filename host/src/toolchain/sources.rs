//! The files that files, folders and globs stand for.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// More files than this are not the source of one component: the wrong folder is named.
const MOST_FILES: usize = 10_000;

/// All files that `places` stand for, without `except`. Of folders those that are not hidden, at any
/// depth, except what Cargo keeps in `target`. A file is listed whether or not it is there.
pub(super) fn files(places: &[PathBuf], except: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = BTreeSet::new();
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
                walk(&path, &mut files);
            } else {
                files.insert(path);
            }
        }
    }
    files.retain(|file| !except.contains(file));
    files.into_iter().collect()
}

fn walk(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    // A folder that cannot be read, or is gone again, has nothing that could be built.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') || files.len() >= MOST_FILES {
            continue;
        }
        let path = entry.path();
        // Symbolic links to folders may lead in circles.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && name != "target" => walk(&path, files),
            Ok(kind) if kind.is_dir() => {}
            Ok(_) if path.is_dir() => {}
            _ => {
                files.insert(path);
            }
        }
    }
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
        let found = files(&places, &[root.join("src/it.wasm")]);
        let expected = ["a.toml", "b.toml", "missing", "src/deep/a.rs", "src/lib.rs"];
        assert_eq!(found, expected.map(|file| root.join(file)));
    }
}
