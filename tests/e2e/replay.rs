//! Dead letters that are tried again: `tidemill replay`.

mod feeds;
mod letters;

use std::fs;

use crate::{
    support::{Run, Workspace, library},
    swaps::versions::{Wrong, marked, marks},
};

/// A pipeline whose stage `mark` calls `marks.wasm` of its folder.
fn pipeline(stage: &str, path: &str, dead_format: &str) -> String {
    format!(
        r#"
name = "replayed"
parallelism = 1
[source.numbers]
connector = "file"
path = "{path}"
format = "json"
columns = {{ ts = "timestamp", n = "int64" }}
event_time = {{ column = "ts", unit = "ms" }}
[stage.mark]
from = "numbers"
{stage}
[sink.out]
from = "mark"
connector = "file"
path = "out"
format = "json"
[dead_letters]
connector = "file"
path = "dead"
format = "{dead_format}"
"#
    )
}

const MAP: &str = "map = \"marks.wasm#mark\"";

fn numbers(numbers: impl Iterator<Item = i64>) -> String {
    numbers
        .map(|n| format!("{{\"ts\":{},\"n\":{n}}}\n", n * 1000))
        .collect()
}

/// A job whose function has failed on every thousandth row.
fn failed(stage: &str, dead_format: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("numbers.jsonl", numbers(0..3000));
    workspace.write("marks.wasm", marked(1, Wrong::Late));
    let run = workspace.succeed(&pipeline(stage, "numbers.jsonl", dead_format));
    assert_eq!(run.count("mark", "dead letters"), 3);
    workspace
}

#[track_caller]
fn replay(workspace: &Workspace, arguments: &[&str], status: i32) -> Run {
    let run = workspace.output(&[&["replay", "pipeline.toml"], arguments].concat());
    assert_eq!(run.status, status, "{}{}", run.stdout, run.stderr);
    run
}

#[test]
fn dead_letters_of_a_mended_function_are_cured_and_can_be_fed_back() {
    for format in ["json", "csv", "parquet"] {
        let workspace = failed(MAP, format);
        let run = replay(&workspace, &[], 1);
        let expected = "fails    mark numbers.jsonl:1000: mark: trap: unreachable: panicked at ";
        assert!(run.stdout.contains(expected), "{}", run.stdout);
        let expected = "0 of 3 dead letters cured, 3 still failing\n";
        assert!(run.stdout.ends_with(expected), "{}", run.stdout);
        let run = replay(&workspace, &["dead", "--emit", "again.jsonl"], 1);
        assert!(!workspace.path("again.jsonl").exists(), "{}", run.stderr);

        workspace.write("marks.wasm", marks(2));
        let run = replay(&workspace, &["--emit", "again.jsonl"], 0);
        let expected = "cured    mark numbers.jsonl:2000\n         \
             {\"ts\":\"1970-01-01T00:33:19Z\",\"n\":1999,\"version\":2}\n";
        assert!(run.stdout.contains(expected), "{}", run.stdout);
        let expected = "3 of 3 dead letters cured\n";
        assert!(run.stdout.ends_with(expected), "{}", run.stdout);
        assert_eq!(
            run.stderr,
            "`again.jsonl` has 3 rows, as the source `numbers` reads them\n"
        );
        assert_eq!(
            workspace.read("again.jsonl"),
            numbers([999, 1999, 2999].into_iter())
        );
        let run = replay(&workspace, &["--emit", "again.jsonl"], 1);
        assert!(run.stderr.contains("is there already"), "{}", run.stderr);
    }
}

#[test]
fn what_a_function_has_done_is_shown_on_demand() {
    let workspace = failed(MAP, "json");
    let run = replay(&workspace, &["--backtrace"], 1);
    let expected = "         log this version cannot do all of it\n";
    assert!(run.stdout.contains(expected), "{}", run.stdout);
    assert!(run.stdout.contains("\n         in "), "{}", run.stdout);
}

#[test]
fn letters_of_stages_with_state_are_tried_without() {
    let process = "process = \"marks.wasm#number\"";
    let aggregate = "window = { tumbling = \"1h\" }\naggregate = [{ call = \"marks.wasm#tally\" }]";
    for stage in [process, aggregate] {
        let workspace = failed(stage, "json");
        replay(&workspace, &[], 1);
        workspace.write("marks.wasm", marks(2));
        let run = replay(&workspace, &[], 0);
        let expected = "cured    mark numbers.jsonl:1000\n         {\"ts\":";
        assert!(run.stdout.contains(expected), "{}", run.stdout);
        let expected = "note: stages that keep state were given each row with an empty one";
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}

#[test]
fn letters_of_the_first_version_can_be_tried() {
    let workspace = failed(MAP, "json");
    let old = workspace.json_lines("dead").into_iter().map(|letter| {
        let columns = ["stage", "reason", "component", "source", "number", "row"];
        let kept = columns.map(|name| (name.to_owned(), letter[name].clone()));
        format!(
            "{}\n",
            serde_json::Value::Object(kept.into_iter().collect())
        )
    });
    workspace.write("old.jsonl", old.collect::<String>());
    workspace.write("marks.wasm", marks(2));
    let run = replay(&workspace, &["old.jsonl"], 0);
    assert!(
        run.stdout.ends_with("3 of 3 dead letters cured\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn rows_that_a_source_could_not_decode_are_decoded_by_its_present_settings() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let lines = "{\"ts\":1,\"n\":1}\n{\"ts\":2,\"n\":\"two\"}\n{\"ts\":\"x\",\"n\":3}\n";
    workspace.write("numbers.jsonl", lines);
    let text = pipeline(MAP, "numbers.jsonl", "json");
    assert_eq!(workspace.succeed(&text).count("numbers", "dead letters"), 2);
    let run = replay(&workspace, &["--stage", "numbers"], 1);
    let expected = "fails    numbers numbers.jsonl:2: column `n`: expected int64, found \"two\"\n         {\"ts\":2,\"n\":\"two\"}\n";
    assert!(run.stdout.starts_with(expected), "{}", run.stdout);

    let text = text.replace("n = \"int64\"", "n = \"utf8\"").replace(
        MAP,
        &format!(
            "flat_map = \"{}#words\"\nargs = {{ line = \"n\" }}",
            library("text").display()
        ),
    );
    workspace.write("pipeline.toml", text);
    let run = replay(&workspace, &["dead", "--emit", "again.jsonl"], 1);
    assert!(
        run.stdout
            .ends_with("1 of 2 dead letters cured, 1 still failing\n"),
        "{}",
        run.stdout
    );
    assert_eq!(workspace.read("again.jsonl"), "{\"ts\":2,\"n\":\"two\"}\n");
}

#[test]
fn what_cannot_be_tried_is_said() {
    let workspace = failed(MAP, "json");
    let mut letters = workspace.json_lines("dead");
    letters[0]["stage"] = "gone".into();
    letters[1]["kind"] = "window".into();
    letters[2]["columns"] = "{\"ts\":\"timestamp\",\"n\":\"utf8\"}".into();
    letters[2]["row"] = "{\"ts\":\"1970-01-01T00:00:00Z\",\"n\":\"a\"}".into();
    let text: String = letters.iter().map(|letter| format!("{letter}\n")).collect();
    workspace.write("edited.jsonl", text);
    let run = replay(&workspace, &["edited.jsonl"], 1);
    for expected in [
        "untried  gone numbers.jsonl:1000: the pipeline has no source and no stage called `gone`",
        "untried  mark numbers.jsonl:2000: it is what would have left a window",
        "untried  mark numbers.jsonl:3000: the stage takes `n` as int64 now, and in its row it is utf8",
        "0 of 3 dead letters cured, 3 cannot be tried\n",
    ] {
        assert!(run.stdout.contains(expected), "{}", run.stdout);
    }
    for (arguments, expected) in [
        (
            vec!["--stage", "gone"],
            "has no source and no stage called `gone`",
        ),
        (vec!["nowhere"], "there is no file or directory `nowhere`"),
        (
            vec!["numbers.jsonl"],
            "`numbers.jsonl` is no file of dead letters",
        ),
    ] {
        let status = if arguments[0] == "--stage" { 2 } else { 1 };
        let run = replay(&workspace, &arguments, status);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
    let text = workspace.read("pipeline.toml");
    let (text, _) = text.split_once("[dead_letters]").expect("a section");
    workspace.write("pipeline.toml", text);
    let run = replay(&workspace, &[], 2);
    assert!(
        run.stderr.contains("writes no files of dead letters"),
        "{}",
        run.stderr
    );
}

#[test]
fn others_that_a_source_leads_to_are_named() {
    let workspace = failed(MAP, "json");
    let text = workspace.read("pipeline.toml")
        + "[sink.copy]\nfrom = \"numbers\"\nconnector = \"blackhole\"\n";
    workspace.write("pipeline.toml", text);
    workspace.write("marks.wasm", marks(2));
    let run = replay(&workspace, &["--emit", "again.jsonl"], 0);
    let expected = "note: this source also leads to `copy`, which had these rows before and would have them twice";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}

/// Values that text likes to lose, a row each.
const HARD: &str = r#"{"ts":"2024-01-01T00:00:00.123456Z","n":9007199254740993,"x":"NaN","f":0.1,"y":"00ff","t":"1969-12-31T23:59:59.999999Z","s":"a\n\"b\u0000","b":true}
{"ts":"2024-01-01T00:00:01Z","n":-9223372036854775808,"x":"-Infinity","f":"Infinity","y":"","t":null,"s":null,"b":null}
{"ts":"2024-01-01T00:00:02Z","n":9223372036854775807,"x":5e-324,"f":null,"y":null,"t":"0001-01-01T00:00:00Z","s":"NaN","b":false}
{"ts":"2024-01-01T00:00:03Z","n":0,"x":-0.0,"f":3.4e38,"y":"0a","t":"9999-01-01T00:00:00Z","s":"ä","b":null}
"#;

#[test]
fn rows_survive_being_dead_letters() {
    let workspace = Workspace::new();
    workspace.write("hard.jsonl", HARD);
    let text = |path: &str, out: &str, dead: &str| {
        format!(
            r#"
name = "hard"
parallelism = 1
[source.hard]
connector = "file"
path = "{path}"
format = "json"
columns = {{ ts = "timestamp", n = "int64", x = "float64", f = "float32", y = "binary", t = "timestamp", s = "utf8", b = "boolean" }}
event_time = {{ column = "ts", unit = "rfc3339" }}
[stage.mark]
from = "hard"
map = "marks.wasm#mark"
[sink.out]
from = "mark"
connector = "file"
path = "{out}"
format = "csv"
[dead_letters]
connector = "file"
path = "dead"
format = "{dead}"
"#
        )
    };
    workspace.write("marks.wasm", marks(1));
    workspace.succeed(&text("hard.jsonl", "expected", "json"));
    for format in ["json", "csv", "parquet"] {
        workspace.write("marks.wasm", marked(1, Wrong::Trap));
        let run = workspace.succeed(&text("hard.jsonl", "nothing", format));
        assert_eq!(run.count("mark", "dead letters"), 4);
        workspace.write("marks.wasm", marks(1));
        replay(&workspace, &["--emit", "again.jsonl"], 0);
        workspace.succeed(&text("again.jsonl", "found", format));
        let read = |folder: &str| workspace.read(&format!("{folder}/part-00000.csv"));
        assert_eq!(read("found"), read("expected"));
        fs::remove_file(workspace.path("again.jsonl")).expect("it is there");
    }
}

#[test]
fn a_stage_behind_others_is_fed_by_a_source_of_its_own() {
    let workspace = Workspace::new();
    workspace.write("numbers.jsonl", numbers(0..3000));
    workspace.write("marks.wasm", marked(1, Wrong::Late));
    let text = pipeline(MAP, "numbers.jsonl", "json").replace(
        &format!("[stage.mark]\nfrom = \"numbers\"\n{MAP}"),
        "[stage.renamed]\nfrom = \"numbers\"\nmap = \"other.wasm#mark\"\n\
         [stage.mark]\nfrom = \"renamed\"\nmap = \"marks.wasm#mark\"\nkeep = [\"n\"]",
    );
    workspace.write("other.wasm", marks(3));
    let run = workspace.succeed(&text);
    assert_eq!(run.count("mark", "dead letters"), 3);
    workspace.write("marks.wasm", marks(2));
    let run = replay(&workspace, &["--emit", "again.jsonl"], 0);
    let expected = "`again.jsonl` has 3 rows with the columns that `mark` takes; no source of the pipeline has these, but one of another pipeline reads them with\n         \
        format = \"json\"\n         columns = { ts = \"timestamp\", n = \"int64\", version = \"int64\" }\n         \
        event_time = { column = \"ts\", unit = \"rfc3339\" }\n";
    assert_eq!(run.stderr, expected);
    let expected = "{\"ts\":\"1970-01-01T00:16:39Z\",\"n\":999,\"version\":3}\n";
    assert!(workspace.read("again.jsonl").starts_with(expected));
}
