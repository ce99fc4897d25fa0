//! Builds a library in JavaScript: `src/NAME.js` and the modules that it imports, by componentize-qjs.

#[cfg(unix)]
use std::os::unix::fs::symlink as link_folder;
#[cfg(windows)]
use std::os::windows::fs::symlink_dir as link_folder;
use std::{fs, io, path::Path};

use anyhow::Context;

use super::{
    byte_lists::{Outgoing, lists_as_bytes},
    library::Library,
    sdk,
    tools::{Tool, Tools},
};

const COMPONENTIZE: Tool = Tool {
    names: &["componentize-qjs"],
    what: "the builder of components from JavaScript",
    install: "`npm install --save-dev componentize-qjs@0.4.5`",
};

pub(super) fn build(library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
    let module = library.main_file("js")?;
    link_sdk(library)?;
    build_module(library, &module, tools)
}

/// Runs a module of the library once, and makes a component of what the interpreter is then. The path is one from the
/// library's folder.
pub(super) fn build_module(
    library: &Library,
    module: &str,
    tools: &mut Tools<'_>,
) -> anyhow::Result<Vec<u8>> {
    let mut command = tools.command(COMPONENTIZE)?;
    let work = library.work()?;
    let entry = work.join("component.js");
    let exports = "aggregate, catalog, holistic, process, scalar, table";
    let text = format!(
        "import {{ component }} from \"tidemill/guest\";\n\
         import * as library from \"../../{module}\";\n\n\
         export const {{ {exports} }} = component(library.default);\n"
    );
    sdk::write(&entry, text.as_bytes())?;
    let made = work.join("component.wasm");
    command
        .arg("--wit")
        .arg(library.wit())
        .args(["--world", "library", "--sync", "--stub-wasi"])
        .args(["--module-root", ".", "--js"])
        .arg(&entry)
        .arg("--output")
        .arg(&made);
    tools.run(command)?;
    let component = fs::read(&made).with_context(|| format!("cannot read `{}`", made.display()))?;
    lists_as_bytes(&component, Outgoing::Typed)
        .context("cannot change what componentize-qjs has made")
}

/// Lets modules import the SDK as `tidemill`, where `npm install` has not seen to that.
pub(super) fn link_sdk(library: &Library) -> anyhow::Result<()> {
    let modules = library.directory.join("node_modules");
    let link = modules.join("tidemill");
    let linked = fs::create_dir_all(&modules)
        .and_then(|()| link_folder(Path::new("..").join(sdk::FOLDER).join("sdk"), &link));
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make the link `{}`", link.display()))
        }
        _ => Ok(()),
    }
}
