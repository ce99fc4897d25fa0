//! `first`.

use tidemill_sdk::prelude::*;

use crate::kept::Kept;

/// The value that arrived first, as far as event time leaves it open: rows that fall into different
/// pieces of a sliding window go by their pieces.
#[derive(Debug, Default, State)]
pub(crate) struct First<T> {
    value: Option<T>,
}

#[aggregate]
impl<T: Kept> Aggregate for First<T> {
    type Input = T::Given<'_>;
    type Output = Option<T>;

    fn update(&mut self, value: T::Given<'_>) {
        if self.value.is_none() {
            self.value = Some(T::keep(value));
        }
    }

    fn merge(&mut self, other: Self) {
        if self.value.is_none() {
            self.value = other.value;
        }
    }

    fn finish(&self) -> Option<T> {
        self.value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_stays() {
        let mut first = First::<String>::default();
        assert_eq!(first.finish(), None);
        first.update("a");
        first.update("b");
        first.merge(First {
            value: Some("c".to_owned()),
        });
        assert_eq!(first.finish().as_deref(), Some("a"));
    }

    #[test]
    fn an_empty_accumulator_takes_the_first_of_the_other() {
        let mut first = First::default();
        first.merge(First { value: Some(3_i64) });
        assert_eq!(first.finish(), Some(3));
    }
}
