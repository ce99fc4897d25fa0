//! Rows are given up untried only if the job ends: what breaks down beside them, or in a batch before, is not theirs.

use crate::support::{Run, Workspace, library};

/// Runs a stage over rows with a time in seconds, a key and a number, in one subtask. At most `max_dead_letters` rows
/// may fail one after the other.
fn run(
    rows: &[(i64, &str, i64)],
    batch_rows: usize,
    max_dead_letters: u64,
    stage: &str,
) -> (Workspace, Run) {
    let workspace = Workspace::new();
    let json = |(ts, k, n): &(i64, &str, i64)| format!("{{\"ts\":{ts},\"k\":\"{k}\",\"n\":{n}}}\n");
    workspace.write("numbers.jsonl", rows.iter().map(json).collect::<String>());
    let stage = stage.replace("faulty#", &format!("{}#", library("faulty").display()));
    let run = workspace.run(&format!(
        r#"
name = "untried"
parallelism = 1
max_dead_letters = {max_dead_letters}
[source.numbers]
connector = "file"
path = "numbers.jsonl"
format = "json"
batch_rows = {batch_rows}
columns = {{ ts = "timestamp", k = "utf8", n = "int64" }}
event_time = {{ column = "ts", unit = "s" }}
[stage.work]
from = "numbers"
key = ["k"]
limits = {{ memory = "16MiB", deadline = "200ms" }}
{stage}
[sink.out]
from = "work"
connector = "file"
path = "out"
format = "json"
[dead_letters]
connector = "file"
path = "dead"
"#
    ));
    (workspace, run)
}

/// The keys of rows that have come out and a column of numbers, in order.
fn found(workspace: &Workspace, column: &str) -> Vec<(String, i64)> {
    let rows = workspace.json_lines("out").into_iter().map(|row| {
        let key = row["k"].as_str().expect("a key").to_owned();
        (key, row[column].as_i64().expect("a number"))
    });
    rows.collect()
}

fn expected(rows: &[(&str, i64)]) -> Vec<(String, i64)> {
    rows.iter().map(|&(key, n)| (key.to_owned(), n)).collect()
}

#[test]
fn what_has_failed_in_a_batch_before_does_not_count_behind_a_good_row() {
    let rows = [
        (100, "x", 1),
        (100, "x", 2),
        (100, "x", 13),
        (100, "x", 13),
        // The function sees the second of these by itself with what follows: the key is forgotten before it.
        (101, "k", 1),
        (1, "k", 13),
        (101, "y", 2),
        (101, "z", 3),
    ];
    let stage = "process = \"faulty#running_total\"\nttl = \"10s\"";
    let (workspace, run) = run(&rows, 4, 2, stage);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let totals = [("x", 1), ("x", 3), ("k", 1), ("y", 2), ("z", 3)];
    assert_eq!(found(&workspace, "running"), expected(&totals));
    assert_eq!(run.count("work", "dead letters"), 3);
}

#[test]
fn keys_are_merged_whatever_fails_for_other_keys() {
    let rows = [
        (0, "a", 6),
        (0, "z", 6),
        (0, "m", 1),
        (0, "n", 1),
        (1, "a", 7),
        (1, "z", 7),
        (1, "m", 2),
        (1, "n", 2),
    ];
    for (window, after) in [
        ("{ sliding = \"2s\", slide = \"1s\" }", true),
        ("{ cumulate = \"2s\", step = \"1s\" }", false),
    ] {
        let stage = format!(
            "window = {window}\naggregate = [{{ call = \"faulty#pool\", args = [\"n\"] }}]"
        );
        let (workspace, run) = run(&rows, 100, 1, &stage);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let mut sums = vec![("a", 6), ("m", 1), ("n", 1), ("z", 6)];
        // Keys are merged in the order in which they have come, but leave by name: good ones between the two that fail.
        sums.extend([("m", 3), ("n", 3)]);
        if after {
            sums.extend([("a", 7), ("m", 2), ("n", 2), ("z", 7)]);
        }
        assert_eq!(found(&workspace, "pool"), expected(&sums), "{window}");
        let letters = workspace.json_lines("dead");
        assert_eq!(letters.len(), 2, "{letters:?}");
        for letter in letters {
            let reason = letter["reason"].as_str().expect("a reason");
            assert!(reason.contains("13 is unlucky"), "{reason}");
        }
    }
}

#[test]
fn frames_are_merged_whatever_fails_for_other_frames() {
    let rows = [
        (1, "a", 6),
        (2, "z", 6),
        (3, "m", 1),
        (4, "a", 7),
        (5, "n", 5),
        (6, "z", 7),
        (7, "p", 5),
        (8, "m", 2),
        // The watermark does not pass the last row before the end.
        (9, "q", 4),
    ];
    let stage =
        "window = { rolling_rows = 2 }\naggregate = [{ call = \"faulty#pool\", args = [\"n\"] }]";
    let (workspace, run) = run(&rows, 100, 1, stage);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let sums = [
        ("a", 6),
        ("z", 6),
        ("m", 1),
        ("n", 5),
        ("p", 5),
        ("m", 3),
        ("q", 4),
    ];
    assert_eq!(found(&workspace, "pool"), expected(&sums));
    assert_eq!(workspace.json_lines("dead").len(), 2);
}

#[test]
fn a_merge_that_lacks_the_time_for_a_single_key_fails_the_job() {
    let rows = [(0, "a", 7), (0, "b", 1), (1, "a", 7), (1, "b", 1)];
    for (window, what) in [
        (
            "{ sliding = \"2s\", slide = \"1s\" }",
            "what a single key has come to",
        ),
        ("{ rolling_rows = 2 }", "what two single rows have come to"),
    ] {
        let stage = format!(
            "window = {window}\naggregate = [{{ call = \"faulty#pool\", args = [\"n\"] }}]"
        );
        let (workspace, run) = run(&rows, 100, 1000, &stage);
        assert_eq!(run.status, 1, "{}", run.stderr);
        let reason = format!("function `pool` cannot merge {what}: took longer than 200ms");
        assert!(run.stderr.contains(&reason), "{}", run.stderr);
        assert!(workspace.rows("dead").is_empty());
    }
}
