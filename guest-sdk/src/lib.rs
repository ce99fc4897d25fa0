//! Write Tidemill functions in Rust.
//!
//! A library is a crate that turns into one WebAssembly component. It holds functions of five
//! kinds, each an ordinary Rust function or `impl` with an attribute:
//!
//! | attribute | one call of the author's function | example |
//! | --- | --- | --- |
//! | [`scalar`] | a row in, a row out | a conversion, a filter |
//! | [`table`] | a row in, any number of rows out | splitting a line into words |
//! | [`aggregate`] | many rows in, one out, with a small accumulator | a mean |
//! | [`holistic`] | many rows in, one out, with all rows at hand | a median |
//! | [`process`] | a row in, any number of rows out, with a state for each key | a balance |
//!
//! ```
//! use tidemill_sdk::prelude::*;
//!
//! #[derive(serde::Deserialize)]
//! struct Config {
//!     threshold: f64,
//! }
//!
//! /// Is this reading above the configured threshold?
//! #[scalar]
//! fn is_hot(config: &Config, temperature: f64) -> bool {
//!     temperature > config.threshold
//! }
//!
//! /// Arithmetic mean.
//! #[derive(State, Default)]
//! struct Mean {
//!     sum: f64,
//!     count: i64,
//! }
//!
//! #[aggregate]
//! impl Aggregate for Mean {
//!     type Input = f64;
//!     type Output = Option<f64>;
//!
//!     fn update(&mut self, value: f64) {
//!         self.sum += value;
//!         self.count += 1;
//!     }
//!
//!     fn merge(&mut self, other: Self) {
//!         self.sum += other.sum;
//!         self.count += other.count;
//!     }
//!
//!     fn finish(&self) -> Option<f64> {
//!         (self.count > 0).then(|| self.sum / self.count as f64)
//!     }
//! }
//!
//! library!(config = Config, is_hot, Mean);
//! # fn main() {}
//! ```
//!
//! The attributes leave the functions as they are, so `cargo test` runs them natively. What they
//! add is the loop over columns that the host calls. The host keeps all state; nothing in a guest's
//! memory outlives a call but the configuration.
//!
//! # Types
//!
//! | Tidemill | parameter | result | field of a [`State`] |
//! | --- | --- | --- | --- |
//! | `boolean` | `bool` | `bool` | `bool` |
//! | `int32`, `int64` | `i32`, `i64` | `i32`, `i64` | `i32`, `i64` |
//! | `float32`, `float64` | `f32`, `f64` | `f32`, `f64` | `f32`, `f64` |
//! | `timestamp` | [`Timestamp`] | [`Timestamp`] | [`Timestamp`] |
//! | `utf8` | `&str`, `String` | `&str`, `String`, `Cow<str>` | `String` |
//! | `binary` | `&[u8]`, `Vec<u8>` | `&[u8]`, `Vec<u8>` | `Vec<u8>` |
//!
//! `Option` around any of them takes or returns nulls. A plain parameter never sees a null: a row
//! with one makes a null (`scalar`), nothing (`table`, `process`), or is left out (`aggregate`,
//! `holistic`).
//!
//! A function may return `Result<_, E>` with any `E: Display`. Its error refuses the row, which
//! becomes a dead letter; the other rows go on.

pub mod log;
pub mod prelude;
pub mod testing;
mod timestamp;

mod aggregate;
mod columns;
mod holistic;
mod process;
mod scalar;
mod table;

mod bitmap;
mod builder;
mod cell;
mod function;
mod library;
mod parameter;
mod parameters;
mod reader;
mod row;
mod sink;
mod slices;
mod state;

#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod support;

pub use aggregate::{Aggregate, Outcome};
pub use bindings::tidemill::udf::types;
pub use cell::Cell;
pub use function::{Entry, Function};
pub use library::{Library, NoConfiguration};
pub use parameter::{Parameter, Value};
pub use parameters::Parameters;
pub use row::Row;
pub use scalar::Output;
pub use state::State;
pub use tidemill_sdk_macros::{Row, State, aggregate, holistic, process, scalar, table};
pub use timestamp::Timestamp;
