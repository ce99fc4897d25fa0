//! How the components of a pipeline are built.

use std::{fmt, path::PathBuf};

/// What a section `[build."NAME"]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildConfig {
    /// What the file calls the component, without the values of environment variables.
    pub name: String,
    /// The file that the command writes.
    pub component: PathBuf,
    /// What the shell is told.
    pub command: ShellCommand,
    /// The folder of the pipeline file, in which the command runs; empty for the current one.
    pub folder: PathBuf,
    /// Files, folders and globs that the component is made of, relative to the folder; empty if that
    /// is not said.
    pub watch: Vec<String>,
}

/// A line for a shell. It prints as the pipeline spells it: what comes from the environment is never
/// shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ShellCommand {
    line: String,
    shown: String,
}

impl ShellCommand {
    /// The command `line`, which is shown as `shown`.
    pub fn new(line: impl Into<String>, shown: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            shown: shown.into(),
        }
    }

    /// The line itself. It may hold what must not be shown.
    pub fn line(&self) -> &str {
        &self.line
    }
}

impl fmt::Display for ShellCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for ShellCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown, formatter)
    }
}
