//! What a component is built from, and by what.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use super::{
    componentize,
    language::Language,
    library::Library,
    package::Package,
    replace::replace,
    runner::{MOST_SAID, Runner},
    rust,
    sources::{self, Sources},
    tools::ToolError,
};
use crate::pipeline::{Outline, RegularFile, ShellCommand};

/// How a component is built.
#[derive(Clone, Debug)]
pub struct ComponentBuild {
    /// The file of the component.
    pub component: PathBuf,
    /// What the pipeline calls it.
    pub name: String,
    work: Work,
    /// Files, folders and globs.
    places: Vec<PathBuf>,
    /// Files among them that are not watched: what is built.
    outputs: Vec<PathBuf>,
}

/// What is done to build it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Work {
    Shell {
        command: ShellCommand,
        folder: PathBuf,
    },
    Cargo {
        directory: PathBuf,
    },
    Library(Library),
}

/// What has become of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildResult {
    /// It went well.
    Built {
        /// Whether the file of the component has another content than before.
        changed: bool,
    },
    /// It failed, and the file of the component is as it was, unless a command has written it.
    Failed {
        /// What was said, as the compiler says it: with files, lines and columns.
        errors: String,
    },
}

/// How the components of a pipeline are built, as far as that is known.
#[derive(Clone, Debug, Default)]
pub struct Builds {
    /// One for each component whose source is known.
    pub builds: Vec<ComponentBuild>,
    /// What may be the reason why one is not known.
    pub remarks: Vec<String>,
}

/// How the components of a pipeline are built: by the commands that it names, or from Cargo packages.
/// A component whose source is not known is left out.
///
/// # Errors
///
/// If a command does not say what to watch and there is no Cargo package that would, or several packages could
/// be meant.
pub fn builds(outline: &Outline) -> anyhow::Result<Builds> {
    let outputs: Vec<PathBuf> = outline
        .components
        .iter()
        .map(|(component, _)| component.clone())
        .collect();
    let mut found = Builds::default();
    for (component, name) in &outline.components {
        let said = outline
            .builds
            .iter()
            .find(|build| build.component == *component);
        let (work, places) = match said {
            Some(build) => {
                let work = Work::Shell {
                    command: build.command.clone(),
                    folder: build.folder.clone(),
                };
                let watched = build.watch.iter().map(|place| build.folder.join(place));
                let mut places: Vec<PathBuf> = watched.collect();
                if places.is_empty() {
                    match Package::of(component, &mut found.remarks)? {
                        Some(package) => places = package.sources,
                        None => bail!(
                            "nobody knows what `{name}` is made of; say so under `[build.\"{}\"]`, \
                             as in `watch = [\"src\"]`",
                            build.name
                        ),
                    }
                }
                (work, places)
            }
            None => match source(component, &mut found.remarks)? {
                Some(source) => source,
                None => continue,
            },
        };
        found.builds.push(ComponentBuild {
            component: component.clone(),
            name: name.clone(),
            work,
            places,
            outputs: outputs.clone(),
        });
    }
    Ok(found)
}

/// What is done to build `component`, and what it is made of, if that can be found where it stands.
fn source(
    component: &Path,
    remarks: &mut Vec<String>,
) -> anyhow::Result<Option<(Work, Vec<PathBuf>)>> {
    // Cargo knows more of what its packages are made of.
    if let Some(library) = Library::of(component)?
        && library.language != Language::Rust
    {
        let sources = library.sources();
        return Ok(Some((Work::Library(library), sources)));
    }
    let package = Package::of(component, remarks)?;
    Ok(package.map(|Package { directory, sources }| (Work::Cargo { directory }, sources)))
}

impl ComponentBuild {
    /// The files that the component is made of, as they are now. Some may not be there.
    pub(super) fn sources(&self) -> Sources {
        sources::files(&self.places, &self.outputs)
    }

    /// Whether the same component is made of the same places in the same way.
    pub(super) fn is_made_like(&self, other: &Self) -> bool {
        (&self.component, &self.work, &self.places)
            == (&other.component, &other.work, &other.places)
    }

    /// Builds the component, and says what has become of it; with colours for a terminal if `colour` is
    /// set. A Cargo package's component is put in its place at once, and only if it has changed; a
    /// command writes it itself. Commands are run by `runner`.
    pub fn run(&self, runner: &Runner, colour: bool) -> BuildResult {
        let result = match &self.work {
            Work::Shell { command, folder } => self.shell(runner, command, folder, colour),
            Work::Cargo { directory } => self.cargo(runner, directory, colour),
            Work::Library(library) => self.library(runner, library),
        };
        result.unwrap_or_else(|error| BuildResult::Failed {
            errors: format!("{error:#}"),
        })
    }

    /// Lets Cargo compile the package in `directory`.
    fn cargo(
        &self,
        runner: &Runner,
        directory: &Path,
        colour: bool,
    ) -> anyhow::Result<BuildResult> {
        let mut said = Vec::new();
        let colour = if colour { "always" } else { "never" };
        let built = rust::compile(directory, None, &["--quiet", "--color", colour], |cargo| {
            let spoken = runner.run_apart(cargo)?;
            said = spoken.errors;
            Ok((spoken.status, spoken.output))
        });
        let module = match built {
            Ok((_, module)) => module,
            Err(error) => {
                let mut errors = kept(&said);
                let told = matches!(error.downcast_ref(), Some(rust::BuildError::Cargo));
                if errors.is_empty() || !told {
                    errors.push_str(&format!("{error:#}"));
                }
                return Ok(BuildResult::Failed { errors });
            }
        };
        self.put(&componentize(&module)?)
    }

    /// Lets the tools of its language compile a library.
    fn library(&self, runner: &Runner, library: &Library) -> anyhow::Result<BuildResult> {
        let mut said = Vec::new();
        let built = library.build(&mut |command| {
            let spoken = runner.run_apart(command)?;
            said.extend(spoken.errors);
            Ok((spoken.status, spoken.output))
        });
        let error = match built {
            Ok(component) => return self.put(&component),
            Err(error) => error,
        };
        let mut errors = kept(&said);
        let told = matches!(error.downcast_ref(), Some(ToolError::Failed(_)));
        if errors.is_empty() || !told {
            errors.push_str(&format!("{error:#}"));
        }
        Ok(BuildResult::Failed { errors })
    }

    /// Puts a component in its place, if it is another one than that which is there.
    fn put(&self, component: &[u8]) -> anyhow::Result<BuildResult> {
        let changed = self.content().as_deref() != Some(component);
        if changed {
            replace(&self.component, component)?;
        }
        Ok(BuildResult::Built { changed })
    }

    /// What is in the file of the component, if it can be read.
    fn content(&self) -> Option<Vec<u8>> {
        let file = RegularFile::component(&self.component);
        file.and_then(RegularFile::content).ok()
    }

    /// Lets a shell run `command`.
    fn shell(
        &self,
        runner: &Runner,
        command: &ShellCommand,
        folder: &Path,
        colour: bool,
    ) -> anyhow::Result<BuildResult> {
        let run = || format!("cannot run `{command}`");
        let before = self.content();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command.line()])
            .current_dir(if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            });
        if colour && env::var_os("CARGO_TERM_COLOR").is_none() {
            shell.env("CARGO_TERM_COLOR", "always");
        }
        let spoken = runner.run(shell).with_context(run)?;
        let (status, text) = (spoken.status, spoken.output);
        let after = self.content();
        if status.success() && after.is_some() {
            let changed = before != after;
            return Ok(BuildResult::Built { changed });
        }
        let mut errors = kept(&text);
        match status.success() {
            true => errors.push_str(&format!(
                "`{command}` has not written `{}`",
                self.component.display()
            )),
            false => errors.push_str(&format!("`{command}` failed: {status}")),
        }
        Ok(BuildResult::Failed { errors })
    }
}

/// What was said, as text that ends with a line break, if it is not empty; the first of it if it is
/// too much.
fn kept(said: &[u8]) -> String {
    let cut = said.len().min(MOST_SAID);
    let mut text = String::from_utf8_lossy(&said[..cut]).into_owned();
    if cut < said.len() {
        text.push('…');
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests;
