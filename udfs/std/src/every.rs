//! `every`.

use tidemill_sdk::prelude::*;

/// Whether all values are true.
#[derive(Debug, Default, State)]
pub(crate) struct Every {
    value: Option<bool>,
}

#[aggregate]
impl Aggregate for Every {
    type Input = bool;
    type Output = Option<bool>;

    fn update(&mut self, value: bool) {
        self.value = Some(self.value.map_or(value, |known| known && value));
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
    fn one_false_value_is_enough_against_it() {
        let mut found = Every::default();
        assert_eq!(found.finish(), None);
        found.update(true);
        assert_eq!(found.finish(), Some(true));
        found.merge(Every::default());
        found.merge(Every { value: Some(false) });
        assert_eq!(found.finish(), Some(false));
        found.update(true);
        assert_eq!(found.finish(), Some(false));
    }
}
