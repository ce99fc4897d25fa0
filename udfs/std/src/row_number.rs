//! `row_number`.

use tidemill_sdk::prelude::*;

/// How many rows a key has had.
#[derive(Debug, Default, State)]
pub(crate) struct Rows {
    rows: i64,
}

/// Numbers the rows of each key from 1.
#[process]
pub(crate) fn row_number(seen: &mut Rows) -> Option<i64> {
    seen.rows += 1;
    Some(seen.rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_from_one() {
        let mut rows = Rows::default();
        assert_eq!(row_number(&mut rows), Some(1));
        assert_eq!(row_number(&mut rows), Some(2));
    }
}
