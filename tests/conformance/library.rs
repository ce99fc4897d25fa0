//! The library that the pipelines of the cases call.

use std::{fs, path::Path};

use anyhow::Context;
use tidemill::toolchain::{build_crate, componentize};

/// Builds the library in `source` and puts the component where `component` says, unless it is there
/// already. `target_dir` is where Cargo works.
pub fn build(source: &Path, target_dir: &Path, component: &Path) -> anyhow::Result<()> {
    let (_, module) = build_crate(source, Some(target_dir))?;
    let bytes = componentize(&module)?;
    fs::write(component, bytes).with_context(|| format!("cannot write `{}`", component.display()))
}
