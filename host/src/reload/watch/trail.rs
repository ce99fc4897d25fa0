//! The way from a path to the file that it means: through which folders and symbolic links it leads.
//!
//! A change of any of them can put another file in place of the one that is watched.

use std::{
    collections::{BTreeSet, VecDeque},
    ffi::OsString,
    fs, io,
    path::{Component, Path, PathBuf},
};

/// How many symbolic links are followed; as many as Linux follows.
const MOST_LINKS: usize = 40;

/// A way to a file.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// Everything that it leads through, the last part of it the file itself, or the first that is not
    /// there.
    pub(super) steps: Vec<PathBuf>,
    /// The folders in which something can change that matters: those that hold a symbolic link on the
    /// way, and the one that holds the file. Of a folder that is missing, the nearest that is there.
    pub(super) folders: BTreeSet<PathBuf>,
}

impl Trail {
    /// Follows `path`.
    ///
    /// # Errors
    ///
    /// If the path is relative and nobody knows to what.
    pub(super) fn follow(path: &Path) -> io::Result<Self> {
        let mut trail = Self::default();
        let mut place = PathBuf::new();
        let mut ahead = parts(&std::path::absolute(path)?, &mut place);
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                place.pop();
                continue;
            }
            let step = place.join(name);
            trail.steps.push(step.clone());
            let link = match fs::symlink_metadata(&step) {
                Ok(found) if found.is_symlink() => fs::read_link(&step),
                Ok(_) => {
                    if ahead.is_empty() {
                        trail.folders.insert(place);
                        break;
                    }
                    place = step;
                    continue;
                }
                Err(error) => Err(error),
            };
            trail.folders.insert(place.clone());
            links += 1;
            let Ok(target) = link else { break };
            if links > MOST_LINKS {
                break;
            }
            let mut further = parts(&target, &mut place);
            further.append(&mut ahead);
            ahead = further;
        }
        Ok(trail)
    }
}

/// The names in `path`; where it starts at a root, `place` is set to that.
fn parts(path: &Path, place: &mut PathBuf) -> VecDeque<OsString> {
    let mut names = VecDeque::new();
    let mut root = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Prefix(_) | Component::RootDir => root.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::Normal(_) => {
                names.push_back(part.as_os_str().to_owned());
            }
        }
    }
    if !root.as_os_str().is_empty() {
        *place = root;
    }
    names
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The folders of the trail to `path`, both below `root`.
    fn folders(root: &Path, path: &str) -> Vec<String> {
        let trail = Trail::follow(&root.join(path)).expect("an absolute path");
        let below = |folder: &PathBuf| {
            let below = folder.strip_prefix(root).expect("below the root");
            below.display().to_string()
        };
        trail.folders.iter().map(below).collect()
    }

    #[test]
    fn every_folder_with_a_link_or_the_file_is_on_the_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a real path");
        fs::create_dir_all(root.join("releases/3/lib")).expect("folders");
        fs::write(root.join("releases/3/lib/a.wasm"), "a").expect("a file");
        symlink("releases/3", root.join("current")).expect("a link");
        fs::create_dir(root.join("job")).expect("a folder");
        symlink("../current/lib/a.wasm", root.join("job/a.wasm")).expect("a link");
        assert_eq!(folders(&root, "job/a.wasm"), ["", "job", "releases/3/lib"]);
        assert_eq!(folders(&root, "releases/3/lib/a.wasm"), ["releases/3/lib"]);
    }

    #[test]
    fn what_is_missing_is_waited_for_where_it_would_appear() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a real path");
        fs::create_dir(root.join("a")).expect("a folder");
        assert_eq!(folders(&root, "a/b/c/d.wasm"), ["a"]);
        symlink("nowhere/x", root.join("a/b")).expect("a link");
        assert_eq!(folders(&root, "a/b/c/d.wasm"), ["a"]);
    }

    #[test]
    fn circles_of_links_come_to_an_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a real path");
        symlink("b", root.join("a")).expect("a link");
        symlink("a", root.join("b")).expect("a link");
        assert_eq!(folders(&root, "a"), [""]);
    }
}
