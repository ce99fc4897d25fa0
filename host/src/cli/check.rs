//! `tidemill check`: is a pipeline valid, and what does it do.

use std::path::PathBuf;

use clap::Args;

use super::{Ending, print, setup};
use crate::pipeline::Registry;

/// Validate a pipeline and its components, and print the plan
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The pipeline file
    file: PathBuf,
}

impl Check {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let registry = Registry::new(setup::engine()?);
        let plan = setup::load(&self.file, &registry)?;
        registry.try_out(&plan)?;
        print(&plan.to_string())?;
        Ok(Ending::Done)
    }
}
