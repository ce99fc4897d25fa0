//! Finds the rows on which a call fails and lets the others through.

use std::ops::Range;

use super::rejects::{BadRow, Patience};
use crate::wasm::CallError;

/// Applies `attempt` to all of `rows`; if that fails, to each half, and so on down to single rows.
/// A row that fails by itself is bad; the bad rows are returned, in order. What succeeds is handed to
/// `accept`, in the order of the rows, each row exactly once.
///
/// Stops when more rows have failed one after the other than `patience` allows; the caller's policy
/// then ends the job, so that rows after them need not be looked at.
///
/// An attempt must change nothing when it fails.
pub(super) fn isolate<T>(
    rows: Range<usize>,
    patience: Patience,
    attempt: &mut impl FnMut(Range<usize>) -> Result<T, CallError>,
    accept: &mut impl FnMut(Range<usize>, T),
) -> Vec<BadRow> {
    let mut bad = Vec::new();
    let mut patience = patience;
    // What is left to do, the first rows on top.
    let mut left = vec![rows];
    while let Some(rows) = left.pop() {
        if rows.is_empty() {
            continue;
        }
        match attempt(rows.clone()) {
            Ok(result) => {
                patience.renew();
                accept(rows, result);
            }
            Err(error) if rows.len() == 1 => {
                bad.push(BadRow {
                    row: rows.start,
                    reason: error.to_string(),
                });
                if patience.lose() {
                    break;
                }
            }
            Err(_) => {
                let middle = rows.start + rows.len() / 2;
                left.push(middle..rows.end);
                left.push(rows.start..middle);
            }
        }
    }
    bad
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn good_rows_pass_once_and_in_order(poison in prop::collection::vec(any::<bool>(), 0..200)) {
            let mut passed = Vec::new();
            let mut attempt = |rows: Range<usize>| {
                if poison[rows].contains(&true) {
                    Err(CallError::Refused("poison".into()))
                } else {
                    Ok(())
                }
            };
            let bad = isolate(
                0..poison.len(),
                Patience::endless(),
                &mut attempt,
                &mut |rows, ()| passed.extend(rows),
            );
            let rows = |wanted: bool| -> Vec<usize> {
                (0..poison.len()).filter(|row| poison[*row] == wanted).collect()
            };
            prop_assert_eq!(passed, rows(false));
            prop_assert_eq!(
                bad.into_iter().map(|bad| bad.row).collect::<Vec<_>>(),
                rows(true)
            );
        }
    }

    #[test]
    fn nothing_but_bad_rows_is_given_up_on() {
        let mut calls = 0;
        let mut attempt = |_: Range<usize>| {
            calls += 1;
            Err::<(), _>(CallError::Refused("always".into()))
        };
        let bad = isolate(0..8192, Patience::new(0, 3), &mut attempt, &mut |_, ()| {});
        assert_eq!(bad.len(), 4);
        assert!(calls < 25, "{calls}");
    }
}
