//! What the catalog says.

use tidemill_sdk::testing::{Description, Kind};
use tidemill_sdk::types::{DataType, Field};

use crate::fixture::tester;

fn function(name: &str) -> Description {
    let tester = tester();
    let mut functions = tester.functions().iter();
    let found = functions.find(|function| function.name == name);
    found.expect("the function is there").clone()
}

fn field(name: &str, data_type: DataType, nullable: bool) -> Field {
    Field {
        name: name.to_owned(),
        data_type,
        nullable,
    }
}

#[test]
fn doc_comments_travel() {
    assert_eq!(
        function("is_hot").doc,
        "Is this reading above the threshold?\n\nThe threshold is configured."
    );
    assert_eq!(function("mean").doc, "Arithmetic mean.");
    assert_eq!(function("count").doc, "Counts rows.");
}

#[test]
fn the_configuration_is_no_parameter() {
    let parameters = function("is_hot").parameters;
    assert_eq!(parameters, [field("temperature", DataType::Float64, false)]);
}

#[test]
fn options_are_nullable_and_names_can_be_given() {
    assert_eq!(
        function("or_zero").parameters,
        [field("value", DataType::Int64, true)]
    );
    assert_eq!(
        function("trimmed").results,
        [field("trimmed", DataType::Utf8, true)]
    );
    assert_eq!(
        function("to_fahrenheit").results,
        [field("fahrenheit", DataType::Float64, false)]
    );
    assert_eq!(
        function("words").results,
        [field("word", DataType::Utf8, false)]
    );
    assert_eq!(
        function("min").results,
        [field("least", DataType::Int64, true)]
    );
}

#[test]
fn slices_are_columns_of_their_elements() {
    assert_eq!(
        function("prefix_sum").parameters,
        [
            field("values", DataType::Float64, false),
            field("weights", DataType::Float64, true)
        ]
    );
    assert_eq!(function("listing").kind, Kind::Holistic);
}

#[test]
fn states_have_fields_and_a_version() {
    let mean = function("mean");
    assert_eq!(mean.kind, Kind::Aggregate);
    assert_eq!(mean.state_version, 1);
    assert_eq!(
        mean.state,
        [
            field("sum", DataType::Float64, false),
            field("count", DataType::Int64, false)
        ]
    );
    assert_eq!(function("migrated").state_version, 3);
    let alert = function("alert");
    assert_eq!(alert.kind, Kind::Process);
    assert_eq!(alert.state.len(), 2);
    assert_eq!(
        alert.results,
        [
            field("balance", DataType::Float64, false),
            field("note", DataType::Utf8, true)
        ]
    );
}

#[test]
fn tuples_name_their_parts() {
    let join = function("join");
    assert_eq!(
        join.parameters,
        [
            field("text", DataType::Utf8, false),
            field("at", DataType::Timestamp, true)
        ]
    );
    assert!(function("count").parameters.is_empty());
}
