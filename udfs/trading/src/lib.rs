//! Quotes: the spread between two symbols, and when it is unusual.
//!
//! ```toml
//! [stage.spreads]
//! from = "met"
//! map = "trading.wasm#spread"
//! args = { second_ts = "second_ts", second_price = "second_price" }
//!
//! [stage.compared]
//! from = "spreads"
//! key = ["pair"]
//! process = "trading.wasm#compare"
//! ```

mod alert;
mod config;
mod quotes;
mod spread;

pub use config::Config;

use tidemill_sdk::prelude::*;

library!(
    config = Config,
    spread::is_tradable,
    spread::is_leg,
    spread::spread,
    spread::compare,
    spread::swing,
    alert::exceeds,
    alert::open_alert,
    quotes::quotes,
);
