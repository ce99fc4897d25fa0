//! Begins a library: `tidemill new`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{language::Language, library::check_name, sdk};

/// What stands for the library's name in templates.
const NAME: &str = "{{name}}";

/// Makes the folder `directory` with a library in `language` that can be built, and is called like the folder.
/// Gives back its files, with paths from that folder.
///
/// # Errors
///
/// If the folder is there and not empty, cannot be written, or has a name that a library cannot have.
pub fn begin(directory: &Path, language: Language) -> anyhow::Result<Vec<PathBuf>> {
    let name = directory
        .file_name()
        .and_then(|name| name.to_str())
        .with_context(|| format!("`{}` names no folder", directory.display()))?;
    check_name(name)?;
    match fs::read_dir(directory) {
        Ok(entries) => {
            if entries.count() > 0 {
                bail!("there is something in `{}` already", directory.display());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot make the folder `{}`", directory.display()));
        }
    }
    let mut made = Vec::new();
    for (path, content) in sdk::template(language) {
        let path = PathBuf::from(path.replace(NAME, name));
        let content = String::from_utf8_lossy(content).replace(NAME, name);
        sdk::write(&directory.join(&path), content.as_bytes())?;
        made.push(path);
    }
    sdk::unpack(directory, language)?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = folder.path().join("orders");
        let made = begin(&directory, Language::Rust).expect("a library");
        assert!(made.contains(&PathBuf::from("Cargo.toml")), "{made:?}");
        let manifest = fs::read_to_string(directory.join("Cargo.toml")).expect("a file");
        assert!(manifest.contains("name = \"orders\""), "{manifest}");
        let error = begin(&directory, Language::Rust).expect_err("it is there");
        assert!(error.to_string().starts_with("there is something in"));
        let error = begin(&folder.path().join("Orders"), Language::Rust).expect_err("no name");
        assert!(error.to_string().contains("`Orders` cannot be the name"));
    }
}
