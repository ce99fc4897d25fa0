//! Guests: the engine that compiles and runs components, and the checks on what comes back.
//!
//! The only module that names wasmtime.

mod engine;
mod ticker;

mod cache;
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

mod allowance;
mod call_error;
mod limits;
mod log;
mod log_budget;
mod quote;
mod wasi;

mod check;
mod lift;
mod lower;

pub use aggregate::UpdateOutput;
pub use allowance::Allowance;
pub use call_error::CallError;
pub use catalog::{Function, Kind};
pub use catalog_error::CatalogError;
pub use component::{Component, Digest};
pub use contract::{Interface, Interfaces, VERSION};
pub use engine::{Engine, EngineOptions};
pub use holistic::HolisticOutput;
pub use instance::{Columns, Instance, InstanceOptions, RowError};
pub use limits::Limits;
pub use load_error::LoadError;
pub use process::ProcessOutput;
pub use scalar::ScalarOutput;
pub use table::TableOutput;
