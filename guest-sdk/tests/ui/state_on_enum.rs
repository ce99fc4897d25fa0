use tidemill_sdk::prelude::*;

#[derive(State)]
enum Door {
    Open,
    Closed,
}

#[derive(State)]
struct Pair(f64, f64);

#[derive(State)]
struct Nested {
    values: Vec<f64>,
}

fn main() {}
