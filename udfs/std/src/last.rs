//! `last`.

use tidemill_sdk::prelude::*;

use crate::kept::Kept;

/// The value that arrived last, as far as event time leaves it open: rows that fall into different
/// pieces of a sliding window go by their pieces.
#[derive(Debug, Default, State)]
pub(crate) struct Last<T> {
    value: Option<T>,
}

#[aggregate]
impl<T: Kept> Aggregate for Last<T> {
    type Input = T::Given<'_>;
    type Output = Option<T>;

    fn update(&mut self, value: T::Given<'_>) {
        self.value = Some(T::keep(value));
    }

    fn merge(&mut self, other: Self) {
        if other.value.is_some() {
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
    fn the_last_one_stays() {
        let mut last = Last::default();
        last.update(true);
        last.update(false);
        last.merge(Last { value: None });
        assert_eq!(last.finish(), Some(false));
        last.merge(Last { value: Some(true) });
        assert_eq!(last.finish(), Some(true));
    }

    #[test]
    fn bytes_are_kept_too() {
        let mut last = Last::<Vec<u8>>::default();
        assert_eq!(last.finish(), None);
        last.update(&[1, 2]);
        assert_eq!(last.finish(), Some(vec![1, 2]));
    }
}
