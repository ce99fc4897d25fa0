//! `tidemill build`: from the source of a library to a component.

use std::{path::PathBuf, process::Stdio};

use anyhow::Context;
use clap::Args;

use super::{Ending, print};
use crate::toolchain::{Library, replace};

/// Build a library of functions into a component
#[derive(Debug, Args)]
pub(super) struct Build {
    /// The folder of the library, as `tidemill new` makes it, or of a Cargo package
    directory: PathBuf,

    /// Where to write the component [default: NAME.wasm in the library's folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Build {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let library = Library::at(&self.directory)?;
        let component = library.build(&mut |mut command| {
            let output = command.stderr(Stdio::inherit()).output()?;
            Ok((output.status, output.stdout))
        });
        let component =
            component.with_context(|| format!("`{}` cannot be built", self.directory.display()))?;
        let output = self.output.clone().unwrap_or_else(|| library.component());
        replace(&output, &component)?;
        print(&format!("{}\n", output.display()))?;
        Ok(Ending::Done)
    }
}
