use tidemill_sdk::prelude::*;

struct Celsius(f64);

#[scalar]
fn warm(value: Celsius, other: i64) -> bool {
    value.0 > other as f64
}

fn main() {}
