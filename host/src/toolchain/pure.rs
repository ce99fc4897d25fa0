//! Makes components of what compilers make for an operating system.

use anyhow::Context;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::sdk;

/// The world that libraries of all languages are in.
const WORLD: &str = "library";

/// The part of an operating system that compilers ask for.
const SYSTEM: &str = "wasi_snapshot_preview1";

/// Answers for it inside the component: see `wasi.wat`.
const ANSWERS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wasi.wasm"));

/// What the answers need of the contract.
const ANSWERS_WORLD: (&str, &str) = (
    "answers.wit",
    "package tidemill:udf@0.1.0; world answers { import log; }",
);

/// Turns a core module into a component that imports nothing but the log, whatever the module asks of an operating
/// system. A module need not say what it imports and exports: it is a library, of functions of any kind.
///
/// # Errors
///
/// If the module does not export what a library does, or asks for what no library gets.
pub(super) fn componentize_library(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut module = module.to_vec();
    describe(&mut module, WORLD)?;
    let mut answers = ANSWERS.to_vec();
    describe(&mut answers, "answers")?;
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .context("cannot read the compiled module")?
        .adapter(SYSTEM, &answers)
        .context("cannot read the answers of the operating system")?
        .encode()
        .context("what was compiled is not a library of Tidemill")
}

/// Writes down in a module that it belongs to a world.
fn describe(module: &mut Vec<u8>, world: &str) -> anyhow::Result<()> {
    let mut resolve = Resolve::default();
    let mut sources = wit_parser::SourceMap::new();
    for (path, text) in sdk::contract().chain([ANSWERS_WORLD]) {
        sources.push_str(path, text);
    }
    let group = sources.parse().map_err(|(_, error)| error)?;
    let package = resolve.push_group(group)?;
    let world = resolve.select_world(&[package], Some(world))?;
    embed_component_metadata(module, &resolve, world, StringEncoding::UTF8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_told() {
        let error = componentize_library(b"nothing").expect_err("no module");
        assert!(
            format!("{error:#}").contains("cannot read the compiled module"),
            "{error:#}"
        );
        let empty = b"\0asm\x01\0\0\0";
        let error = componentize_library(empty).expect_err("it exports nothing");
        assert!(
            format!("{error:#}").contains("not a library of Tidemill"),
            "{error:#}"
        );
    }
}
