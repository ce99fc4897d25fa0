//! The SDKs of all languages, which are in the binary, and their place in the folder of a library.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::language::Language;

/// The folder of a library that its SDK stands in, so that compilers and editors find it.
pub(super) const FOLDER: &str = ".tidemill";

/// Paths, with `/`, and contents: `wit/…` is the contract, `template/…` what new libraries in all languages begin with,
/// `LANGUAGE/sdk/…` what libraries are compiled with,
/// `LANGUAGE/template/…` what a new one begins with.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/sdk_files.rs"));

/// Those below a folder, with paths from there.
fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().filter_map(move |(path, content)| {
        let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some((rest, *content))
    })
}

/// What a new library in a language begins with.
pub(super) fn template(language: Language) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let own = below(language.name());
    let own = own.filter_map(|(path, content)| Some((path.strip_prefix("template/")?, content)));
    below("template").chain(own)
}

/// The files of the contract.
pub(super) fn contract() -> impl Iterator<Item = (&'static str, &'static str)> {
    below("wit").filter_map(|(path, content)| Some((path, std::str::from_utf8(content).ok()?)))
}

/// Puts the SDK of a language into the folder of a library, where it is not there already as it is now.
///
/// # Errors
///
/// If the folder cannot be written.
pub(super) fn unpack(directory: &Path, language: Language) -> anyhow::Result<()> {
    let root = directory.join(FOLDER);
    let contract = below("wit").map(|(path, content)| (PathBuf::from("wit").join(path), content));
    let languages = language.base().into_iter().chain([language]);
    let own = languages.flat_map(|language| below(language.name()));
    let own = own.filter(|(path, _)| !path.starts_with("template/"));
    let own = own.map(|(path, content)| (PathBuf::from(path), content));
    for (path, content) in contract.chain(own) {
        write(&root.join(path), content)?;
    }
    // Nothing here is for a repository.
    write(&root.join(".gitignore"), b"*\n")
}

/// Writes a file with the folders above it, unless it is there: builds look at how old files are.
pub(super) fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, content))
        .with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_an_sdk_and_a_template() {
        for language in Language::ALL {
            let folder = tempfile::tempdir().expect("a folder");
            unpack(folder.path(), language).expect("it is written");
            let added = folder.path().join(FOLDER);
            assert!(added.join("wit/worlds.wit").is_file());
            assert!(added.join("sdk").is_dir(), "{language}");
            assert!(!added.join("template").exists());
            let template: Vec<&str> = template(language).map(|(path, _)| path).collect();
            for file in ["README.md", "pipeline.toml"] {
                assert!(template.contains(&file), "{language}: {template:?}");
            }
        }
    }
}
