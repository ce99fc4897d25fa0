//! What guests see of the world outside, and how much of everything they may use.

mod limits;
mod portions;
mod storms;
mod world;

use serde_json::Value;

use crate::support::{Run, Workspace, library};

/// A pipeline that runs `lines` of JSON, with the columns `ts`, `n` and `s`, through the stage `work`, whose
/// keys are `stage`; `onlooker#` stands for the library.
fn pipeline(workspace: &Workspace, lines: &str, stage: &str) -> String {
    workspace.write("lines.jsonl", lines);
    let library = library("onlooker");
    let stage = stage.replace("onlooker#", &format!("{}#", library.display()));
    format!(
        r#"
name = "sandbox"
parallelism = 1
[source.lines]
connector = "file"
path = "lines.jsonl"
format = "json"
columns = {{ ts = "timestamp", n = "int64", s = "utf8" }}
event_time = {{ column = "ts", unit = "ms" }}
[stage.work]
from = "lines"
{stage}
[sink.out]
from = "work"
connector = "file"
path = "out"
format = "json"
[dead_letters]
connector = "file"
path = "dead"
format = "json"
"#
    )
}

/// Runs such a pipeline.
#[track_caller]
fn run(lines: &str, stage: &str) -> (Workspace, Run) {
    let workspace = Workspace::new();
    let text = pipeline(&workspace, lines, stage);
    let run = workspace.succeed(&text);
    (workspace, run)
}

/// A column of what has come out.
fn column(workspace: &Workspace, name: &str) -> Vec<Value> {
    let rows = workspace.json_lines("out").into_iter();
    rows.map(|row| row[name].clone()).collect()
}

/// The reason of the only dead letter.
#[track_caller]
fn only_reason(workspace: &Workspace) -> String {
    let letters = workspace.json_lines("dead");
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters[0]["reason"].as_str().expect("a reason").to_owned()
}
