//! `tidemill inspect`: what is in a component.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Ending, print, setup};
use crate::{
    batch::Field,
    pipeline::RegularFile,
    wasm::{Allow, Component, Function, what_it_gets},
};

/// Show the functions, signatures, state and imports of a component
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The component
    component: PathBuf,

    /// Configure it with this JSON object first
    #[arg(long, value_name = "JSON", default_value = "{}")]
    config: String,
}

impl Inspect {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let path = self.component.display();
        let bytes = RegularFile::component(&self.component).and_then(RegularFile::content);
        let bytes = bytes.with_context(|| format!("cannot read `{path}`"))?;
        let engine = setup::engine()?;
        let component = engine
            .load(&bytes)
            .with_context(|| format!("cannot load `{path}`"))?;
        let functions = component
            .catalog(&self.config, &Allow::default())
            .with_context(|| format!("cannot tell what is in `{path}`"))?;
        let mut text = heading(&path.to_string(), &component);
        for function in functions.iter() {
            text.push('\n');
            text.push_str(&description(function));
        }
        print(&text)?;
        Ok(Ending::Done)
    }
}

fn heading(path: &str, component: &Component) -> String {
    let mut text = format!(
        "{path}\n  digest   {}\n  size     {:.1} KiB\n",
        component.digest(),
        component.size() as f64 / 1024.0,
    );
    if component.is_pure() {
        text.push_str("  imports  none: pure\n");
    }
    let width = component.imports().iter().map(String::len).max();
    let width = width.unwrap_or_default();
    for (place, import) in component.imports().iter().enumerate() {
        let label = if place == 0 { "imports" } else { "" };
        let gets = what_it_gets(import);
        text.push_str(&format!("  {label:7}  {import:width$}  {gets}\n"));
    }
    text
}

fn description(function: &Function) -> String {
    let mut text = format!("{} {function}\n", function.kind);
    if !function.state.is_empty() {
        let state: Vec<String> = function.state.iter().map(Field::to_string).collect();
        let version = function.state_version;
        text.push_str(&format!(
            "  state (version {version}): {}\n",
            state.join(", ")
        ));
    }
    for line in function.doc.lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text
}
