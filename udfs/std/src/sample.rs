//! Numbers and how far they are spread.

/// Numbers of which the mean and the spread are known.
// One pass after Welford (Technometrics 4, 1962); merging after Chan, Golub and LeVeque (1979).
// Neither subtracts large numbers that are almost equal, as the sum of squares would.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) count: i64,
    pub(crate) mean: f64,
    /// The sum of the squared distances from the mean.
    pub(crate) squares: f64,
}

impl Sample {
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
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

    /// The variance of a population that these numbers were taken from.
    pub(crate) fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }
}

/// An aggregate that keeps a [`Sample`] of values of a type.
macro_rules! of_sample {
    ($(#[$doc:meta])* $name:ident, $function:literal, $type:ty, $finish:expr) => {
        $(#[$doc])*
        #[derive(Debug, Default, State)]
        pub(crate) struct $name {
            count: i64,
            mean: f64,
            /// The sum of the squared distances from the mean.
            squares: f64,
        }

        #[aggregate(name = $function, parameters(value))]
        impl Aggregate for $name {
            type Input = $type;
            type Output = Option<f64>;

            fn update(&mut self, value: $type) {
                let mut sample = self.sample();
                sample.add(value as f64);
                self.keep(sample);
            }

            fn merge(&mut self, other: Self) {
                let mut sample = self.sample();
                sample.merge(&other.sample());
                self.keep(sample);
            }

            fn finish(&self) -> Option<f64> {
                $finish(&self.sample())
            }
        }

        impl $name {
            fn sample(&self) -> $crate::sample::Sample {
                $crate::sample::Sample {
                    count: self.count,
                    mean: self.mean,
                    squares: self.squares,
                }
            }

            fn keep(&mut self, sample: $crate::sample::Sample) {
                self.count = sample.count;
                self.mean = sample.mean;
                self.squares = sample.squares;
            }
        }
    };
}

pub(crate) use of_sample;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Sample {
        let mut sample = Sample::default();
        values.iter().for_each(|&value| sample.add(value));
        sample
    }

    #[track_caller]
    fn check(sample: &Sample, expected: f64) {
        let found = sample.variance().expect("there are two values");
        assert!(
            (found - expected).abs() < 1e-12,
            "{found} is not {expected}"
        );
    }

    #[test]
    fn one_value_has_no_variance() {
        assert_eq!(of(&[]).variance(), None);
        assert_eq!(of(&[1.0]).variance(), None);
    }

    #[test]
    fn the_sample_is_corrected() {
        // The squared distances from 5 add up to 32, over 7.
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        check(&of(&values), 32.0 / 7.0);
    }

    #[test]
    fn merging_is_as_one_pass() {
        let values: Vec<f64> = (0..20).map(|i| f64::from(i * i % 7)).collect();
        let whole = of(&values).variance().expect("there are two values");
        for place in 0..=values.len() {
            let (left, right) = values.split_at(place);
            let mut merged = of(left);
            merged.merge(&of(right));
            check(&merged, whole);
        }
    }

    #[test]
    fn a_large_offset_does_not_drown_the_variance() {
        check(&of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]), 1.0);
    }
}
