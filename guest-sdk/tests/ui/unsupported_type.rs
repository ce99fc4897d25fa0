use tidemill_sdk::prelude::*;

#[scalar]
fn half(value: u64) -> i64 {
    (value / 2) as i64
}

fn main() {}
