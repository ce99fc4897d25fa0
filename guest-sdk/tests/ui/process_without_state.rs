use tidemill_sdk::prelude::*;

#[process]
fn balance(amount: f64) -> Option<f64> {
    Some(amount)
}

struct Balance(f64);

#[process]
fn running(balance: &mut Balance, amount: f64) -> Option<f64> {
    balance.0 += amount;
    Some(balance.0)
}

fn main() {}
