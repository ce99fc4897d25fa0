//! Builds a library in AssemblyScript.
//!
//! A transform of the SDK, which the compiler runs, reads the comments of the library, adds the code that makes its
//! functions callable, and names the exports.

use std::fs;

use anyhow::Context;

use super::{
    library::Library,
    pure::componentize_library,
    tools::{Tool, Tools},
};

const COMPILER: Tool = Tool {
    names: &["asc"],
    what: "the compiler of AssemblyScript",
    install: "`npm install assemblyscript`",
};

/// Compiles `src/NAME.ts` in the library's folder.
pub(super) fn build(library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
    let module = library.work()?.join("library.wasm");
    let mut compile = tools.command(COMPILER)?;
    // The compiler wants paths from where it runs, with `/`: it runs in the library's folder.
    compile
        .arg(library.main_file("ts")?)
        .args(["--transform", "./.tidemill/sdk/transform.mjs"])
        .args(["--lib", ".tidemill/sdk/lib"])
        .args(["--outFile", ".tidemill/build/library.wasm"])
        .args(["-O3", "--enable", "simd", "--exportStart", "_initialize"])
        // Memory is given back between calls, when nothing is in use.
        .args(["--runtime", "minimal"])
        .args([
            "--use",
            "abort=tidemill_abort",
            "--use",
            "seed=tidemill_seed",
        ])
        // Names stay: they are what a backtrace of a trap is made of.
        .arg("--debug")
        // That classes are no exports of the module: they are for the code that is added.
        .args(["--disableWarning", "235"]);
    tools.run(compile)?;
    let module =
        fs::read(&module).with_context(|| format!("cannot read `{}`", module.display()))?;
    componentize_library(&module)
}
