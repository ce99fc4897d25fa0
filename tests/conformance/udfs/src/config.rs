//! What a stage can configure: the constants of a query.

use serde::Deserialize;

/// The configuration of a stage. Each function says which key it reads.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// What is added, or below what a number is too small.
    pub(crate) amount: Option<i64>,
    /// What a number is divided by.
    pub(crate) divisor: Option<i64>,
    /// Both ends of an open interval.
    pub(crate) between: Option<(f64, f64)>,
    /// From one start of a window to the next, in seconds.
    pub(crate) slide_seconds: Option<i64>,
    /// Numbers that are looked for.
    pub(crate) numbers: Option<Vec<i64>>,
    /// A text that is looked for, or given.
    pub(crate) text: Option<String>,
    /// Texts that are looked for.
    pub(crate) texts: Option<Vec<String>>,
}

/// The value of a key that a function cannot do without.
pub(crate) fn needed<'a, T>(value: &'a Option<T>, key: &str) -> Result<&'a T, String> {
    let missing = || format!("add `{key} = …` to the stage's `config`");
    value.as_ref().ok_or_else(missing)
}
