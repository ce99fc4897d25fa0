//! Readings of a weather station: a filter and a conversion.
//!
//! ```toml
//! [stage.hot]
//! from = "readings"
//! filter = "weather.wasm#is_hot"
//! config = { threshold = 25.0 }
//!
//! [stage.converted]
//! from = "hot"
//! map = "weather.wasm#to_fahrenheit"
//! args = { celsius = "temperature" }
//! ```

use tidemill_sdk::prelude::*;

/// The configuration of a stage.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The temperature above which it is hot, in the unit of the readings.
    pub threshold: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { threshold: 30.0 }
    }
}

/// Is this reading above the configured threshold (`threshold`, 30 if not given)?
#[scalar]
pub fn is_hot(config: &Config, temperature: f64) -> bool {
    temperature > config.threshold
}

/// Converts degrees Celsius to degrees Fahrenheit.
#[scalar(result = "fahrenheit")]
pub fn to_fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}

/// Tells an instant in milliseconds since the Unix epoch, as most devices do.
#[scalar(result = "ts")]
pub fn epoch_millis(ts: Timestamp) -> i64 {
    ts.micros().div_euclid(1000)
}

library!(config = Config, is_hot, to_fahrenheit, epoch_millis);

#[cfg(test)]
mod tests {
    use super::*;
    use tidemill_sdk::testing::Tester;

    #[test]
    fn the_threshold_itself_is_not_hot() {
        let config = Config { threshold: 30.0 };
        assert!(!is_hot(&config, 30.0));
        assert!(is_hot(&config, 30.1));
    }

    #[test]
    fn instants_before_the_epoch_are_rounded_down() {
        assert_eq!(epoch_millis(Timestamp::from_micros(1_999)), 1);
        assert_eq!(epoch_millis(Timestamp::from_micros(-1)), -1);
    }

    #[test]
    fn water_freezes_at_32_and_boils_at_212() {
        assert_eq!(to_fahrenheit(0.0), 32.0);
        assert_eq!(to_fahrenheit(100.0), 212.0);
    }

    #[test]
    fn the_threshold_may_be_left_out() {
        assert!(Tester::<Library>::new("{}").is_ok());
        assert!(Tester::<Library>::new(r#"{"threshhold": 1}"#).is_err());
    }
}
