//! Row by row, with a state for each key.

use tidemill_sdk::testing::{batch, column, values};

use crate::fixture::tester;

#[test]
fn rows_find_the_state_of_their_key() {
    let tester = tester();
    let state = tester.init_process("alert", 2).expect("known");
    let amounts = batch(
        5,
        [column([
            Some(20.0),
            Some(5.0),
            Some(-15.0),
            None,
            Some(-1.0),
        ])],
    );
    let result = tester
        .process("alert", state, &[0, 1, 0, 0, 0], amounts)
        .expect("fits");
    assert_eq!(result.parents, [1, 2]);
    assert_eq!(values::<f64>(&result.columns[0], 2), [5.0, 5.0]);
    assert_eq!(values::<Option<&str>>(&result.columns[1], 2), [None, None]);
    assert_eq!(values::<f64>(&result.state.columns[0], 2), [4.0, 5.0]);
    assert_eq!(values::<bool>(&result.state.columns[1], 2), [true, true]);
}

#[test]
fn a_refused_row_leaves_its_state_alone() {
    let tester = tester();
    let state = batch(1, [column([4_i64])]);
    let steps = batch(2, [column([None, Some(2_i64)])]);
    let result = tester
        .process("running", state, &[0, 0], steps)
        .expect("fits");
    assert_eq!(result.errors.len(), 1);
    assert_eq!(
        (result.errors[0].row, &*result.errors[0].message),
        (0, "five")
    );
    assert_eq!(values::<i64>(&result.columns[0], 1), [6]);
    assert_eq!(result.parents, [1]);
    assert_eq!(values::<i64>(&result.state.columns[0], 1), [6]);
}

#[test]
fn a_function_without_results_says_which_rows_pass() {
    let tester = tester();
    let state = tester.init_process("record", 1).expect("known");
    let rows = batch(5, [column([3_i64, 2, 13, 5, 5])]);
    let result = tester.process("record", state, &[0; 5], rows);
    let result = result.expect("fits");
    assert_eq!(result.parents, [0, 3]);
    assert!(result.columns.is_empty());
    assert_eq!(result.errors[0].row, 2);
    assert_eq!(values::<i64>(&result.state.columns[0], 1), [5]);
    let place = tester.place("record") as usize;
    assert!(tester.functions()[place].results.is_empty());
}
