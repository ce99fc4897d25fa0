use tidemill_sdk::prelude::*;

#[scalar]
struct Mean {
    sum: f64,
}

#[aggregate]
impl Mean {
    fn update(&mut self, value: f64) {
        self.sum += value;
    }
}

fn main() {}
