//! Builds a library in Python: `src/NAME.py` and the modules beside it, by componentize-py.

use std::{env, fs};

use anyhow::Context;

use super::{
    byte_lists::{Outgoing, lists_as_bytes},
    library::Library,
    sdk,
    tools::{Tool, Tools},
};

const COMPONENTIZE: Tool = Tool {
    names: &["componentize-py"],
    what: "the builder of components from Python",
    install: "`pip install componentize-py==0.25.1`",
};

/// The module that the component is made of. It is made for each library.
const MODULE: &str = "tidemill_component";

/// Runs the library's module once, and makes a component of what the interpreter is then.
pub(super) fn build(library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
    let mut command = tools.command(COMPONENTIZE)?;
    library.main_file("py")?;
    let name = &library.name;
    let work = library.work()?;
    let exports = "Aggregate, Catalog, Holistic, Process, Scalar, Table";
    // What it would write beside the sources would look like a change of them.
    let module = format!(
        "import sys\n\n\
         sys.dont_write_bytecode = True\n\n\
         import {name}\n\
         from tidemill._guest import {exports}\n"
    );
    sdk::write(&work.join(format!("{MODULE}.py")), module.as_bytes())?;
    let made = work.join("component.wasm");
    command
        .arg("--quiet")
        .arg("--wit-path")
        .arg(library.wit())
        .args(["--world", "library", "componentize", "--stub-wasi"])
        .args(["--python-path", "src", "--python-path"])
        .arg(library.sdk())
        .arg("--python-path")
        .arg(&work)
        .arg(MODULE)
        .arg("--output")
        .arg(&made)
        // Where the tool itself was is of no use to authors.
        .env("RUST_BACKTRACE", "0");
    // What is installed there can be imported, though nobody has activated it.
    let environment = library.directory.join(".venv");
    if env::var_os("VIRTUAL_ENV").is_none() && environment.is_dir() {
        command.env("VIRTUAL_ENV", environment);
    }
    tools.run(command)?;
    let component = fs::read(&made).with_context(|| format!("cannot read `{}`", made.display()))?;
    lists_as_bytes(&component, Outgoing::BytesLeaked)
        .context("cannot change what componentize-py has made")
}
