//! Leaves out of a core module what only debuggers read. The names of functions stay: a backtrace is made of them,
//! and compilers leave them out together with the rest when they are asked for less.

use anyhow::Context;
use wasm_encoder::{Module, RawSection};
use wasmparser::{Parser, Payload};

/// The module without its sections of the DWARF format.
///
/// # Errors
///
/// If it is no module.
pub(super) fn without_debug_sections(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut kept = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context("cannot read the compiled module")?;
        let is_debug = matches!(&payload, Payload::CustomSection(section) if section.name().starts_with(".debug_"));
        let Some((id, range)) = payload.as_section().filter(|_| !is_debug) else {
            continue;
        };
        let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
        let data = module.get(range).context("a section has no end")?;
        kept.section(&RawSection { id, data });
    }
    Ok(kept.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of custom sections.
    fn module(names: &[&str]) -> Vec<u8> {
        let mut module = Module::new();
        for name in names {
            let data = (&[7; 300]).into();
            let name = (*name).into();
            module.section(&wasm_encoder::CustomSection { name, data });
        }
        module.finish()
    }

    #[test]
    fn only_what_debuggers_read_is_left_out() {
        let all = module(&[".debug_info", "name", ".debug_line", "producers"]);
        let kept = without_debug_sections(&all).expect("a module");
        assert_eq!(kept, module(&["name", "producers"]));
    }

    #[test]
    fn what_is_no_module_is_told() {
        let cut = &module(&["name"])[..200];
        for bytes in [&b"nothing"[..], cut] {
            let error = without_debug_sections(bytes).expect_err("no module");
            assert_eq!(error.to_string(), "cannot read the compiled module");
        }
    }
}
