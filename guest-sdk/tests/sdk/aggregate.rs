//! Many rows in, one out, by way of an accumulator.

use tidemill_sdk::Timestamp;
use tidemill_sdk::testing::{batch, column, values};
use tidemill_sdk::types::{DataType, Field};

use crate::fixture::tester;

#[test]
fn rows_reach_the_accumulator_of_their_group() {
    let tester = tester();
    let start = tester.init("mean", 3).expect("known");
    let rows = batch(4, [column([Some(1.0), Some(10.0), None, Some(2.0)])]);
    let result = tester
        .update("mean", start, &[0, 2, 2, 0], rows)
        .expect("fits");
    assert!(result.errors.is_empty());
    let means = tester.finish("mean", result.accumulators).expect("fits");
    assert_eq!(
        values::<Option<f64>>(&means.columns[0], 3),
        [Some(1.5), None, Some(10.0)]
    );
}

#[test]
fn accumulators_merge_in_order() {
    let tester = tester();
    let start = tester.init("join", 1).expect("known");
    let partials = batch(
        3,
        [
            column(["a", "b", "c"]),
            column([None, Some(Timestamp(1)), None]),
        ],
    );
    let merged = tester
        .merge("join", start, &[0, 0, 0], partials)
        .expect("fits");
    let text = tester.finish("join", merged).expect("fits");
    assert_eq!(values::<&str>(&text.columns[0], 1), ["abc"]);
}

#[test]
fn a_merge_that_fails_refuses_the_call() {
    let tester = tester();
    let long = || batch(1, [column(["123456"]), column([None::<Timestamp>])]);
    let error = tester
        .merge("join", long(), &[0], long())
        .expect_err("too long");
    assert_eq!(error, "too long");
}

#[test]
fn a_refused_row_leaves_its_accumulator_alone() {
    let tester = tester();
    let start = tester.init("join", 1).expect("known");
    let rows = batch(
        3,
        [
            column(["a", "!", "b"]),
            column([Some(Timestamp(1)), Some(Timestamp(2)), None]),
        ],
    );
    let result = tester
        .update("join", start, &[0, 0, 0], rows)
        .expect("fits");
    assert_eq!(result.errors.len(), 1);
    assert_eq!(result.errors[0].row, 1);
    let [text, last] = &result.accumulators.columns[..] else {
        panic!("two columns");
    };
    assert_eq!(values::<&str>(text, 1), ["ab"]);
    assert_eq!(values::<Option<Timestamp>>(last, 1), [Some(Timestamp(1))]);
}

#[test]
fn an_aggregate_may_have_no_parameters() {
    let tester = tester();
    let start = tester.init("count", 2).expect("known");
    let result = tester
        .update("count", start, &[1, 1, 0], batch(3, []))
        .expect("fits");
    let counts = tester.finish("count", result.accumulators).expect("fits");
    assert_eq!(values::<i64>(&counts.columns[0], 2), [1, 2]);
}

#[test]
fn generic_aggregates_are_functions_of_one_name() {
    let tester = tester();
    let overloads = tester.functions().iter().filter(|f| f.name == "min");
    let types: Vec<DataType> = overloads.map(|f| f.parameters[0].data_type).collect();
    assert_eq!(types, [DataType::Int64, DataType::Utf8]);

    let start = tester.init("min", 1).expect("known");
    let rows = batch(2, [column([3_i64, 2])]);
    let result = tester.update("min", start, &[0, 0], rows).expect("fits");
    assert_eq!(
        values::<Option<i64>>(&result.accumulators.columns[0], 1),
        [Some(2_i64)]
    );
}

fn field(name: &str, data_type: DataType) -> Field {
    Field {
        name: name.to_owned(),
        data_type,
        nullable: false,
    }
}

#[test]
fn older_states_become_the_present_one_step_by_step() {
    let tester = tester();
    let first = tester
        .migrate(
            "migrated",
            1,
            &[field("count", DataType::Int32)],
            batch(2, [column([5, 6])]),
        )
        .expect("version 1 is known");
    assert_eq!(values::<i64>(&first.columns[0], 2), [5, 6]);
    let same = tester
        .migrate(
            "migrated",
            3,
            &[field("total", DataType::Int64)],
            batch(1, [column([7_i64])]),
        )
        .expect("version 3 is the present one");
    assert_eq!(values::<i64>(&same.columns[0], 1), [7]);
}

#[test]
fn states_that_nobody_knows_are_refused() {
    let tester = tester();
    let migrate = |name, version, fields: &[Field]| {
        tester
            .migrate(name, version, fields, batch(1, [column([7_i64])]))
            .expect_err("not this one")
    };
    assert_eq!(
        migrate("migrated", 4, &[field("total", DataType::Int64)]),
        "version 4 of the state cannot become version 3"
    );
    assert_eq!(
        migrate("mean", 2, &[]),
        "version 2 of the state cannot become version 1"
    );
    assert_eq!(
        migrate("migrated", 2, &[field("total", DataType::Int64)]),
        "version 2 of the state has the fields `total: int64`, but here it has `count: int64`: \
         fields that change need a new version"
    );
}
