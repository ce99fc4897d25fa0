//! `tidemill build`: from the source of a library to a component.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use tempfile::NamedTempFile;

use super::{Ending, print};
use crate::toolchain::{build_crate, componentize};

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
        // Written beside its place and moved there: who watches the file never sees half of it.
        let parent = output
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let file = temporary(parent.unwrap_or(".".as_ref()))
            .and_then(|file| fs::write(file.path(), &component).map(|()| file))
            .with_context(|| format!("cannot write `{}`", output.display()))?;
        file.persist(&output)
            .with_context(|| format!("cannot write `{}`", output.display()))?;
        print(&format!("{}\n", output.display()))?;
        Ok(Ending::Done)
    }
}

/// A temporary file in `folder`, with the permissions of any other file.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tidemill-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
