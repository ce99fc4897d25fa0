//! `count`.

use tidemill_sdk::prelude::*;

/// How many rows there are.
#[derive(Debug, Default, State)]
pub(crate) struct Count {
    rows: i64,
}

#[aggregate]
impl Aggregate for Count {
    type Input = ();
    type Output = i64;

    fn update(&mut self, (): ()) {
        self.rows += 1;
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
    }

    fn finish(&self) -> i64 {
        self.rows
    }
}

/// An aggregate for each type of values to count.
macro_rules! count {
    ($($name:ident: $type:ty),+ $(,)?) => {
        $(
            /// How many rows have a value.
            #[derive(Debug, Default, State)]
            pub(crate) struct $name {
                rows: i64,
            }

            #[aggregate(name = "count", parameters(value))]
            impl Aggregate for $name {
                type Input = $type;
                type Output = i64;

                fn update(&mut self, _: $type) {
                    self.rows += 1;
                }

                fn merge(&mut self, other: Self) {
                    self.rows += other.rows;
                }

                fn finish(&self) -> i64 {
                    self.rows
                }
            }
        )+
    };
}

count!(
    CountBoolean: bool,
    CountInt64: i64,
    CountFloat64: f64,
    CountTimestamp: Timestamp,
    CountUtf8: &str,
    CountBinary: &[u8],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Library;
    use tidemill_sdk::testing::{Tester, batch, column, values};

    #[test]
    fn rows_count() {
        let mut count = Count::default();
        assert_eq!(count.finish(), 0);
        count.update(());
        count.merge(Count { rows: 2 });
        assert_eq!(count.finish(), 3);
    }

    #[test]
    fn nulls_do_not_count() {
        let library = Tester::<Library>::new("{}").expect("no configuration is needed");
        let place = library
            .functions()
            .iter()
            .position(|function| function.name == "count" && function.parameters.len() == 1);
        assert_eq!(place, Some(1), "the overload for boolean comes first");

        let start = CountUtf8::store(vec![CountUtf8::default()]);
        let rows = batch(3, [column([Some("a"), None, Some("b")])]);
        let update = tidemill_sdk::support::aggregate::body::<CountUtf8>().update;
        let counted = update(start, &[0, 0, 0], &rows).expect("the batch fits");
        assert_eq!(values::<i64>(&counted.accumulators.columns[0], 1), [2]);
    }
}
