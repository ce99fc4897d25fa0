//! `stddev`.

use tidemill_sdk::prelude::*;

/// The standard deviation of a sample (divided by the count less one); null for fewer than two
/// values.
// One pass after Welford (Technometrics 4, 1962); merging after Chan, Golub and LeVeque (1979).
// Neither subtracts large numbers that are almost equal, as the sum of squares would.
#[derive(Debug, Default, State)]
pub(crate) struct Stddev {
    count: i64,
    mean: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
}

#[aggregate]
impl Aggregate for Stddev {
    type Input = f64;
    type Output = Option<f64>;

    fn update(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    fn merge(&mut self, other: Self) {
        if other.count == 0 {
            return;
        }
        let (left, right) = (self.count as f64, other.count as f64);
        let all = left + right;
        let distance = other.mean - self.mean;
        self.count += other.count;
        self.mean += distance * right / all;
        self.squares += other.squares + distance * distance * left * right / all;
    }

    fn finish(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }
}

/// The standard deviation of a sample of integers, computed in float64.
#[derive(Debug, Default, State)]
pub(crate) struct StddevInt64 {
    count: i64,
    mean: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
}

#[aggregate(name = "stddev")]
impl Aggregate for StddevInt64 {
    type Input = i64;
    type Output = Option<f64>;

    fn update(&mut self, value: i64) {
        let mut sample = self.sample();
        sample.update(value as f64);
        *self = Self::of(&sample);
    }

    fn merge(&mut self, other: Self) {
        let mut sample = self.sample();
        sample.merge(other.sample());
        *self = Self::of(&sample);
    }

    fn finish(&self) -> Option<f64> {
        self.sample().finish()
    }
}

impl StddevInt64 {
    fn sample(&self) -> Stddev {
        Stddev {
            count: self.count,
            mean: self.mean,
            squares: self.squares,
        }
    }

    fn of(sample: &Stddev) -> Self {
        Self {
            count: sample.count,
            mean: sample.mean,
            squares: sample.squares,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Stddev {
        let mut stddev = Stddev::default();
        values.iter().for_each(|&value| stddev.update(value));
        stddev
    }

    #[track_caller]
    fn check(stddev: &Stddev, expected: f64) {
        let found = stddev.finish().expect("there are two values");
        assert!(
            (found - expected).abs() < 1e-12,
            "{found} is not {expected}"
        );
    }

    #[test]
    fn one_value_has_no_deviation() {
        assert_eq!(of(&[]).finish(), None);
        assert_eq!(of(&[1.0]).finish(), None);
    }

    #[test]
    fn the_sample_is_corrected() {
        // The squared distances from 5 add up to 32, over 7.
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        check(&of(&values), (32.0_f64 / 7.0).sqrt());
    }

    #[test]
    fn merging_is_as_one_pass() {
        let values: Vec<f64> = (0..20).map(|i| f64::from(i * i % 7)).collect();
        let whole = of(&values).finish().expect("there are two values");
        for place in 0..=values.len() {
            let (left, right) = values.split_at(place);
            let mut merged = of(left);
            merged.merge(of(right));
            check(&merged, whole);
        }
    }

    #[test]
    fn a_large_offset_does_not_drown_the_deviation() {
        check(&of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]), 1.0);
    }
}
