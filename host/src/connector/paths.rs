//! Which files a path means: a file, a directory or a glob.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// The files that `path` means, sorted by name.
///
/// A file means itself. A directory means the regular files right in it, and a glob those that it
/// matches; hidden and temporary files are left out of both. A file whose name happens to be a
/// glob means itself.
///
/// # Errors
///
/// If there is no such file, or none at all, or a directory cannot be read.
pub fn resolve_paths(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = if path.is_dir() {
        in_directory(path)?
    } else {
        matching(path)?
    };
    if files.is_empty() {
        bail!("there are no files to read in `{}`", path.display());
    }
    files.sort();
    Ok(files)
}

fn in_directory(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let context = || format!("cannot list directory `{}`", path.display());
    let mut files = Vec::new();
    for entry in path.read_dir().with_context(context)? {
        let file = entry.with_context(context)?.path();
        if is_data(&file) && is_file(&file)? {
            files.push(file);
        }
    }
    Ok(files)
}

fn matching(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let Some(pattern) = path.to_str().filter(|text| text.contains(['*', '?', '['])) else {
        // Anything that is neither file nor directory may still be read: a named pipe.
        return match path.metadata() {
            Ok(_) => Ok(vec![path.to_path_buf()]),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("there is no file or directory `{}`", path.display())
            }
            Err(error) => Err(error).with_context(|| format!("cannot find `{}`", path.display())),
        };
    };
    let options = glob::MatchOptions {
        require_literal_separator: true,
        require_literal_leading_dot: true,
        ..glob::MatchOptions::default()
    };
    let entries = glob::glob_with(pattern, options)
        .with_context(|| format!("`{pattern}` is not a pattern of file names"))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.with_context(|| format!("cannot list the files of `{pattern}`"))?;
        if is_data(&file) && is_file(&file)? {
            files.push(file);
        }
    }
    Ok(files)
}

/// Whether what was found is a regular file, or a link to one. A link that leads nowhere, or in a circle, is
/// not passed over: whoever put it there wants it to be read.
fn is_file(file: &Path) -> anyhow::Result<bool> {
    match file.metadata() {
        Ok(metadata) => Ok(metadata.is_file()),
        // Gone since it was found.
        Err(_) if file.symlink_metadata().is_err() => Ok(false),
        Err(error) => {
            Err(error).with_context(|| format!("cannot follow the link `{}`", file.display()))
        }
    }
}

/// Whether a file found in a directory holds data: files that somebody is still writing, and
/// markers such as `_SUCCESS`, do not.
fn is_data(file: &Path) -> bool {
    let Some(name) = file.file_name().map(|name| name.to_string_lossy()) else {
        return false;
    };
    let hidden = name.starts_with(['.', '_']);
    let temporary = name.ends_with('~')
        || [".tmp", ".part", ".crdownload", ".swp"]
            .iter()
            .any(|ending| name.ends_with(ending));
    !hidden && !temporary
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        for name in [
            "b.json",
            "a.json",
            "c.csv",
            ".hidden.json",
            "_SUCCESS",
            "d.json.tmp",
            "e.json~",
        ] {
            fs::write(directory.path().join(name), "").expect(name);
        }
        fs::create_dir(directory.path().join("z.json")).expect("a directory");
        directory
    }

    #[track_caller]
    fn check(pattern: &str, expected: &[&str]) {
        let directory = directory();
        let files = resolve_paths(&directory.path().join(pattern)).expect("files");
        let names: Vec<_> = files
            .iter()
            .map(|file| file.file_name().expect("a name").to_string_lossy())
            .collect();
        assert_eq!(names, expected);
    }

    #[track_caller]
    fn check_error(pattern: &str, expected: &str) {
        let directory = directory();
        let error = resolve_paths(&directory.path().join(pattern)).expect_err("an error");
        let shown = error.to_string();
        assert!(shown.contains(expected), "{shown}");
    }

    #[test]
    fn a_directory_means_its_files_sorted() {
        check("", &["a.json", "b.json", "c.csv"]);
    }

    #[test]
    fn a_glob_means_what_it_matches() {
        check("*.json", &["a.json", "b.json"]);
        check("[ac].*", &["a.json", "c.csv"]);
    }

    #[test]
    fn a_file_means_itself_even_if_it_looks_temporary() {
        check("d.json.tmp", &["d.json.tmp"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_nowhere_are_not_passed_over() {
        let directory = directory();
        let file = |name: &str| directory.path().join(name);
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(file(to), file(name)).expect("a link");
        };
        link("a.json", "link.json");
        assert_eq!(resolve_paths(&file("l*.json")).expect("files").len(), 1);
        link("loop.json", "loop.json");
        let circle = format!("`{}`: Too many levels", file("loop.json").display());
        for pattern in ["", "l*.json"] {
            let error = resolve_paths(&file(pattern)).expect_err("an error");
            let shown = format!("{error:#}");
            assert!(shown.contains("cannot follow the link"), "{shown}");
            assert!(shown.contains(&circle), "{shown}");
        }
        let error = resolve_paths(&file("loop.json")).expect_err("an error");
        let shown = format!("{error:#}");
        assert!(
            shown.starts_with("cannot find") && shown.contains(&circle),
            "{shown}"
        );
        link("missing.json", "nowhere.json");
        let error = resolve_paths(&file("n*.json")).expect_err("an error");
        assert!(
            error.to_string().contains("cannot follow the link"),
            "{error}"
        );
        // A link whose name says that it is none of ours is.
        fs::rename(file("loop.json"), file("_loop.json")).expect("renamed");
        fs::remove_file(file("nowhere.json")).expect("removed");
        assert_eq!(resolve_paths(directory.path()).expect("files").len(), 4);
    }

    #[test]
    fn finding_nothing_is_an_error() {
        check_error("*.parquet", "there are no files to read in `");
        check_error("nowhere.json", "there is no file or directory `");
        check_error("a**b", "is not a pattern of file names");
    }
}
