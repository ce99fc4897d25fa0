//! What a guest may do beside computing: nothing by default.

use std::fmt;

/// What the guests of a stage may do beside computing. What is not allowed is not missing but virtual: the
/// clock stands at the watermark, random bytes follow from what a call is given, and there are no variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// Look at the clock of the host.
    pub clock: bool,
    /// Take random bytes from the host.
    pub random: bool,
    /// See these variables of the host's environment, in the order of their names.
    pub variables: Vec<Variable>,
}

/// A variable of the environment.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// What it is called.
    pub name: String,
    /// What it holds; never shown.
    pub value: String,
}

impl Allow {
    /// Whether nothing is allowed.
    pub const fn is_nothing(&self) -> bool {
        !self.clock && !self.random && self.variables.is_empty()
    }

    /// The same without what changes from one look to the next.
    #[must_use]
    pub fn only_variables(&self) -> Self {
        Self {
            variables: self.variables.clone(),
            ..Self::default()
        }
    }
}

/// As in a pipeline, without the quotes: `clock, random, env:NAME`.
impl fmt::Display for Allow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_nothing() {
            return formatter.write_str("nothing");
        }
        let clock = self.clock.then(|| "clock".to_owned());
        let random = self.random.then(|| "random".to_owned());
        let variables = self.variables.iter();
        let variables = variables.map(|variable| format!("env:{}", variable.name));
        let words = clock.into_iter().chain(random).chain(variables);
        formatter.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

/// Leaves out the value, which may be a secret.
impl fmt::Debug for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_in_a_pipeline_and_shows_no_values() {
        let mut allow = Allow::default();
        assert_eq!(allow.to_string(), "nothing");
        allow.clock = true;
        allow.variables.push(Variable {
            name: "HOME".to_owned(),
            value: "hunter2".to_owned(),
        });
        assert_eq!(allow.to_string(), "clock, env:HOME");
        assert!(!format!("{allow:?}").contains("hunter2"));
    }
}
