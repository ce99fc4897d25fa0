//! Builds a library in Rust.

use super::{componentize, library::Library, rust, tools::Tools};

/// Compiles the Cargo package in the library's folder.
pub(super) fn build(library: &Library, tools: &mut Tools<'_>) -> anyhow::Result<Vec<u8>> {
    let run = tools.runner();
    let (_, module) = rust::compile(&library.directory, None, &[], run)?;
    componentize(&module)
}
