//! Tidemill: a stream runtime in which all user logic is sandboxed WebAssembly components.
//!
//! The modules stand in strict layers, lowest first; each imports only from those above it in this
//! list. `docs/architecture.md` tells what each is for.

pub mod time;

pub mod batch;

pub mod metrics;
pub mod state;
pub mod window;

pub mod connector;
pub mod wasm;

pub mod operator;

pub mod pipeline;

pub mod checkpoint;

pub mod runtime;

pub mod reload;
pub mod replay;

pub mod test_kit;
pub mod toolchain;

pub mod cli;

/// What fuzzing calls: no part of the product.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::{
        checkpoint::fuzz_checkpoint,
        connector::{fuzz_parquet, fuzz_text},
        pipeline::fuzz_pipeline,
        wasm::fuzz_guest,
    };
}

/// What fuzzing begins with, for tests that look whether it still does no harm.
#[cfg(test)]
pub(crate) fn corpus(target: &str) -> Vec<Vec<u8>> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../tests/fuzz/corpus").join(target);
    let entries = folder.read_dir().expect("a folder of inputs");
    let inputs: Vec<_> = entries
        .map(|entry| std::fs::read(entry.expect("an entry").path()).expect("an input"))
        .collect();
    assert!(!inputs.is_empty(), "no input for `{target}`");
    inputs
}
