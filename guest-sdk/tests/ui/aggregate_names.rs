use tidemill_sdk::prelude::*;

#[derive(State, Default)]
struct Weighted {
    sum: f64,
}

#[aggregate]
impl Aggregate for Weighted {
    type Input = (f64, f64);
    type Output = f64;

    fn update(&mut self, input: (f64, f64)) {
        self.sum += input.0 * input.1;
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
    }

    fn finish(&self) -> f64 {
        self.sum
    }
}

fn main() {}
