use tidemill_sdk::prelude::*;

#[derive(serde::Deserialize)]
struct Config {
    threshold: f64,
}

#[scalar]
fn is_hot(config: &Config, temperature: f64) -> bool {
    temperature > config.threshold
}

fn plain(value: f64) -> f64 {
    value
}

library!(is_hot);

fn main() {}
