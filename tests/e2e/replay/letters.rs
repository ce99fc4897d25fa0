//! What is shown of letters.

use super::{MAP, pipeline, replay};
use crate::{support::Workspace, swaps::versions::marks};

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
