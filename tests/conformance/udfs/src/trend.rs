//! How pairs of numbers go together: what SQL has and the standard library does not.

use tidemill_sdk::prelude::*;

/// Means, squared distances and products of distances of pairs.
// One pass after Welford (Technometrics 4, 1962); merging after Chan, Golub and LeVeque (1979), for
// both columns and their products.
#[derive(Debug, Default, State)]
pub(crate) struct Trend {
    count: i64,
    mean_x: f64,
    mean_y: f64,
    sxx: f64,
    syy: f64,
    sxy: f64,
}

/// What is known of pairs; null where it needs more of them than there are.
#[derive(Debug, PartialEq, Row)]
pub(crate) struct Trends {
    covar_pop: Option<f64>,
    var_pop: Option<f64>,
    stddev_pop: Option<f64>,
    slope: Option<f64>,
    intercept: Option<f64>,
    r2: Option<f64>,
    avgx: Option<f64>,
    avgy: Option<f64>,
    sxx: Option<f64>,
    syy: Option<f64>,
    sxy: Option<f64>,
    count: i64,
}

/// The regression of `y` on `x`: SQL's `covar_pop`, `var_pop` and `stddev_pop` of `y`, and `regr_*`.
#[aggregate]
impl Aggregate for Trend {
    type Input = (i64, f64);
    type Output = Trends;

    fn update(&mut self, (y, x): (i64, f64)) {
        let y = y as f64;
        self.count += 1;
        let count = self.count as f64;
        let (before_x, before_y) = (x - self.mean_x, y - self.mean_y);
        self.mean_x += before_x / count;
        self.mean_y += before_y / count;
        self.sxx += before_x * (x - self.mean_x);
        self.syy += before_y * (y - self.mean_y);
        self.sxy += before_x * (y - self.mean_y);
    }

    fn merge(&mut self, other: Self) {
        if other.count == 0 {
            return;
        }
        let (left, right) = (self.count as f64, other.count as f64);
        let all = left + right;
        let (distance_x, distance_y) = (other.mean_x - self.mean_x, other.mean_y - self.mean_y);
        let both = left * right / all;
        self.count += other.count;
        self.mean_x += distance_x * right / all;
        self.mean_y += distance_y * right / all;
        self.sxx += other.sxx + distance_x * distance_x * both;
        self.syy += other.syy + distance_y * distance_y * both;
        self.sxy += other.sxy + distance_x * distance_y * both;
    }

    fn finish(&self) -> Trends {
        let count = self.count as f64;
        let some = |value: f64| (self.count > 0).then_some(value);
        let slope = (self.sxx > 0.0).then(|| self.sxy / self.sxx);
        let varied = self.sxx > 0.0 && self.syy > 0.0;
        Trends {
            covar_pop: some(self.sxy / count),
            var_pop: some(self.syy / count),
            stddev_pop: some((self.syy / count).sqrt()),
            slope,
            intercept: slope.map(|slope| self.mean_y - slope * self.mean_x),
            r2: varied.then(|| self.sxy / self.sxx * (self.sxy / self.syy)),
            avgx: some(self.mean_x),
            avgy: some(self.mean_y),
            sxx: some(self.sxx),
            syy: some(self.syy),
            sxy: some(self.sxy),
            count: self.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(i64, f64)]) -> Trend {
        let mut trend = Trend::default();
        pairs.iter().for_each(|&pair| trend.update(pair));
        trend
    }

    #[track_caller]
    fn check(found: Option<f64>, expected: f64) {
        let found = found.expect("there are enough pairs");
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn points_on_a_line_give_the_line() {
        let trends = of(&[(1, 0.0), (3, 1.0), (5, 2.0)]).finish();
        check(trends.slope, 2.0);
        check(trends.intercept, 1.0);
        check(trends.r2, 1.0);
        check(trends.covar_pop, 4.0 / 3.0);
        check(trends.avgx, 1.0);
    }

    #[test]
    fn spread_is_of_all_and_not_of_a_sample() {
        // The squared distances from 5 add up to 32, over 8.
        let trends = of(&[2, 4, 4, 4, 5, 5, 7, 9].map(|y| (y, 0.0))).finish();
        check(trends.var_pop, 4.0);
        check(trends.stddev_pop, 2.0);
        assert_eq!(trends.r2, None);
    }

    #[test]
    fn too_few_points_give_nulls() {
        assert_eq!(of(&[]).finish().avgx, None);
        assert_eq!(of(&[(1, 1.0)]).finish().slope, None);
    }

    #[test]
    fn merging_is_as_one_pass() {
        let pairs: Vec<_> = (0..20).map(|i| (i * i % 7, i as f64)).collect();
        let whole = of(&pairs).finish();
        for place in 0..=pairs.len() {
            let (left, right) = pairs.split_at(place);
            let mut merged = of(left);
            merged.merge(of(right));
            let merged = merged.finish();
            check(merged.r2, whole.r2.expect("there are pairs"));
            check(merged.covar_pop, whole.covar_pop.expect("there are pairs"));
            check(merged.var_pop, whole.var_pop.expect("there are pairs"));
        }
    }
}
