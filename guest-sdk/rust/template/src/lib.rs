//! Functions for readings of temperatures.

use tidemill_sdk::prelude::*;

/// The configuration of a stage.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// The temperature above which it is hot.
    threshold: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { threshold: 30.0 }
    }
}

/// Is this reading above the threshold?
#[scalar]
fn is_hot(config: &Config, temperature: f64) -> bool {
    temperature > config.threshold
}

/// Converts degrees Celsius to degrees Fahrenheit.
#[scalar(result = "fahrenheit")]
fn to_fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}

/// Arithmetic mean.
#[derive(State, Default)]
struct Mean {
    sum: f64,
    count: i64,
}

#[aggregate]
impl Aggregate for Mean {
    type Input = f64;
    type Output = Option<f64>;

    fn update(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    fn finish(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

library!(config = Config, is_hot, to_fahrenheit, Mean);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn water_boils_at_212() {
        assert_eq!(to_fahrenheit(100.0), 212.0);
    }

    #[test]
    fn the_threshold_itself_is_not_hot() {
        assert!(!is_hot(&Config::default(), 30.0));
    }
}
