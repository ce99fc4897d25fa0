//! What a stage can configure.

use serde::Deserialize;

/// The configuration of a stage.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What `quantile` computes: 0 is the least value, 0.5 the median, 1 the greatest value.
    pub(crate) quantile: Option<Fraction>,
    /// How many rows `lag` looks back and `lead` looks ahead; 1 unless it is given.
    pub(crate) rows: Option<u32>,
}

impl Config {
    pub(crate) fn rows(&self) -> usize {
        self.rows.unwrap_or(1) as usize
    }
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "f64")]
pub(crate) struct Fraction(f64);

impl Fraction {
    pub(crate) const HALF: Self = Self(0.5);

    pub(crate) fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Fraction {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        match (0.0..=1.0).contains(&number) {
            true => Ok(Self(number)),
            false => Err(format!("{number} is not between 0 and 1")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Library;
    use tidemill_sdk::testing::Tester;

    #[test]
    fn a_fraction_is_between_zero_and_one() {
        assert!(Fraction::try_from(1.0).is_ok());
        assert!(Fraction::try_from(1.1).is_err());
        assert!(Fraction::try_from(f64::NAN).is_err());
    }

    #[test]
    fn one_row_is_meant_unless_another_number_is_given() {
        assert_eq!(Config::default().rows(), 1);
        assert!(Tester::<Library>::new(r#"{"rows": 2}"#).is_ok());
        assert!(Tester::<Library>::new(r#"{"rows": -1}"#).is_err());
    }

    #[test]
    fn a_stage_learns_what_is_wrong_at_once() {
        assert!(Tester::<Library>::new(r#"{"quantile": 0.95}"#).is_ok());
        let error = Tester::<Library>::new(r#"{"quantile": 95}"#).err();
        let message = "the configuration does not fit: quantile: 95 is not between 0 and 1";
        assert!(error.is_some_and(|error| error.starts_with(message)));
    }
}
