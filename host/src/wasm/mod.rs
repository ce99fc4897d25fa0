//! Guests: the engine that compiles and runs components, and the checks on what comes back.
//!
//! The only module that names wasmtime.

mod aside;
mod engine;
mod ticker;

mod cache;
mod compile;
mod kept;
mod secret;

mod component;
mod contract;
mod exports;
mod load_error;
mod sandbox;

mod catalog;
mod catalog_error;

mod instance;
mod migration;
mod running;
mod scalar;
mod table;

mod aggregate;
mod holistic;
mod process;

mod allow;
mod allowance;
mod call_error;
mod given;
mod limit_error;
mod limits;
mod log;
mod log_budget;
mod quote;
mod wasi;
mod weight;

mod check;
mod lift;
mod lower;

#[cfg(any(test, fuzzing))]
#[cfg_attr(
    test,
    expect(unreachable_pub, reason = "only fuzzing calls it from outside")
)]
mod fuzz;

#[cfg(fuzzing)]
pub use fuzz::fuzz_guest;

pub use aggregate::UpdateOutput;
pub use allow::{Allow, Variable};
pub use allowance::Allowance;
pub use aside::Aside;
pub use call_error::CallError;
pub use catalog::{Function, Kind};
pub use catalog_error::CatalogError;
pub use compile::{CompileLimits, CompileOrder, Compiler, CostError, Linear, compile_to_order};
pub use component::{Component, Digest};
pub use contract::{Interface, Interfaces, VERSION};
pub use engine::{Engine, EngineOptions};
pub use holistic::HolisticOutput;
pub use instance::{Columns, Instance, InstanceOptions, RowError};
pub use limits::{Exceeded, Limits, MOST_INSTANCES, MOST_TABLE_ELEMENTS};
pub use load_error::LoadError;
pub use process::ProcessOutput;
pub use scalar::ScalarOutput;
pub use table::TableOutput;
pub use wasi::what_it_gets;
pub use weight::Unit;
