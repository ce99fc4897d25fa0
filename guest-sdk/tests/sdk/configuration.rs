//! What a stage's configuration may be.

use tidemill_sdk::prelude::*;
use tidemill_sdk::testing::Tester;

use crate::fixture;

mod plain {
    use super::*;

    #[scalar]
    pub(super) fn same(value: i64) -> i64 {
        value
    }

    library!(same);
}

#[track_caller]
fn refused<L: tidemill_sdk::Library>(config: &str, message: &str) {
    match Tester::<L>::new(config) {
        Ok(_) => panic!("`{config}` should not fit"),
        Err(error) => assert_eq!(error, format!("the configuration does not fit: {message}")),
    }
}

#[test]
fn a_library_says_what_is_wrong_with_a_configuration() {
    refused::<fixture::Library>(
        r#"{"treshold": 1}"#,
        "unknown field `treshold`, expected `threshold` at line 1 column 11",
    );
    refused::<fixture::Library>(
        r#"{"threshold": "1"}"#,
        "threshold: invalid type: string \"1\", expected f64 at line 1 column 17",
    );
}

#[test]
fn a_library_without_configuration_takes_an_empty_object() {
    assert!(Tester::<plain::Library>::new("{}").is_ok());
    refused::<plain::Library>(
        r#"{"a": 1}"#,
        "unknown field `a`, there are no fields at line 1 column 4",
    );
}

#[test]
fn the_functions_stay_ordinary_functions() {
    assert_eq!(plain::same(3), 3);
    let mut mean = fixture::Mean::default();
    mean.update(4.0);
    assert_eq!(mean.finish(), Some(4.0));
}
