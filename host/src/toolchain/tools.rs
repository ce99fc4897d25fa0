//! Finds the programs that compile libraries, and runs them.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::Context;

/// A program that a language is compiled with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tool {
    /// What it may be called, the best first.
    pub(super) names: &'static [&'static str],
    /// What it is, for people.
    pub(super) what: &'static str,
    /// How it is installed.
    pub(super) install: &'static str,
}

/// Why a library cannot be built with a tool.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It is not installed.
    #[error("{what} is needed and there is no `{name}`; install it: {install}")]
    Missing {
        /// What it is.
        what: &'static str,
        /// What it is called.
        name: &'static str,
        /// How it is installed.
        install: &'static str,
    },
    /// It has failed, and has said why.
    #[error("`{0}` failed, see above")]
    Failed(
        /// Its name.
        String,
    ),
}

/// Runs a command to its end; gives back how that was, and what was said on standard output. What is said on
/// standard error is for people.
pub(super) type Run<'a> = dyn FnMut(Command) -> anyhow::Result<(ExitStatus, Vec<u8>)> + 'a;

/// The programs that are at hand for a library.
pub(super) struct Tools<'a> {
    directory: PathBuf,
    run: &'a mut Run<'a>,
}

impl<'a> Tools<'a> {
    /// Those for the library in `directory`; `run` runs them.
    pub(super) fn new(directory: &Path, run: &'a mut Run<'a>) -> Self {
        Self {
            directory: directory.to_owned(),
            run,
        }
    }

    /// A command of a tool, which runs in the folder of the library. What was installed in that folder comes before
    /// what the machine has.
    ///
    /// # Errors
    ///
    /// If it is nowhere, [`ToolError::Missing`].
    pub(super) fn command(&self, tool: Tool) -> anyhow::Result<Command> {
        let own = [".venv/bin", "node_modules/.bin"].map(|folder| self.directory.join(folder));
        let path = env::var_os("PATH").unwrap_or_default();
        let places = own.into_iter().chain(env::split_paths(&path));
        let places = env::join_paths(places).context("a folder of the tools has a strange name")?;
        let found = tool
            .names
            .iter()
            .find_map(|name| which::which_in(name, Some(&places), &self.directory).ok());
        let program = found.ok_or(ToolError::Missing {
            what: tool.what,
            name: tool.names[0],
            install: tool.install,
        })?;
        let mut command = Command::new(program);
        command.current_dir(&self.directory).stdin(Stdio::null());
        Ok(command)
    }

    /// Runs a command; gives back what it has said on standard output.
    ///
    /// # Errors
    ///
    /// If it cannot be run, or fails: [`ToolError::Failed`].
    pub(super) fn run(&mut self, command: Command) -> anyhow::Result<Vec<u8>> {
        let program = Path::new(command.get_program());
        let name = program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let (status, said) = (self.run)(command).with_context(|| format!("cannot run `{name}`"))?;
        if !status.success() {
            return Err(ToolError::Failed(name).into());
        }
        Ok(said)
    }

    /// Lets `run` run a command that it has not found itself.
    pub(super) fn runner(&mut self) -> &mut Run<'a> {
        self.run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: Tool = Tool {
        names: &["tidemill-no-such-tool"],
        what: "a compiler of nothing",
        install: "`make it`",
    };

    fn tools(check: impl FnOnce(Tools<'_>, &Path)) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut run = |mut command: Command| {
            let output = command.output()?;
            Ok((output.status, output.stdout))
        };
        check(Tools::new(folder.path(), &mut run), folder.path());
    }

    #[test]
    fn a_tool_that_is_missing_is_told_with_how_to_get_it() {
        tools(|tools, _| {
            let error = tools.command(NOWHERE).expect_err("it is nowhere");
            assert_eq!(
                error.to_string(),
                "a compiler of nothing is needed and there is no `tidemill-no-such-tool`; install it: `make it`"
            );
        });
    }

    #[cfg(unix)]
    #[test]
    fn a_tool_of_the_library_is_found_and_run_in_its_folder() {
        use std::{fs, os::unix::fs::PermissionsExt};
        tools(|mut tools, folder| {
            let bin = folder.join("node_modules/.bin");
            fs::create_dir_all(&bin).expect("folders");
            let tool = bin.join(NOWHERE.names[0]);
            fs::write(&tool, "#!/bin/sh\npwd\nexit $1\n").expect("a file");
            fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("permissions");
            let mut command = tools.command(NOWHERE).expect("it is there");
            command.arg("0");
            let said = tools.run(command).expect("it runs");
            let folder = folder.canonicalize().expect("a path");
            assert_eq!(
                String::from_utf8_lossy(&said).trim(),
                folder.to_string_lossy()
            );
            let mut command = tools.command(NOWHERE).expect("it is there");
            command.arg("3");
            let error = tools.run(command).expect_err("it fails");
            assert_eq!(
                error.to_string(),
                "`tidemill-no-such-tool` failed, see above"
            );
        });
    }
}
