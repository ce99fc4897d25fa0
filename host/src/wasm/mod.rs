//! Guests: the engine that compiles and runs components, and the checks on what comes back.
//!
//! The only module that names wasmtime.

mod catalog;

pub use catalog::{Function, Kind};
