use tidemill_sdk::prelude::*;

struct Config;

#[scalar]
fn text(line: str) -> bool {
    line.is_empty()
}

#[scalar]
fn configured(config: Config, line: &str) -> bool {
    line.is_empty()
}

#[scalar]
fn number(value: &f64) -> bool {
    *value > 0.0
}

fn main() {}
