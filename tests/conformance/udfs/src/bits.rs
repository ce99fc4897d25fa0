//! Numbers, combined bit by bit.

use tidemill_sdk::prelude::*;

/// Makes an aggregate that folds all numbers into one; null if there are none.
macro_rules! fold {
    ($(#[$doc:meta])* $name:ident, $left:ident, $right:ident => $fold:expr) => {
        $(#[$doc])*
        #[derive(Debug, Default, State)]
        pub(crate) struct $name {
            value: Option<i64>,
        }

        #[aggregate]
        impl Aggregate for $name {
            type Input = i64;
            type Output = Option<i64>;

            fn update(&mut self, value: i64) {
                self.value = Some(self.value.map_or(value, |$left| {
                    let $right = value;
                    $fold
                }));
            }

            fn merge(&mut self, other: Self) {
                if let Some(value) = other.value {
                    self.update(value);
                }
            }

            fn finish(&self) -> Option<i64> {
                self.value
            }
        }
    };
}

fold!(
    /// The bits that all numbers have.
    BitAnd, left, right => left & right
);
fold!(
    /// The bits that a number has.
    BitOr, left, right => left | right
);
fold!(
    /// The bits that an odd count of numbers has.
    BitXor, left, right => left ^ right
);
#[cfg(test)]
mod tests {
    use super::*;

    /// What the values become together.
    macro_rules! of {
        ($aggregate:ty: $($value:expr),*) => {{
            let mut aggregate = <$aggregate>::default();
            $(aggregate.update($value);)*
            aggregate
        }};
    }

    #[test]
    fn bits_are_folded() {
        assert_eq!(of!(BitAnd: 6, 12).finish(), Some(4));
        assert_eq!(of!(BitOr: 6, 12).finish(), Some(14));
        assert_eq!(of!(BitXor: 6, 12).finish(), Some(10));
        assert_eq!(BitXor::default().finish(), None);
    }

    #[test]
    fn merging_is_as_one_pass() {
        let mut left = of!(BitXor: 1, 2);
        left.merge(of!(BitXor: 4));
        left.merge(BitXor::default());
        assert_eq!(left.finish(), Some(7));
    }
}
