//! What a stage can configure.

/// The configuration of a stage.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The balance under which an account is low, in cents.
    pub(crate) threshold: i64,
    /// What is in an account before its first crossing, in cents.
    pub(crate) opening: i64,
    /// By how many percent traffic must differ from the usual to be unusual.
    pub(crate) percent: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threshold: 1_000,
            opening: 0,
            percent: 40.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Library;
    use tidemill_sdk::testing::Tester;

    #[test]
    fn misspelt_keys_are_refused() {
        assert!(Tester::<Library>::new("{}").is_ok());
        assert!(Tester::<Library>::new(r#"{"treshold": 1}"#).is_err());
    }
}
