//! One row in, one row out.

use tidemill_sdk::Timestamp;
use tidemill_sdk::testing::{batch, column, values};
use tidemill_sdk::types::{Buffer, Column, RowError};

use crate::fixture::tester;

/// Calls a function and takes its only column.
#[track_caller]
fn call(name: &str, rows: u32, columns: Vec<Column>) -> (Column, Vec<RowError>) {
    let mut result = tester()
        .scalar(name, batch(rows, columns))
        .expect("the batch fits");
    assert_eq!(result.columns.len(), 1);
    (result.columns.remove(0), result.errors)
}

#[test]
fn booleans_are_packed_and_the_configuration_is_there() {
    let temperatures: Vec<f64> = (0..21).map(f64::from).collect();
    let (result, errors) = call("is_hot", 21, vec![column(temperatures.clone())]);
    let expected: Vec<bool> = temperatures.iter().map(|&t| t > 10.0).collect();
    assert_eq!(values::<bool>(&result, 21), expected);
    assert_eq!(
        result.buffer,
        Buffer::Boolean(vec![0, 0b1111_1000, 0b0001_1111])
    );
    assert!(errors.is_empty());
}

#[test]
fn a_null_argument_makes_a_null_result() {
    let arguments = column([Some(100.0), None, Some(0.0)]);
    let (result, errors) = call("to_fahrenheit", 3, vec![arguments]);
    assert_eq!(
        values::<Option<f64>>(&result, 3),
        [Some(212.0), None, Some(32.0)]
    );
    assert!(errors.is_empty());
}

#[test]
fn a_validity_without_nulls_is_as_none() {
    let arguments = Column {
        validity: Some(vec![0b0000_0011]),
        ..column([1.0, 2.0])
    };
    let (result, _) = call("to_fahrenheit", 2, vec![arguments]);
    assert_eq!(result.validity, None);
}

#[test]
fn an_optional_argument_sees_nulls() {
    let (result, _) = call("or_zero", 2, vec![column([None, Some(7_i64)])]);
    assert_eq!(values::<i64>(&result, 2), [0, 7]);
    assert_eq!(result.validity, None);
}

#[test]
fn text_may_be_borrowed_from_the_argument() {
    let (result, _) = call("trimmed", 3, vec![column([" ä ", "  ", "b"])]);
    assert_eq!(
        values::<Option<&str>>(&result, 3),
        [Some("ä"), None, Some("b")]
    );
}

#[test]
fn an_error_refuses_its_row_only() {
    let arguments = vec![
        column([6, 6, 6, 6]),
        column([Some(3), Some(0), Some(13), None]),
    ];
    let (result, errors) = call("checked_div", 4, arguments);
    assert_eq!(
        values::<Option<i32>>(&result, 4),
        [Some(2), None, None, None]
    );
    let message = "6 divided by zero".to_owned();
    assert_eq!(errors, [RowError { row: 1, message }]);
}

#[test]
fn a_row_struct_makes_several_columns() {
    let arguments = vec![
        column([Some("ab"), None]),
        column([Timestamp(5), Timestamp(6)]),
    ];
    let result = tester()
        .scalar("parts", batch(2, arguments))
        .expect("the batch fits");
    let [head, length] = &result.columns[..] else {
        panic!("two columns");
    };
    assert_eq!(values::<Option<&str>>(head, 2), [Some("a"), None]);
    assert_eq!(values::<Option<i64>>(length, 2), [Some(5_i64), None]);
}

#[test]
fn every_type_can_be_a_parameter() {
    let arguments = vec![
        column([true]),
        column([1]),
        column([1.5_f32]),
        column([Timestamp(0)]),
        column(["e"]),
        column([vec![6_u8]]),
        column([&[7_u8][..]]),
        column([None::<&str>]),
    ];
    let (result, _) = call("every_type", 1, arguments);
    let expected = "true 1 1.5 1970-01-01T00:00:00.000000Z e [6] [7] None";
    assert_eq!(values::<&str>(&result, 1), [expected]);
}

#[test]
fn columns_come_without_the_rows_that_lack_a_value() {
    let arguments = vec![
        column([Some(1.0), None, Some(2.0)]),
        column([None, Some(9.0), Some(10.0)]),
    ];
    let (result, _) = call("prefix_sum", 3, arguments);
    assert_eq!(
        values::<Option<f64>>(&result, 3),
        [Some(1.0), None, Some(21.0)]
    );
}

#[test]
fn columns_of_the_wrong_length_or_an_error_refuse_the_call() {
    let call = |text| tester().scalar("too_short", batch(1, [column([text])]));
    assert_eq!(
        call("x").expect_err("no values"),
        "the function made 0 values of 1"
    );
    assert_eq!(call("fail").expect_err("told to"), "told to");
}

#[test]
fn no_rows_make_no_rows() {
    let (result, _) = call("trimmed", 0, vec![column::<&str>([])]);
    assert!(values::<&str>(&result, 0).is_empty());
}
