//! The languages, and whether they can be compiled here.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// A language that libraries can be written in.
#[derive(Debug)]
pub(crate) struct Language {
    /// What `tidemill new` calls it.
    pub(crate) name: &'static str,
    /// The programs that compile it, each by any of its names.
    tools: &'static [&'static [&'static str]],
}

const ZIG: &[&str] = &["zig", "python-zig"];

/// All of them.
pub(crate) const LANGUAGES: &[Language] = &[
    Language {
        name: "rust",
        tools: &[&["cargo"]],
    },
    Language {
        name: "c",
        tools: &[ZIG],
    },
    Language {
        name: "cpp",
        tools: &[ZIG],
    },
    Language {
        name: "zig",
        tools: &[ZIG],
    },
    Language {
        name: "go",
        tools: &[&["go"]],
    },
    Language {
        name: "assemblyscript",
        tools: &[&["asc"]],
    },
    Language {
        name: "python",
        tools: &[&["componentize-py"]],
    },
    Language {
        name: "javascript",
        tools: &[&["componentize-qjs"]],
    },
    Language {
        name: "typescript",
        tools: &[&["tsc"], &["componentize-qjs"]],
    },
];

impl Language {
    /// A program that compiles it and is not here.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        let path = path();
        let is_there =
            |name: &&str| env::split_paths(&path).any(|folder| folder.join(name).is_file());
        let missing = self.tools.iter().find(|names| !names.iter().any(is_there));
        missing.map(|names| names[0])
    }
}

/// Where programs are looked for: where `make toolchains` installs them, then as usual.
pub(crate) fn path() -> OsString {
    let toolchains = root().join("target/toolchains");
    let own = ["python/bin", "node/node_modules/.bin"].map(|folder| toolchains.join(folder));
    let usual = env::var_os("PATH").unwrap_or_default();
    let all = own.into_iter().chain(env::split_paths(&usual));
    env::join_paths(all).expect("folders without colons")
}

/// The folder of the project.
pub(crate) fn root() -> PathBuf {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    host.parent().expect("a workspace").to_owned()
}
