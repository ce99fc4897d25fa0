//! `tidemill swap` and `tidemill rollback`: ask a job that runs to change its components.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Ending, Misuse, talk::say_line};
use crate::{
    batch::{visible, visible_line},
    reload::{NobodyListens, Order, ask},
};

/// Swap components of a job that runs, without stopping it
///
/// The new components are checked and tried on recent rows first. Without STAGE=COMPONENT, the job goes
/// over to what its files hold now.
#[derive(Debug, Args)]
pub(super) struct Swap {
    /// The pipeline file of the job
    file: PathBuf,

    /// Another component for the functions of a stage
    #[arg(value_name = "STAGE=COMPONENT", value_parser = pair)]
    components: Vec<(String, PathBuf)>,
}

/// Take the latest swap of a job that runs back
#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The pipeline file of the job
    file: PathBuf,
}

impl Swap {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let mut components = BTreeMap::new();
        for (stage, path) in &self.components {
            // The job may have been started in another folder.
            let path = std::path::absolute(path)?;
            if components.insert(stage.clone(), path).is_some() {
                let stage = visible_line(stage);
                return Err(Misuse(format!("stage `{stage}` is given two components")).into());
            }
        }
        tell(&self.file, &Order::Swap(components))
    }
}

impl Rollback {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        tell(&self.file, &Order::Rollback)
    }
}

fn tell(file: &Path, order: &Order) -> anyhow::Result<Ending> {
    let mut waits = false;
    let answer = ask(file, order, |busy| {
        if !waits {
            say_line(
                "waiting for the job: it loads and tries what is new, and changes at a barrier, when the rows that \
                 are on their way have been processed…",
            );
        }
        waits = true;
        if !busy.is_empty() {
            let busy = busy.iter().map(|name| format!("`{}`", visible_line(name)));
            let busy = busy.collect::<Vec<_>>().join(", ");
            say_line(format_args!(
                "no barrier passes {busy} before the call that is being made there has ended, by its `deadline` at the latest"
            ));
        }
    });
    let answer = answer.map_err(|error| match fs::metadata(file) {
        // A job goes on without its file, but there is none.
        Err(missing) if error.is::<NobodyListens>() => Misuse(format!(
            "cannot read the pipeline `{}`: {missing}",
            file.display()
        ))
        .into(),
        _ => error,
    })?;
    // What it says may be of components.
    say_line(visible(&answer.text));
    Ok(match answer.done {
        true => Ending::Done,
        false => Ending::Failed,
    })
}

/// `STAGE=COMPONENT`.
fn pair(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((stage, path)) if !stage.is_empty() && !path.is_empty() => {
            Ok((stage.to_owned(), path.into()))
        }
        _ => Err("write the name of a stage, `=`, and the path of a component".to_owned()),
    }
}
