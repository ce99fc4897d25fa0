//! The functions that are the same in every language: what the conformance cases call.

mod rows;
mod states;

use rows::{crash, divide, echo, is_hot, next, shout, to_fahrenheit, words};
use states::{Average, Longest, account, median};
use tidemill_sdk::prelude::*;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    threshold: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { threshold: 30.0 }
    }
}

library!(
    config = Config,
    is_hot,
    to_fahrenheit,
    echo,
    next,
    divide,
    shout,
    crash,
    words,
    Average,
    Longest,
    median,
    account,
);
