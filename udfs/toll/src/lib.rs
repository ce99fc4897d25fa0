//! Toll stations: clean crossings, low balances, unusual traffic.
//!
//! ```toml
//! [stage.cleaned]
//! from = "crossings"
//! map = "toll.wasm#clean"
//!
//! [stage.once]
//! from = "cleaned"
//! key = ["plate"]
//! process = "toll.wasm#once"
//! ttl = "1h"
//! ```
//!
//! Amounts of money are whole cents.

mod balance;
mod clean;
mod config;
mod crossings;
mod once;
mod traffic;

pub use config::Config;

use tidemill_sdk::prelude::*;

library!(
    config = Config,
    clean::clean,
    once::once,
    balance::toll,
    balance::low_balance,
    traffic::segment,
    traffic::deviation,
    traffic::is_unusual,
    crossings::crossings,
);
