//! Rows of stages to which no single source leads, and files that are for rows of one stage.

use serde_json::json;

use super::{MAP, failed, pipeline, replay};
use crate::{
    support::{Workspace, library},
    swaps::versions::{Wrong, marked, marks},
};

#[test]
fn a_stage_behind_a_generator_is_fed_by_a_source_of_its_own() {
    let workspace = Workspace::new();
    let text = format!(
        r#"
name = "made_up"
parallelism = 1
[source.readings]
connector = "generator"
rows = 1
[stage.hot]
from = "readings"
filter = "{}#is_hot"
config = {{ threshold = 30.0 }}
[sink.out]
from = "hot"
connector = "blackhole"
"#,
        library("weather").display()
    );
    workspace.write("pipeline.toml", text);
    let row = json!({
        "ts": "1970-01-01T00:00:07Z", "sensor": "s001", "temperature": 50.0, "humidity": 1.0,
    });
    let columns = json!({
        "ts": "timestamp", "sensor": "utf8", "temperature": "float64", "humidity": "float64",
    });
    let letter = json!({
        "stage": "hot", "reason": "trap", "component": null, "source": "generator", "number": 8,
        "row": row.to_string(), "kind": "row", "event_time": "1970-01-01T00:00:07Z",
        "columns": columns.to_string(), "function": "is_hot", "backtrace": null, "log": null, "raw": null,
    });
    workspace.write("dead.jsonl", format!("{letter}\n"));
    let run = replay(&workspace, &["dead.jsonl", "--emit", "again.jsonl"], 0);
    let expected = "`again.jsonl` has 1 rows with the columns that `hot` takes; no source of the pipeline has these";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    assert_eq!(
        workspace.read("again.jsonl"),
        "{\"ts\":\"1970-01-01T00:00:07Z\",\"sensor\":\"s001\",\"temperature\":50.0,\"humidity\":1.0,\
         \"event_time\":\"1970-01-01T00:00:07Z\"}\n"
    );
}

#[test]
fn rows_of_a_union_keep_the_event_time_that_their_source_gave_them() {
    let workspace = Workspace::new();
    let source = |name: &str, time: &str| {
        format!(
            "[source.{name}]\nconnector = \"file\"\npath = \"{name}.jsonl\"\nformat = \"json\"\n\
             columns = {{ ts = \"timestamp\", sent = \"timestamp\", n = \"int64\" }}\n\
             event_time = {{ column = \"{time}\", unit = \"ms\" }}\n"
        )
    };
    let text = format!(
        r#"
name = "union"
parallelism = 1
{}{}
[stage.mark]
from = ["one", "two"]
{MAP}
[sink.out]
from = "mark"
connector = "file"
path = "out"
format = "json"
[dead_letters]
connector = "file"
path = "dead"
format = "json"
"#,
        source("one", "ts"),
        source("two", "sent")
    );
    workspace.write(
        "one.jsonl",
        "{\"ts\":1000,\"sent\":\"1970-01-01T00:00:00Z\",\"n\":999}\n",
    );
    workspace.write("two.jsonl", "{\"ts\":null,\"sent\":2000,\"n\":1999}\n");
    workspace.write("marks.wasm", marked(1, Wrong::Late));
    let run = workspace.succeed(&text);
    assert_eq!(run.count("mark", "dead letters"), 2);
    workspace.write("marks.wasm", marks(2));
    let run = replay(&workspace, &["--emit", "again.jsonl"], 0);
    let expected = "         event_time = { column = \"event_time\", unit = \"rfc3339\" }\n";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let again = workspace.read("again.jsonl");
    let mut rows: Vec<&str> = again.lines().collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        [
            "{\"ts\":\"1970-01-01T00:00:01Z\",\"sent\":\"1970-01-01T00:00:00Z\",\"n\":999,\
             \"event_time\":\"1970-01-01T00:00:01Z\"}",
            "{\"ts\":null,\"sent\":\"1970-01-01T00:00:02Z\",\"n\":1999,\
             \"event_time\":\"1970-01-01T00:00:02Z\"}",
        ]
    );
}

#[test]
fn a_column_that_is_only_called_like_the_event_time_is_not_taken_for_it() {
    let workspace = Workspace::new();
    let text = r#"
name = "renamed"
parallelism = 1
[source.numbers]
connector = "file"
path = "numbers.jsonl"
format = "json"
columns = { ts = "timestamp", n = "int64" }
event_time = { column = "ts", unit = "ms" }
[table.dates]
path = "dates.jsonl"
format = "json"
columns = { n = "int64", ts = "timestamp" }
[stage.timeless]
from = "numbers"
map = "marks.wasm#mark"
keep = ["n"]
[stage.dated]
from = "timeless"
lookup = { table = "dates", on = ["n"] }
keep = ["n", "ts"]
[stage.mark]
from = "dated"
map = "bad.wasm#mark"
[sink.out]
from = "mark"
connector = "blackhole"
[dead_letters]
connector = "file"
path = "dead"
format = "json"
"#;
    workspace.write("numbers.jsonl", "{\"ts\":1000,\"n\":999}\n");
    workspace.write(
        "dates.jsonl",
        "{\"n\":999,\"ts\":\"2001-01-01T00:00:00Z\"}\n",
    );
    workspace.write("marks.wasm", marks(1));
    workspace.write("bad.wasm", marked(1, Wrong::Late));
    let run = workspace.succeed(text);
    assert_eq!(run.count("mark", "dead letters"), 1);
    workspace.write("bad.wasm", marks(2));
    let run = replay(&workspace, &["--emit", "again.jsonl"], 0);
    let expected = "         event_time = { column = \"event_time\", unit = \"rfc3339\" }\n";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    assert_eq!(
        workspace.read("again.jsonl"),
        "{\"n\":999,\"ts\":\"2001-01-01T00:00:00Z\",\"event_time\":\"1970-01-01T00:00:01Z\"}\n"
    );
}

#[test]
fn letters_of_two_stages_are_not_tried_before_one_is_chosen_for_a_file() {
    let workspace = failed(MAP, "json");
    let mut letters = workspace.json_lines("dead");
    letters[0]["stage"] = "gone".into();
    letters[2]["stage"] = "numbers".into();
    let text: String = letters.iter().map(|letter| format!("{letter}\n")).collect();
    workspace.write("edited.jsonl", text);
    workspace.write("marks.wasm", marks(2));
    workspace.write("pipeline.toml", pipeline(MAP, "numbers.jsonl", "json"));
    let run = replay(&workspace, &["edited.jsonl", "--emit", "again.jsonl"], 2);
    let expected =
        "rows of `mark` and of `numbers` do not fit into one file: choose with `--stage`";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    assert_eq!(run.stdout, "", "nothing has been tried");
    assert!(!workspace.path("again.jsonl").exists());
    let arguments = ["edited.jsonl", "--emit", "again.jsonl", "--stage", "mark"];
    replay(&workspace, &arguments, 0);
    assert_eq!(workspace.read("again.jsonl").lines().count(), 1);
}
