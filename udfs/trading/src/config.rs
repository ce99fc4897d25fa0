//! What a stage can configure.

/// The configuration of a stage.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which of the two symbols of a pair is meant: `a` or `b`.
    pub(crate) leg: String,
    /// How much a new spread moves the usual one, from 0 (not at all) to 1 (it becomes the usual one).
    pub(crate) weight: Weight,
    /// By how many percent a spread must deviate.
    pub(crate) percent: f64,
    /// For how many seconds after an alert another one is the same.
    pub(crate) quiet_seconds: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            leg: "a".to_owned(),
            weight: Weight(0.02),
            percent: 10.0,
            quiet_seconds: 60,
        }
    }
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(try_from = "f64")]
pub(crate) struct Weight(f64);

impl Weight {
    pub(crate) const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Weight {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        match (0.0..=1.0).contains(&number) {
            true => Ok(Self(number)),
            false => Err(format!("the weight {number} is not between 0 and 1")),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Library;
    use tidemill_sdk::testing::Tester;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(Tester::<Library>::new(r#"{"leg": "b", "weight": 0.5}"#).is_ok());
        assert!(Tester::<Library>::new(r#"{"weight": 2}"#).is_err());
        assert!(Tester::<Library>::new(r#"{"percents": 2}"#).is_err());
    }
}
