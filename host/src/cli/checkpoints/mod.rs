//! `tidemill checkpoints`: lists, verifies and shows the checkpoints of a pipeline.

mod list;
mod state;
mod table;
mod verify;

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use anyhow::{Context, bail};
use clap::Args;
use terminal_size::{Width, terminal_size_of};

use super::{Ending, print, setup};
use crate::{
    checkpoint::{Checkpoint, CheckpointStore},
    pipeline::{Plan, Registry},
};

/// List, verify and show the checkpoints of a pipeline
///
/// Without an option, tells of each checkpoint when it was made, how large its state is, how far event
/// time had come, and where each source was. Nothing is changed, and the job may be running meanwhile.
#[derive(Debug, Args)]
pub(super) struct Checkpoints {
    /// The pipeline file
    file: PathBuf,

    /// Read all of each checkpoint and check it; exit with 1 if one is damaged
    #[arg(long, conflicts_with = "show")]
    verify: bool,

    /// Show the state that this stage has kept
    #[arg(long, value_name = "STAGE")]
    show: Option<String>,

    /// Look at this checkpoint only; with --show, instead of the newest one that is whole
    #[arg(long, value_name = "NUMBER")]
    checkpoint: Option<u64>,

    /// Show this many rows of state at most
    #[arg(long, value_name = "ROWS", default_value_t = 20, requires = "show")]
    rows: usize,
}

impl Checkpoints {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let registry = Registry::new(setup::engine()?);
        let plan = setup::load(&self.file, &registry)?;
        let config = setup::checkpoints_of(&plan, &self.file, "`tidemill checkpoints`")?;
        let store = CheckpointStore::open_read_only(&config.location, &plan.name);
        let store = store.with_context(|| {
            format!(
                "cannot look at the checkpoints of `{}` in `{}`",
                plan.name, config.location
            )
        })?;
        let width = terminal_width();
        if let Some(name) = &self.show {
            let checkpoint = self.chosen(&store, &plan)?;
            print(&state::of(name, &checkpoint, &plan, self.rows, width)?)?;
            return Ok(Ending::Done);
        }
        let mut listed = store.list()?;
        if let Some(number) = self.checkpoint {
            listed.retain(|listed| listed.number == number);
            if listed.is_empty() {
                bail!("there is no checkpoint {number}");
            }
        }
        if listed.is_empty() {
            let text = format!(
                "there are no checkpoints of `{}` in `{}`\n",
                plan.name, config.location
            );
            print(&text)?;
            return Ok(Ending::Done);
        }
        if self.verify {
            let (text, is_whole) = verify::all(&store, &listed)?;
            print(&text)?;
            return Ok(match is_whole {
                true => Ending::Done,
                false => Ending::Failed,
            });
        }
        print(&list::all(&listed, width))?;
        Ok(Ending::Done)
    }

    /// The checkpoint that is to be shown.
    fn chosen(&self, store: &CheckpointStore, plan: &Plan) -> anyhow::Result<Checkpoint> {
        let checkpoint = store.latest(self.checkpoint)?;
        checkpoint.with_context(|| format!("there are no checkpoints of `{}`", plan.name))
    }
}

/// The width of the terminal that standard output is, if it is one.
fn terminal_width() -> Option<usize> {
    let stdout = io::stdout();
    let is_terminal = stdout.is_terminal();
    let size = is_terminal.then(|| terminal_size_of(&stdout)).flatten();
    size.map(|(Width(width), _)| width.into())
}
