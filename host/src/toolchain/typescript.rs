//! Builds a library in TypeScript: `src/NAME.ts`, checked and made JavaScript by tsc, and then as JavaScript is.

use super::{
    javascript::{build_module, link_sdk},
    library::Library,
    tools::{Tool, Tools},
};

const COMPILER: Tool = Tool {
    names: &["tsc"],
    what: "the compiler of TypeScript",
    install: "`npm install --save-dev typescript@7.0.2`",
};

/// Where the library's `tsconfig.json` has tsc write.
const WRITTEN: &str = ".tidemill/build/js";

pub(super) fn build(library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
    let mut command = tools.command(COMPILER)?;
    let name = &library.name;
    library.main_file("ts")?;
    link_sdk(library)?;
    command
        .args([
            "--project",
            ".",
            "--noEmitOnError",
            "--rootDir",
            "src",
            "--outDir",
            WRITTEN,
        ])
        .args(["--pretty", "false"]);
    tools.run(command)?;
    build_module(library, &format!("{WRITTEN}/{name}.js"), tools)
}
