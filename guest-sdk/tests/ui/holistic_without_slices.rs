use tidemill_sdk::prelude::*;

#[holistic]
fn median(values: f64) -> f64 {
    values
}

#[scalar]
fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

fn main() {}
