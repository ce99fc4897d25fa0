//! A library of functions: a folder that `tidemill build` makes a component of.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::{
    language::Language,
    sdk,
    tools::{Run, Tools},
};

/// The file that says what a library is. A Cargo package needs none.
const MANIFEST: &str = "tidemill.toml";

/// The file of a Cargo package.
const PACKAGE: &str = "Cargo.toml";

/// A library of functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// Its folder.
    pub directory: PathBuf,
    /// Its name, and that of its component.
    pub name: String,
    /// What it is written in.
    pub language: Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    library: Section,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    name: String,
    language: String,
}

/// What of a Cargo package tells how its library is called.
#[derive(Deserialize)]
struct PackageManifest {
    package: Option<Named>,
    lib: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

/// How the library of a Cargo package is called; nothing if the file is not there.
fn package_name(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    let manifest: PackageManifest =
        toml::from_str(&text).with_context(|| format!("`{}` is no manifest", path.display()))?;
    let names = [manifest.lib, manifest.package].into_iter().flatten();
    let name = names.filter_map(|named| named.name).next();
    let name = name.with_context(|| format!("`{}` names no package", path.display()))?;
    Ok(Some(name.replace('-', "_")))
}

impl Library {
    /// The library in `directory`.
    ///
    /// # Errors
    ///
    /// If there is none, or what it is cannot be understood.
    pub fn at(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(name) = package_name(&directory.join(PACKAGE))? {
                    return Ok(Self {
                        directory: directory.to_owned(),
                        name,
                        language: Language::Rust,
                    });
                }
                bail!(
                    "no `{MANIFEST}` and no `{PACKAGE}` in `{}`; `tidemill build` takes the folder of a library, \
                     and `tidemill new` makes one",
                    directory.display()
                );
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
            }
        };
        let manifest: Manifest = toml::from_str(&text)
            .with_context(|| format!("`{}` does not say what library it is", path.display()))?;
        let Section { name, language } = manifest.library;
        let what = || format!("`{}`", path.display());
        check_name(&name).with_context(what)?;
        let language = language
            .parse()
            .map_err(anyhow::Error::msg)
            .with_context(what)?;
        Ok(Self {
            directory: directory.to_owned(),
            name,
            language,
        })
    }

    /// The library that makes `component`, if it says so in the folder of that file.
    ///
    /// # Errors
    ///
    /// If what stands there cannot be understood.
    pub(super) fn of(component: &Path) -> anyhow::Result<Option<Self>> {
        let folder = match component.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if !folder.join(MANIFEST).is_file() {
            return Ok(None);
        }
        let library = Self::at(folder)?;
        let stem = component.file_stem().and_then(|stem| stem.to_str());
        Ok(Some(library).filter(|library| Some(library.name.as_str()) == stem))
    }

    /// Where its component is put.
    pub fn component(&self) -> PathBuf {
        self.directory.join(format!("{}.wasm", self.name))
    }

    /// What it is compiled from.
    pub(super) fn sources(&self) -> Vec<PathBuf> {
        let sources = self.language.sources().iter().chain([&MANIFEST]);
        sources.map(|source| self.directory.join(source)).collect()
    }

    /// The file that its functions stand in, as a path from its folder.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub(super) fn main_file(&self, extension: &str) -> anyhow::Result<String> {
        let file = format!("src/{}.{extension}", self.name);
        if !self.directory.join(&file).is_file() {
            let folder = self.directory.display();
            bail!("no file `{file}` in `{folder}`; functions are written there");
        }
        Ok(file)
    }

    /// The folder of what Tidemill adds to it, which can be made again: `sdk`, `wit`, and what builds leave.
    fn added(&self) -> PathBuf {
        self.directory.join(sdk::FOLDER)
    }

    /// The folder of the SDK of its language.
    pub(super) fn sdk(&self) -> PathBuf {
        self.added().join("sdk")
    }

    /// The folder of the contract.
    pub(super) fn wit(&self) -> PathBuf {
        self.added().join("wit")
    }

    /// A folder for what builds leave for the next one.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(super) fn work(&self) -> anyhow::Result<PathBuf> {
        let folder = self.added().join("build");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        Ok(folder)
    }

    /// Builds it with the tools of its language, which `run` runs. Gives back its component.
    ///
    /// # Errors
    ///
    /// If a tool is missing or fails, or what it makes is no library.
    pub fn build<'a>(&self, run: &'a mut Run<'a>) -> anyhow::Result<Vec<u8>> {
        // A Cargo package that says nothing of Tidemill has its SDK from elsewhere.
        if self.directory.join(MANIFEST).is_file() {
            sdk::unpack(&self.directory, self.language)?;
        }
        // Tools run in this folder, and are told of files in it.
        let directory = fs::canonicalize(&self.directory)
            .with_context(|| format!("cannot find `{}`", self.directory.display()))?;
        let library = Self {
            directory,
            ..self.clone()
        };
        let mut tools = Tools::new(&library.directory, run);
        self.language.build(&library, &mut tools)
    }
}

/// Whether every language can call a library by this name.
///
/// # Errors
///
/// If not, with what it should look like.
pub(super) fn check_name(name: &str) -> anyhow::Result<()> {
    if name == "tidemill" {
        bail!("`tidemill` is the name of the SDK; a library needs another one");
    }
    let mut characters = name.chars();
    let is_fine = characters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && characters
            .all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == '_')
        && name.len() <= 64;
    if !is_fine {
        bail!(
            "`{name}` cannot be the name of a library: it takes up to 64 of a-z, 0-9 and _, with a letter first"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> anyhow::Result<Library> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(MANIFEST), text).expect("a file");
        Library::at(folder.path())
    }

    #[test]
    fn a_manifest_says_what_a_library_is() {
        let library = manifest("[library]\nname = \"orders\"\nlanguage = \"rust\"\n");
        let library = library.expect("a library");
        assert_eq!(library.name, "orders");
        assert_eq!(library.language, Language::Rust);
    }

    #[test]
    fn what_cannot_be_understood_is_told() {
        for (text, expected) in [
            ("", "missing field `library`"),
            ("[library]\nname = \"a\"\n", "missing field `language`"),
            ("[library]\nnames = \"a\"\n", "unknown field `names`"),
            (
                "[library]\nname = \"a\"\nlanguage = \"cobol\"\n",
                "there is no language `cobol`",
            ),
            (
                "[library]\nname = \"../a\"\nlanguage = \"rust\"\n",
                "`../a` cannot be the name of a library",
            ),
        ] {
            let error = manifest(text).expect_err("it is not right");
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let error = Library::at(folder.path()).expect_err("an empty folder");
        assert!(error.to_string().contains("`tidemill new` makes one"));
    }

    #[test]
    fn a_cargo_package_is_called_like_its_library() {
        for (text, name) in [
            ("[package]\nname = \"hot-days\"\n", "hot_days"),
            ("[package]\nname = \"a\"\n[lib]\nname = \"b\"\n", "b"),
            (
                "[package]\nname = \"a\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
                "a",
            ),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join(PACKAGE), text).expect("a file");
            assert_eq!(Library::at(folder.path()).expect("a library").name, name);
        }
    }

    #[test]
    fn names_are_identifiers_of_every_language() {
        for good in ["a", "orders_2"] {
            check_name(good).expect("a name");
        }
        for bad in [
            "",
            "tidemill",
            "A",
            "2a",
            "_a",
            "a-b",
            "größe",
            "a b",
            &"a".repeat(65),
        ] {
            check_name(bad).expect_err("no name");
        }
    }
}
