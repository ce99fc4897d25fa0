use tidemill_sdk::prelude::*;

struct Threshold(f64);

impl Threshold {
    #[scalar]
    fn is_above(&self, value: f64) -> bool {
        value > self.0
    }
}

fn main() {}
