//! One row in, any number out.

use tidemill_sdk::testing::{batch, column, values};

use crate::fixture::tester;

#[test]
fn results_know_their_parents() {
    let lines = column([Some("a b"), None, Some(""), Some("c")]);
    let result = tester().table("words", batch(4, [lines])).expect("fits");
    assert_eq!(values::<&str>(&result.columns[0], 3), ["a", "b", "c"]);
    assert_eq!(result.parents, [0, 0, 3]);
    assert!(result.errors.is_empty());
}

#[test]
fn a_refused_row_is_nobodys_parent() {
    let arguments = [column(["x", "y", "z"]), column([1_i64, -1, 2])];
    let result = tester().table("repeat", batch(3, arguments)).expect("fits");
    assert_eq!(
        values::<String>(&result.columns[0], 3),
        ["x10", "z10", "z10"]
    );
    assert_eq!(result.parents, [0, 2, 2]);
    assert_eq!(result.errors.len(), 1);
    assert_eq!(result.errors[0].row, 1);
    assert_eq!(
        result.errors[0].message,
        "cannot repeat less than zero times"
    );
}
