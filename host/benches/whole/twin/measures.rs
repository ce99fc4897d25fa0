//! What windows hold of a sensor.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};

/// What is known of some readings of a sensor, of which `N` columns count.
pub(super) trait Measure<const N: usize>: Clone + Default {
    const COLUMNS: [&str; N];

    fn add(&mut self, values: [f64; N]);

    fn merge(&mut self, other: &Self);

    fn is_empty(&self) -> bool;

    /// The results of some sensors, by the names that the product gives them.
    fn results(all: &[Self]) -> Vec<(&'static str, ArrayRef)>;
}

/// Job `B`: the means of both measures.
#[derive(Clone, Default)]
pub(super) struct Means {
    temperature: f64,
    humidity: f64,
    count: u32,
}

impl Measure<2> for Means {
    const COLUMNS: [&str; 2] = ["temperature", "humidity"];

    fn add(&mut self, [temperature, humidity]: [f64; 2]) {
        self.temperature += temperature;
        self.humidity += humidity;
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.temperature += other.temperature;
        self.humidity += other.humidity;
        self.count += other.count;
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn results(all: &[Self]) -> Vec<(&'static str, ArrayRef)> {
        let temperatures = all.iter().map(|one| one.temperature / f64::from(one.count));
        let humidities = all.iter().map(|one| one.humidity / f64::from(one.count));
        vec![
            ("avg_temperature", floats(temperatures)),
            ("avg_humidity", floats(humidities)),
        ]
    }
}

/// Job `C`: count, mean and maximum of the temperature.
#[derive(Clone, Default)]
pub(super) struct Hottest {
    sum: f64,
    count: u32,
    max: Option<f64>,
}

impl Measure<1> for Hottest {
    const COLUMNS: [&str; 1] = ["temperature"];

    fn add(&mut self, [temperature]: [f64; 1]) {
        self.sum += temperature;
        self.count += 1;
        self.max = Some(self.max.map_or(temperature, |max| max.max(temperature)));
    }

    fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
        self.max = match (self.max, other.max) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn results(all: &[Self]) -> Vec<(&'static str, ArrayRef)> {
        let counts = all.iter().map(|one| i64::from(one.count));
        let means = all.iter().map(|one| one.sum / f64::from(one.count));
        let most: Float64Array = all.iter().map(|one| one.max).collect();
        vec![
            ("readings", Arc::new(Int64Array::from_iter_values(counts))),
            ("mean", floats(means)),
            ("max", Arc::new(most)),
        ]
    }
}

fn floats(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}
