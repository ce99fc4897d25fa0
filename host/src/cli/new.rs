//! `tidemill new`: the beginning of a library.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Ending, print, talk::say_line};
use crate::toolchain::{Language, begin};

/// Begin a library of functions in a language, with a test and a pipeline that calls it
#[derive(Debug, Args)]
pub(super) struct New {
    /// The folder to make; its last part is the name of the library
    directory: PathBuf,

    /// What to write it in
    #[arg(short, long, value_name = "LANGUAGE", help = languages())]
    lang: Language,
}

/// What the library can be written in.
fn languages() -> String {
    format!(
        "What to write it in: {}",
        Language::ALL.map(Language::name).join(", ")
    )
}

impl New {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let directory =
            std::path::absolute(&self.directory).context("there is no current folder")?;
        let made = begin(&directory, self.lang)?;
        for file in made {
            print(&format!("{}\n", self.directory.join(file).display()))?;
        }
        let shown = self.directory.display();
        say_line(format_args!(
            "next: `tidemill build {shown}`, then `tidemill run {shown}/pipeline.toml`"
        ));
        Ok(Ending::Done)
    }
}
