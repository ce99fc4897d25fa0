//! `any`.

use tidemill_sdk::prelude::*;

/// Whether one of the values is true.
#[derive(Debug, Default, State)]
pub(crate) struct Any {
    value: Option<bool>,
}

#[aggregate]
impl Aggregate for Any {
    type Input = bool;
    type Output = Option<bool>;

    fn update(&mut self, value: bool) {
        self.value = Some(self.value.map_or(value, |known| known || value));
    }

    fn merge(&mut self, other: Self) {
        if let Some(value) = other.value {
            self.update(value);
        }
    }

    fn finish(&self) -> Option<bool> {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_true_value_is_enough() {
        let mut found = Any::default();
        assert_eq!(found.finish(), None);
        found.update(false);
        assert_eq!(found.finish(), Some(false));
        found.merge(Any::default());
        found.merge(Any { value: Some(true) });
        assert_eq!(found.finish(), Some(true));
        found.update(false);
        assert_eq!(found.finish(), Some(true));
    }
}
