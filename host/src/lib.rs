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
