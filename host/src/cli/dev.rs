//! `tidemill dev`: runs a pipeline, builds its components when their sources change and swaps them.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use clap::Args;

use super::{
    Ending,
    interrupt::Interrupts,
    live::Show,
    run::{Options, run},
    setup,
    talk::{say, say_line},
};
use crate::{
    pipeline::Registry,
    runtime::Beginning,
    toolchain::{Dev as Builder, Find, Runner, builds},
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
        let found = builds(&outline)?;
        if found.builds.is_empty() {
            say_line(
                "no source is known of a component: they are swapped when their files change. \
                 A section `[build.\"NAME.wasm\"]` says how one is built.",
            );
        }
        let find: Find = {
            let (file, engine) = (self.file.clone(), engine.clone());
            Box::new(
                move || match setup::outline(&file, &Registry::new(engine.clone())) {
                    Ok(outline) => builds(&outline).map(Some),
                    Err(_) => Ok(None),
                },
            )
        };
        let runner = Runner::default();
        // A build has processes of its own, which would outlive this one.
        let building = runner.clone();
        let interrupts = Interrupts::listen(move || building.stop())?;
        let is_terminal = io::stderr().is_terminal();
        let builder = Builder::start(
            &self.file,
            found,
            find,
            runner,
            is_terminal,
            move |build, event| say(event.text(build, is_terminal)),
        )?;
        builder.wait();
        let ending = run(
            &Options {
                file: self.file.clone(),
                beginning: match self.fresh {
                    true => Beginning::Fresh,
                    false => Beginning::Newest,
                },
                watch: true,
                show: Show::Differences,
                interrupts: Some(interrupts),
            },
            &engine,
        );
        drop(builder);
        ending
    }
}
