//! `max_by`.

use tidemill_sdk::prelude::*;

use crate::kept::{Kept, Ordered};

/// The value of the row in which `by` is greatest; of several such rows the first one. Rows in which one of
/// them is null are left out. NaN is greater than all numbers; text is compared byte by byte.
#[derive(Debug, Default, State)]
pub(crate) struct MaxBy<V, B> {
    value: Option<V>,
    by: Option<B>,
}

#[aggregate(parameters(value, by))]
impl<V: Kept, B: Ordered> Aggregate for MaxBy<V, B> {
    type Input = (V::Given<'_>, B::Given<'_>);
    type Output = Option<V>;

    fn update(&mut self, (value, by): (V::Given<'_>, B::Given<'_>)) {
        let replaces = |kept: &B| B::compare(by, kept.given()).is_gt();
        if self.by.as_ref().is_none_or(replaces) {
            self.value = Some(V::keep(value));
            self.by = Some(B::keep(by));
        }
    }

    fn merge(&mut self, other: Self) {
        if let (Some(value), Some(by)) = (&other.value, &other.by) {
            self.update((value.given(), by.given()));
        }
    }

    fn finish(&self) -> Option<V> {
        self.value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_with_the_greatest_by_wins() {
        let mut found = MaxBy::<String, i64>::default();
        assert_eq!(found.finish(), None);
        found.update(("a", 2));
        found.update(("b", 3));
        found.update(("c", 2));
        assert_eq!(found.finish().as_deref(), Some("b"));
    }

    #[test]
    fn of_equal_rows_the_first_wins() {
        let mut found = MaxBy::<i64, f64>::default();
        found.update((1, 0.5));
        let mut other = MaxBy::default();
        other.update((2, 0.5));
        found.merge(other);
        found.merge(MaxBy::default());
        assert_eq!(found.finish(), Some(1));
    }
}
