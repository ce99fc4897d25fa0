use tidemill_sdk::prelude::*;

#[scalar]
async fn later(value: f64) -> f64 {
    value
}

fn main() {}
