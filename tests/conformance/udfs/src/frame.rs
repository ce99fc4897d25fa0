//! Functions over the frame of a row: what SQL writes with `over (… rows between …)`.

use tidemill_sdk::prelude::*;

use crate::config::{Config, needed};

/// The value as many rows after the first as the configured `offset` says: for a frame that begins
/// with the row itself, SQL's `lead`.
#[holistic]
pub(crate) fn lead(config: &Config, value: &[i64]) -> Result<Option<i64>, String> {
    let offset = *needed(&config.offset, "offset")?;
    Ok(value.get(offset).copied())
}

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
    fn a_lead_counts_from_the_row_itself() {
        let config = Config {
            offset: Some(1),
            ..Config::default()
        };
        assert_eq!(lead(&config, &[1, 2, 3]), Ok(Some(2)));
        assert_eq!(lead(&config, &[1]), Ok(None));
    }

    #[test]
    fn the_row_itself_is_not_added() {
        assert_eq!(sum_before(&[1, 2, 4]), Some(3));
        assert_eq!(sum_before(&[4]), None);
    }
}
