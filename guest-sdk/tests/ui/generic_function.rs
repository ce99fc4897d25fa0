use tidemill_sdk::prelude::*;

#[scalar]
fn same<T>(value: T) -> T {
    value
}

fn main() {}
