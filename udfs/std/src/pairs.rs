//! Pairs of numbers and how they vary together.

/// Pairs of which the means, the spreads and the joint spread are known.
// The recurrences of `Sample`, for two variables (Bennett et al., "Numerically stable, single-pass,
// parallel statistics algorithms", 2009).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pairs {
    pub(crate) count: i64,
    pub(crate) mean_x: f64,
    pub(crate) mean_y: f64,
    /// The sums of the squared distances from the means.
    pub(crate) squares_x: f64,
    pub(crate) squares_y: f64,
    /// The sum of the products of both distances.
    pub(crate) products: f64,
}

impl Pairs {
    pub(crate) fn add(&mut self, x: f64, y: f64) {
        self.count += 1;
        let count = self.count as f64;
        let (before_x, before_y) = (x - self.mean_x, y - self.mean_y);
        self.mean_x += before_x / count;
        self.mean_y += before_y / count;
        self.squares_x += before_x * (x - self.mean_x);
        self.squares_y += before_y * (y - self.mean_y);
        self.products += before_x * (y - self.mean_y);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let (left, right) = (self.count as f64, other.count as f64);
        let all = left + right;
        let (x, y) = (other.mean_x - self.mean_x, other.mean_y - self.mean_y);
        self.count += other.count;
        self.mean_x += x * right / all;
        self.mean_y += y * right / all;
        let weight = left * right / all;
        self.squares_x += other.squares_x + x * x * weight;
        self.squares_y += other.squares_y + y * y * weight;
        self.products += other.products + x * y * weight;
    }

    /// The covariance of a population that these pairs were taken from.
    pub(crate) fn covariance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.products / (self.count - 1) as f64)
    }

    /// Pearson's coefficient; none if one of the numbers is always the same.
    pub(crate) fn correlation(&self) -> Option<f64> {
        let spread = self.squares_x.sqrt() * self.squares_y.sqrt();
        // Rounding must not take it beyond what a coefficient can be.
        let coefficient = || (self.products / spread).clamp(-1.0, 1.0);
        (self.count > 1 && spread != 0.0).then(coefficient)
    }
}

/// An aggregate that keeps [`Pairs`] of values of two types.
macro_rules! of_pairs {
    ($(#[$doc:meta])* $name:ident, $function:literal, $x:ty, $y:ty, $finish:expr) => {
        $(#[$doc])*
        #[derive(Debug, Default, State)]
        pub(crate) struct $name {
            count: i64,
            mean_x: f64,
            mean_y: f64,
            squares_x: f64,
            squares_y: f64,
            products: f64,
        }

        #[aggregate(name = $function, parameters(x, y))]
        impl Aggregate for $name {
            type Input = ($x, $y);
            type Output = Option<f64>;

            fn update(&mut self, (x, y): ($x, $y)) {
                let mut pairs = self.pairs();
                pairs.add(x as f64, y as f64);
                self.keep(pairs);
            }

            fn merge(&mut self, other: Self) {
                let mut pairs = self.pairs();
                pairs.merge(&other.pairs());
                self.keep(pairs);
            }

            fn finish(&self) -> Option<f64> {
                $finish(&self.pairs())
            }
        }

        impl $name {
            fn pairs(&self) -> $crate::pairs::Pairs {
                $crate::pairs::Pairs {
                    count: self.count,
                    mean_x: self.mean_x,
                    mean_y: self.mean_y,
                    squares_x: self.squares_x,
                    squares_y: self.squares_y,
                    products: self.products,
                }
            }

            fn keep(&mut self, pairs: $crate::pairs::Pairs) {
                self.count = pairs.count;
                self.mean_x = pairs.mean_x;
                self.mean_y = pairs.mean_y;
                self.squares_x = pairs.squares_x;
                self.squares_y = pairs.squares_y;
                self.products = pairs.products;
            }
        }
    };
}

pub(crate) use of_pairs;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(f64, f64)]) -> Pairs {
        let mut all = Pairs::default();
        pairs.iter().for_each(|&(x, y)| all.add(x, y));
        all
    }

    #[track_caller]
    fn check(found: Option<f64>, expected: f64) {
        let found = found.expect("there are two pairs");
        assert!(
            (found - expected).abs() < 1e-12,
            "{found} is not {expected}"
        );
    }

    #[test]
    fn one_pair_does_not_vary() {
        assert_eq!(of(&[(1.0, 2.0)]).covariance(), None);
        assert_eq!(of(&[(1.0, 2.0)]).correlation(), None);
        assert_eq!(of(&[(1.0, 2.0), (1.0, 3.0)]).correlation(), None);
    }

    #[test]
    fn numbers_vary_together_or_against_each_other() {
        check(
            of(&[(1.0, 10.0), (2.0, 20.0), (3.0, 30.0)]).covariance(),
            10.0,
        );
        check(
            of(&[(1.0, 10.0), (2.0, 20.0), (3.0, 30.0)]).correlation(),
            1.0,
        );
        check(
            of(&[(1.0, 5.0), (2.0, 4.0), (3.0, 3.0)]).correlation(),
            -1.0,
        );
        // The products of the distances add up to 2, the squares to 5 and 5.
        let pairs = [(1.0, 2.0), (2.0, 1.0), (3.0, 4.0), (4.0, 3.0)];
        check(of(&pairs).covariance(), 1.0);
        check(of(&pairs).correlation(), 0.6);
    }

    #[test]
    fn merging_is_as_one_pass() {
        let pairs: Vec<(f64, f64)> = (0..20)
            .map(|i| (f64::from(i * i % 7), f64::from(i * 3 % 11)))
            .collect();
        let whole = of(&pairs);
        for place in 0..=pairs.len() {
            let (left, right) = pairs.split_at(place);
            let mut merged = of(left);
            merged.merge(&of(right));
            check(merged.covariance(), whole.covariance().expect("many"));
            check(merged.correlation(), whole.correlation().expect("many"));
        }
    }
}
