//! `tidemill dev`: runs a pipeline, builds its components when their sources change and swaps them.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    sync::mpsc,
};

use clap::Args;

use super::{
    Ending,
    live::Show,
    run::{Options, run},
    setup,
    talk::{say, say_line},
};
use crate::{
    pipeline::Registry,
    runtime::Beginning,
    toolchain::{BuildEvent, BuildResult, ComponentBuild, Dev as Builder, builds},
};

/// Run a pipeline and follow its functions: build components when their sources change, swap them, and show
/// what that changes
#[derive(Debug, Args)]
pub(super) struct Dev {
    /// The pipeline file
    file: PathBuf,

    /// Start over: forget the checkpoints, replace what was written
    #[arg(long)]
    fresh: bool,
}

impl Dev {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let engine = setup::engine()?;
        let outline = setup::outline(&self.file, &Registry::new(engine.clone()))?;
        let builds = builds(&outline)?;
        if builds.is_empty() {
            say_line(
                "no source is known of a component: they are swapped when their files change. \
                 A section `[build.\"NAME.wasm\"]` says how one is built.",
            );
        }
        let is_terminal = io::stderr().is_terminal();
        let (done, built) = mpsc::channel();
        // Watched before they are built: nothing that is changed meanwhile is missed.
        let builder = Builder::start(builds.clone(), is_terminal, move |build, event| {
            say(event.text(build, is_terminal));
            if let BuildEvent::Ended { result, .. } = event {
                let is_built = matches!(result, BuildResult::Built { .. });
                let _ = done.send((build.component.clone(), is_built));
            }
        })?;
        for build in &builds {
            if !first(build, is_terminal) {
                say_line(format_args!("{}: waiting for a change", build.name));
                let is_this = |(component, is_built): &(PathBuf, bool)| {
                    *component == build.component && *is_built
                };
                // It ends only with the process.
                built.iter().find(is_this);
            }
        }
        let ending = run(
            &Options {
                file: self.file.clone(),
                beginning: match self.fresh {
                    true => Beginning::Fresh,
                    false => Beginning::Newest,
                },
                watch: true,
                show: Show::Differences,
            },
            &engine,
        );
        drop(builder);
        ending
    }
}

/// Builds a component for the first time. Returns whether that went well.
fn first(build: &ComponentBuild, is_terminal: bool) -> bool {
    say(BuildEvent::Started.text(build, is_terminal));
    let started = std::time::Instant::now();
    let result = build.run(is_terminal);
    let is_built = matches!(result, BuildResult::Built { .. });
    let took = started.elapsed();
    say(BuildEvent::Ended { result, took }.text(build, is_terminal));
    is_built
}
