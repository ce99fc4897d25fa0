//! Letters that are long, damaged, or of rows that were too long, and what is shown of them.

use super::{MAP, failed, pipeline, replay};
use crate::{support::Workspace, swaps::versions::marks};

/// Rows of lines that a source refuses, or does not.
fn lines(workspace: &Workspace, path: &str) {
    let text = format!(
        r#"
name = "lines"
parallelism = 1
[source.lines]
connector = "file"
path = "{path}"
format = "lines"
[sink.out]
from = "lines"
connector = "blackhole"
[dead_letters]
connector = "file"
path = "dead"
format = "json"
"#
    );
    workspace.succeed(&text);
}

#[test]
fn a_row_of_which_only_the_beginning_was_kept_is_not_cured() {
    let workspace = Workspace::new();
    let long = "x".repeat(17 << 20);
    workspace.write("in.txt", format!("short\n{long}\n"));
    lines(&workspace, "in.txt");
    let run = replay(&workspace, &["--emit", "again.txt"], 1);
    let expected =
        "untried  lines in.txt:2: the row is longer than 16 MiB, and only its beginning was kept\n";
    assert!(run.stdout.starts_with(expected), "{}", run.stdout);
    let expected = "0 of 1 dead letters cured, 1 cannot be tried\n";
    assert!(run.stdout.ends_with(expected), "{}", run.stdout);
    assert!(!workspace.path("again.txt").exists());
}

#[test]
fn a_line_that_is_no_letter_keeps_none_from_being_tried() {
    let workspace = failed(MAP, "json");
    let mut letters: Vec<String> = workspace
        .read("dead/part-00000.jsonl")
        .lines()
        .map(str::to_owned)
        .collect();
    letters.insert(1, "{\"stage\":\"mark\",\"rea".to_owned());
    letters.insert(3, "{\"reason\":\"none\"}".to_owned());
    workspace.write("edited.jsonl", letters.join("\n"));
    workspace.write("marks.wasm", marks(2));
    let run = replay(&workspace, &["edited.jsonl", "--emit", "again.jsonl"], 1);
    for expected in [
        "untried  edited.jsonl:2: it is no dead letter: not a JSON object: the line ends",
        "untried  edited.jsonl:4: it is no dead letter: it has no `stage`\n",
        "3 of 5 dead letters cured, 2 cannot be tried\n",
    ] {
        assert!(run.stdout.contains(expected), "{}", run.stdout);
    }
    assert_eq!(workspace.read("again.jsonl").lines().count(), 3);
}

#[test]
fn what_is_cured_before_a_file_breaks_off_is_emitted() {
    let workspace = failed(MAP, "json");
    workspace.write("marks.wasm", marks(2));
    workspace.write("other.jsonl", "hello\n");
    let arguments = [
        "dead/part-00000.jsonl",
        "other.jsonl",
        "--emit",
        "again.jsonl",
    ];
    let run = replay(&workspace, &arguments, 1);
    let expected = "error: `other.jsonl` is no file of dead letters";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let expected = "3 of 3 dead letters cured\n";
    assert!(run.stdout.ends_with(expected), "{}", run.stdout);
    assert_eq!(workspace.read("again.jsonl").lines().count(), 3);
}

#[test]
fn rows_do_not_steer_a_terminal() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let row = "{\"ts\":2,\"n\":\"\u{1b}]0;owned\u{7}\u{202e}\"}";
    workspace.write("numbers.jsonl", format!("{{\"ts\":1,\"n\":1}}\n{row}\n"));
    let text = pipeline(MAP, "numbers.jsonl", "json");
    let failing = text.replace("path = \"numbers", "on_error = \"fail\"\npath = \"numbers");
    let shown = "{\"ts\":2,\"n\":\"\\u{1b}]0;owned\\u{7}\\u{202e}\"}\n";
    let check = |output: &str, shown: &str| {
        assert!(output.contains(shown), "{output:?}");
        let steers = |letter: &char| "\u{1b}\u{7}\u{202e}".contains(*letter);
        assert_eq!(output.chars().find(steers), None, "{output:?}");
    };
    let run = workspace.run(&failing);
    assert_eq!(run.status, 1, "{}", run.stderr);
    check(&run.stderr, shown);
    let (unkept, _) = text.split_once("[dead_letters]").expect("a section");
    let logged = r#"{\"ts\":2,\"n\":\"\u{1b}]0;owned\u{7}\u{202e}\"}"#;
    check(&workspace.succeed(unkept).stderr, logged);
    workspace.succeed(&text);
    check(&replay(&workspace, &[], 1).stdout, shown);
}

#[test]
fn no_more_of_a_row_is_told_than_anybody_reads() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let row = format!("{{\"ts\":2,\"n\":\"{}\"}}", "x".repeat(1 << 20));
    workspace.write("numbers.jsonl", format!("{row}\n"));
    let text = pipeline(MAP, "numbers.jsonl", "json");
    let failing = text.replace("path = \"numbers", "on_error = \"fail\"\npath = \"numbers");
    let run = workspace.run(&failing);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("\n  row: {\"ts\":2,\"n\":\"xxx"));
    assert!(run.stderr.contains("xxx…\n"));
    assert!(run.stderr.len() < 8192, "{} bytes", run.stderr.len());
}
