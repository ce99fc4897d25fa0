use tidemill_sdk::prelude::*;

#[table(columns)]
fn words(line: &str) -> Vec<String> {
    vec![line.to_owned()]
}

#[scalar(name = "to fahrenheit")]
fn to_fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}

fn main() {}
