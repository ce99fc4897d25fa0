//! Functions over the frame of a row: what SQL writes with `over (… rows between …)`.

use tidemill_sdk::prelude::*;

/// The sum of all values but the last; null if there are none. For a frame that ends with the row
/// itself, that is SQL's `exclude current row`.
#[holistic]
pub(crate) fn sum_before(value: &[i64]) -> Option<i64> {
    let (_, before) = value.split_last()?;
    before.iter().copied().reduce(i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_itself_is_not_added() {
        assert_eq!(sum_before(&[1, 2, 4]), Some(3));
        assert_eq!(sum_before(&[4]), None);
    }
}
