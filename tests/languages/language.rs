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
    /// Runs the tests of a new library, in its folder.
    pub(crate) own_tests: &'static str,
    /// Runs those of the SDK, in the folder of the project; nothing if Cargo does, or the suite tests all of it.
    pub(crate) sdk_tests: Option<&'static str>,
}

const ZIG: &[&str] = &["zig", "python-zig"];

/// All of them.
pub(crate) const LANGUAGES: &[Language] = &[
    Language {
        name: "rust",
        tools: &[&["cargo"]],
        own_tests: "cargo test --quiet",
        sdk_tests: None,
    },
    Language {
        name: "c",
        tools: &[ZIG],
        own_tests: "cc -I .tidemill/sdk test.c -o .tidemill/test && .tidemill/test",
        sdk_tests: None,
    },
    Language {
        name: "cpp",
        tools: &[ZIG],
        own_tests: "c++ -std=c++23 -I .tidemill/sdk test.cpp -o .tidemill/test && .tidemill/test",
        sdk_tests: None,
    },
    Language {
        name: "zig",
        tools: &[ZIG],
        own_tests: "$(command -v zig || command -v python-zig) test --dep tidemill -Mroot=src/heat.zig -Mtidemill=.tidemill/sdk/tidemill.zig",
        sdk_tests: None,
    },
    Language {
        name: "go",
        tools: &[&["go"]],
        own_tests: "go test",
        sdk_tests: Some("cd tests/languages/go/sdk && go test ./..."),
    },
    Language {
        name: "assemblyscript",
        tools: &[&["asc"]],
        own_tests: r#"mkdir -p node_modules && ln -s "$(dirname "$(command -v asc)")/../assemblyscript" node_modules/ && node --test test/"#,
        sdk_tests: Some(
            r#"tests=$PWD/tests/languages/assemblyscript/sdk && cd "$(dirname "$(command -v asc)")/../.." && node --test "$tests""#,
        ),
    },
    Language {
        name: "python",
        tools: &[&["componentize-py"]],
        own_tests: "python3 -m unittest --quiet",
        sdk_tests: Some(
            "cd guest-sdk/python && PYTHONDONTWRITEBYTECODE=1 python3 -m unittest --quiet",
        ),
    },
    Language {
        name: "javascript",
        tools: &[&["componentize-qjs"]],
        own_tests: "node --test",
        sdk_tests: Some("cd guest-sdk/javascript && node --test tests/"),
    },
    Language {
        name: "typescript",
        tools: &[&["tsc"], &["componentize-qjs"]],
        own_tests: "tsc && node --test",
        sdk_tests: None,
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
