//! `tidemill build`: from the source of a library to a component.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Ending, print};
use crate::toolchain::{build_crate, componentize, replace};

/// Build a library of functions into a component
#[derive(Debug, Args)]
pub(super) struct Build {
    /// The directory of the library: a Cargo package
    directory: PathBuf,

    /// Where to write the component [default: NAME.wasm in the library's directory]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Build {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let (name, module) = build_crate(&self.directory, None)?;
        let component = componentize(&module)
            .with_context(|| format!("`{}` is not a library", self.directory.display()))?;
        let default = || self.directory.join(format!("{name}.wasm"));
        let output = self.output.clone().unwrap_or_else(default);
        replace(&output, &component)?;
        print(&format!("{}\n", output.display()))?;
        Ok(Ending::Done)
    }
}
