//! Many rows in, one out, with all rows at hand.

use tidemill_sdk::testing::{batch, column, values};

use crate::fixture::tester;

#[test]
fn groups_get_their_rows_without_nulls() {
    let rows = batch(5, [column([Some(3.0), None, Some(1.0), None, Some(9.0)])]);
    let result = tester()
        .holistic("median", 4, &[0, 0, 0, 1, 3], rows)
        .expect("fits");
    assert_eq!(
        values::<Option<f64>>(&result.columns[0], 4),
        [Some(3.0), None, None, Some(9.0)]
    );
}

#[test]
fn an_error_refuses_its_group_only() {
    let rows = batch(
        3,
        [
            column([Some("a"), None, Some("b")]),
            column([Some(true), Some(true), None]),
        ],
    );
    let result = tester()
        .holistic("listing", 2, &[0, 0, 0], rows)
        .expect("fits");
    let expected = r#"10 ["a", "b"] [Some(true), None]"#;
    assert_eq!(
        values::<Option<&str>>(&result.columns[0], 2),
        [Some(expected), None]
    );
    assert_eq!(result.errors.len(), 1);
    assert_eq!(result.errors[0].row, 1);
    assert_eq!(result.errors[0].message, "nothing to list");
}

#[test]
fn groups_must_be_in_order() {
    let rows = batch(2, [column([1.0, 2.0])]);
    let error = tester().holistic("median", 2, &[1, 0], rows);
    assert_eq!(error.expect_err("not in order"), "groups are not in order");
}
