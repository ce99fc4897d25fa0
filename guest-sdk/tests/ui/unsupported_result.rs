use tidemill_sdk::prelude::*;

#[scalar]
fn length(line: &str) -> usize {
    line.len()
}

fn main() {}
