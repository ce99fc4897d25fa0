//! `tidemill compat`: whether a component can replace another one, without a stream.

use std::fs;

use crate::support::{Run, Workspace, library};

/// Compares two libraries, which lie in a folder as `old.wasm` and `new.wasm`.
fn compat(old: &str, new: &str, more: &[&str]) -> Run {
    let workspace = Workspace::new();
    for (name, library) in [("old.wasm", library(old)), ("new.wasm", library(new))] {
        fs::copy(library, workspace.path(name)).expect("copied");
    }
    workspace.output(&[&["compat", "old.wasm", "new.wasm"], more].concat())
}

#[test]
fn a_component_can_replace_one_whose_state_it_converts() {
    let run = compat("gauge", "gauge2", &[]);
    let expected = "\
fits      scalar is_high(level: float64) -> is_high: boolean
migrates  aggregate mean(value: float64) -> mean: float64?
          converts version 1 of its state to version 2
fits      process number() -> number: int64
new       scalar is_high(level: float64, least: float64, most: float64) -> is_high: boolean
`new.wasm` can take the place of `old.wasm`
";
    assert_eq!(
        (run.stdout.as_str(), run.status),
        (expected, 0),
        "{}",
        run.stderr
    );
}

#[test]
fn a_component_cannot_replace_one_whose_state_it_does_not_know() {
    let run = compat("gauge2", "gauge", &[]);
    let expected = "\
fits      scalar is_high(metres: float64) -> is_high: boolean
breaks    scalar is_high(level: float64, least: float64, most: float64) -> is_high: boolean
          `is_high` takes (level: float64) now, (level: float64, least: float64, most: float64) before: \
give it back as it was, or stop the job and start it with the new one
breaks    aggregate mean(value: float64) -> mean: float64?
          `mean` cannot convert version 2 of its state, (sum: float64, count: int64), to version 1: \
version 2 of the state cannot become version 1: let its `migrate` take that version (in Rust, \
`previous = …`), or start the job over with `--fresh`
fits      process number() -> number: int64
`new.wasm` cannot take the place of `old.wasm`: it breaks `is_high`, `mean`
";
    assert_eq!(
        (run.stdout.as_str(), run.status),
        (expected, 1),
        "{}",
        run.stderr
    );
}

#[test]
fn functions_that_are_gone_break() {
    let run = compat("weather", "gauge", &[]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let gone = "\
breaks    scalar is_hot(temperature: float64) -> is_hot: boolean
          there is none of this name with these parameters
";
    assert!(run.stdout.starts_with(gone), "{}", run.stdout);
    let conclusion = "it breaks `is_hot`, `to_fahrenheit`, `epoch_millis`\n";
    assert!(run.stdout.ends_with(conclusion), "{}", run.stdout);
}

#[test]
fn both_components_get_the_configuration() {
    let run = compat("weather", "weather", &["--config", r#"{"threshold": 3}"#]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let run = compat("weather", "gauge", &["--config", r#"{"threshold": 3}"#]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("cannot tell what is in `new.wasm`")
            && run.stderr.contains("refuses its configuration"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_no_component_and_wrong_usage_are_told() {
    let workspace = Workspace::new();
    fs::copy(library("gauge"), workspace.path("old.wasm")).expect("copied");
    workspace.write("new.wasm", "#!/bin/sh");
    let run = workspace.output(&["compat", "old.wasm", "new.wasm"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("cannot load `new.wasm`") && run.stdout.is_empty(),
        "{}",
        run.stderr
    );
    assert_eq!(workspace.output(&["compat", "old.wasm"]).status, 2);
}
