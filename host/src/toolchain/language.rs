//! The languages that libraries can be written in.

use std::{fmt, str::FromStr};

use super::{
    assemblyscript, go, javascript, library::Library, package_build, python, tools::Tools,
    typescript, zig,
};

/// A language that `tidemill new` and `tidemill build` know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, by Cargo.
    Rust,
    /// C, by Zig.
    C,
    /// C++, by Zig.
    Cpp,
    /// Zig.
    Zig,
    /// Go, by its own compiler.
    Go,
    /// AssemblyScript: the syntax of TypeScript, compiled ahead of time.
    AssemblyScript,
    /// Python, by componentize-py.
    Python,
    /// JavaScript, by componentize-qjs.
    JavaScript,
    /// TypeScript, by tsc and componentize-qjs.
    TypeScript,
}

impl Language {
    /// All of them, in the order in which they are told to people.
    pub const ALL: [Self; 9] = [
        Self::Rust,
        Self::C,
        Self::Cpp,
        Self::Zig,
        Self::Go,
        Self::AssemblyScript,
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
    ];

    /// What it is called on the command line, in `tidemill.toml` and in the folders of the SDKs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Zig => "zig",
            Self::Go => "go",
            Self::AssemblyScript => "assemblyscript",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
        }
    }

    /// The files and folders of a library that it is compiled from, beside `tidemill.toml`; folders at any
    /// depth, or globs. They need not be there.
    pub(super) const fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["src", "Cargo.toml", "Cargo.lock", "build.rs"],
            Self::C | Self::Cpp | Self::Zig => &["src"],
            Self::Go => &["*.go", "[!.]*/**/*.go", "go.mod", "go.sum"],
            Self::AssemblyScript => &["src", "package.json"],
            Self::Python => &["src"],
            Self::JavaScript => &["src", "package.json"],
            Self::TypeScript => &["src", "package.json", "tsconfig.json"],
        }
    }

    /// Another language whose SDK is a part of this one's.
    pub(super) const fn base(self) -> Option<Self> {
        match self {
            Self::Cpp => Some(Self::C),
            _ => None,
        }
    }

    /// Compiles a library to a component.
    pub(super) fn build(self, library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Rust => package_build::build(library, tools),
            Self::C => zig::build_c(library, tools),
            Self::Cpp => zig::build_cpp(library, tools),
            Self::Zig => zig::build_zig(library, tools),
            Self::Go => go::build(library, tools),
            Self::AssemblyScript => assemblyscript::build(library, tools),
            Self::Python => python::build(library, tools),
            Self::JavaScript => javascript::build(library, tools),
            Self::TypeScript => typescript::build(library, tools),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL
            .into_iter()
            .find(|language| language.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no language `{text}`; there are {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_their_names() {
        for language in Language::ALL {
            assert_eq!(language.to_string().parse(), Ok(language));
        }
        let error = "cobol".parse::<Language>().expect_err("not yet");
        assert!(error.starts_with("there is no language `cobol`; there are rust"));
    }
}
