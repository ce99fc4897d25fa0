//! The languages that libraries can be written in.

use std::{fmt, str::FromStr};

use super::{javascript, library::Library, package_build, python, tools::Tools, typescript};

/// A language that `tidemill new` and `tidemill build` know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, by Cargo.
    Rust,
    /// Python, by componentize-py.
    Python,
    /// JavaScript, by componentize-qjs.
    JavaScript,
    /// TypeScript, by tsc and componentize-qjs.
    TypeScript,
}

impl Language {
    /// All of them, in the order in which they are told to people.
    pub const ALL: [Self; 4] = [Self::Rust, Self::Python, Self::JavaScript, Self::TypeScript];

    /// What it is called on the command line, in `tidemill.toml` and in the folders of the SDKs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
        }
    }

    /// The files and folders of a library that it is compiled from, beside `tidemill.toml`; folders at any
    /// depth. They need not be there.
    pub(super) const fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["src", "Cargo.toml", "Cargo.lock", "build.rs"],
            Self::Python => &["src"],
            Self::JavaScript => &["src", "package.json"],
            Self::TypeScript => &["src", "package.json", "tsconfig.json"],
        }
    }

    /// Compiles a library to a component.
    pub(super) fn build(self, library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Rust => package_build::build(library, tools),
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
