//! `tidemill compat`: whether a component can replace another one, without a stream.

use std::fs;

use tidemill::{
    batch::Schema,
    pipeline::{Environment, Plan, Registry, check_migrations, compare, load},
    wasm::{Engine, EngineOptions},
};

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

/// A pipeline that keeps what functions of the library in `component` know.
fn plan(workspace: &Workspace, component: &str, functions: &str, registry: &Registry) -> Plan {
    let path = workspace.write(
        "pipeline.toml",
        format!(
            r#"name = "job"
[source.in]
connector = "stdin"
format = "json"
columns = {{ n = "int64" }}
[stage.counted]
from = "in"
key = ["n"]
window = {{ global = true }}
aggregate = [{functions}]
[stage.numbered]
from = "in"
key = ["n"]
process = "{component}#number"
args = ["n"]
[sink.counts]
from = "counted"
connector = "blackhole"
[sink.numbers]
from = "numbered"
connector = "blackhole"
"#
        ),
    );
    let environment = Environment {
        libraries: registry,
        resolve_paths: &|path| Ok(vec![path.to_owned()]),
        parquet_schema: &|_| Err(String::new()),
        generator_schema: Schema::default(),
        variable: &|_| None,
        cores: 1,
    };
    let plan = load(&path, &environment);
    plan.unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"))
}

/// What stands in the way of a job that goes on with `marks_next` instead of `marks`.
fn misfits(functions: &[&str]) -> Vec<String> {
    let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
    let registry = Registry::new(engine);
    let workspace = Workspace::new();
    let [old, new] = ["marks", "marks_next"].map(|name| {
        let component = library(name).display().to_string();
        let calls = functions.iter();
        let calls: Vec<String> = calls
            .map(|function| format!("{{ call = \"{component}#{function}\", args = [\"n\"] }}"))
            .collect();
        plan(&workspace, &component, &calls.join(", "), &registry)
    });
    let changes = compare(&old, &new).expect("the signatures are the same");
    let migrates: Vec<bool> = changes.iter().map(|change| change.migrates).collect();
    assert_eq!(migrates, [true, true]);
    match check_migrations(&registry, &old, &new, &changes) {
        Ok(()) => Vec::new(),
        Err(misfits) => misfits.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_components_of_a_job_are_asked_whether_they_convert_its_state() {
    assert_eq!(misfits(&["tally"]), Vec::<String>::new());
    let expected = "stage `counted`: `lost` cannot convert version 1 of its state, (rows: int64), to version 2: \
                    version 1 of the state cannot become version 2: let its `migrate` take that version (in \
                    Rust, `previous = …`), or start the job over with `--fresh`";
    assert_eq!(misfits(&["tally", "lost"]), [expected]);
}
