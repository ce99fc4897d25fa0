//! Rows on which functions break down leave no trace but dead letters: what comes out is what comes out of the good
//! rows alone, whatever the stage, and finding them out takes a bounded time.

use std::time::{Duration, Instant};

use proptest::{prelude::*, test_runner::TestRunner};

use crate::support::{Workspace, library};

/// Stages of every kind that calls functions.
const STAGES: [&str; 12] = [
    "filter = \"faulty#is_even\"",
    "map = \"faulty#echo\"",
    "flat_map = \"faulty#twins\"",
    "key = [\"k\"]\nprocess = \"faulty#running_total\"",
    "key = [\"k\"]\nwindow = { global = true }\nCALLS",
    "key = [\"k\"]\nwindow = { tumbling = \"7s\" }\nCALLS",
    "key = []\nwindow = { sliding = \"10s\", slide = \"3s\" }\nCALLS",
    "key = [\"k\"]\nwindow = { cumulate = \"12s\", step = \"4s\" }\nCALLS",
    "key = [\"k\"]\nwindow = { session = \"2s\" }\nCALLS",
    "key = [\"k\"]\nwindow = { count = 3 }\nCALLS",
    "key = [\"k\"]\nwindow = { rolling_rows = 4 }\nCALLS",
    "key = [\"k\"]\nwindow = { rolling = \"5s\" }\nCALLS",
];

/// An aggregate that breaks down between two that do not, one of which wants to see all rows.
const CALLS: &str = r#"aggregate = [
  { call = "std#count" },
  { call = "faulty#total", args = ["n"] },
  { call = "std#median", args = ["n"], as = "middle" },
]"#;

/// Numbers that functions of `faulty` break down on without taking their time.
const POISON: [i64; 3] = [13, 15, 16];

/// A row: by how much its time is after that of the one before it, its key and its number.
type Row = (u32, u8, i64);

fn text(rows: &[Row], is_wanted: impl Fn(&Row) -> bool) -> String {
    let mut time = 0;
    let rows = rows.iter().map(|row| {
        let &(step, key, n) = row;
        time += step;
        let line = format!("{{\"ts\":{time},\"k\":\"k{key}\",\"n\":{n}}}\n");
        if is_wanted(row) { line } else { String::new() }
    });
    rows.collect()
}

/// What the stage makes of the rows, and how many dead letters there are.
fn run(stage: &str, rows: String, parallelism: usize) -> (Vec<String>, u64) {
    let workspace = Workspace::new();
    workspace.write("numbers.jsonl", rows);
    let faulty = library("faulty");
    let stage = stage.replace("CALLS", CALLS);
    let stage = stage.replace("faulty#", &format!("{}#", faulty.display()));
    let run = workspace.succeed(&format!(
        r#"
name = "poison"
parallelism = {parallelism}
[source.numbers]
connector = "file"
path = "numbers.jsonl"
format = "json"
columns = {{ ts = "timestamp", k = "utf8", n = "int64" }}
event_time = {{ column = "ts", unit = "ms" }}
watermark = {{ delay = "1h" }}
[stage.work]
from = "numbers"
limits = {{ memory = "16MiB" }}
{stage}
[sink.out]
from = "work"
connector = "file"
path = "out"
format = "json"
"#
    ));
    (workspace.rows("out"), run.count("work", "dead letters"))
}

#[test]
fn what_comes_out_is_what_comes_out_of_the_good_rows_alone() {
    let n = prop_oneof![8 => 1..12_i64, 1 => prop::sample::select(POISON.to_vec())];
    let rows = prop::collection::vec((0..3000_u32, 0..3_u8, n), 1..60);
    let is_good = |row: &Row| !POISON.contains(&row.2);
    for stage in STAGES {
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 4,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let cases = (rows.clone(), 1..3_usize);
        runner
            .run(&cases, |(rows, parallelism)| {
                let bad = rows.iter().filter(|row| !is_good(row)).count();
                let (found, letters) = run(stage, text(&rows, |_| true), parallelism);
                let (expected, none) = run(stage, text(&rows, is_good), parallelism);
                prop_assert_eq!(found, expected, "{}", stage);
                prop_assert_eq!(letters, bad as u64);
                prop_assert_eq!(none, 0);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{stage}: {error}"));
    }
}

/// Runs `echo` of `faulty` over a file with this text, in one subtask.
fn echo(workspace: &Workspace, text: String, keys: &str, limits: &str) -> crate::support::Run {
    workspace.write("numbers.jsonl", text);
    workspace.run(&format!(
        r#"
name = "spinning"
parallelism = 1
{keys}
[source.numbers]
connector = "file"
path = "numbers.jsonl"
format = "json"
columns = {{ n = "int64" }}
[stage.work]
from = "numbers"
map = "{}#echo"
limits = {limits}
[sink.out]
from = "work"
connector = "file"
path = "out"
format = "json"
[dead_letters]
connector = "file"
path = "dead"
"#,
        library("faulty").display()
    ))
}

#[test]
fn a_function_that_never_comes_back_stops_the_job_soon() {
    let workspace = Workspace::new();
    let start = Instant::now();
    let text = "{\"n\":14}\n".repeat(20_000);
    let run = echo(
        &workspace,
        text,
        "max_dead_letters = 200",
        "{ deadline = \"300ms\" }",
    );
    // With a whole deadline for each row it would take a minute.
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(run.status, 1);
    let expected = "refused 201 rows in a row, more than `max_dead_letters = 200` allows";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let letters = workspace.json_lines("dead");
    assert_eq!(letters.len(), 201, "they say why");
    assert_eq!(
        letters[0]["reason"],
        "took longer than 300ms (raise `limits.deadline`)"
    );
    assert_eq!(
        letters[4]["reason"],
        "took longer than 150ms (raise `limits.deadline`)"
    );
    assert!(workspace.list("out").is_empty());
}

#[test]
fn a_row_that_never_comes_back_costs_two_deadlines_and_a_bit() {
    let workspace = Workspace::new();
    let mut rows: Vec<String> = (0..8000)
        .map(|n| format!("{{\"n\":{}}}\n", n + 100))
        .collect();
    rows[4321] = "{\"n\":14}\n".to_owned();
    let start = Instant::now();
    let run = echo(&workspace, rows.concat(), "", "{ deadline = \"2s\" }");
    assert_eq!(run.status, 0, "{}", run.stderr);
    // Halving with whole deadlines would take 14 of them.
    assert!(
        start.elapsed() < Duration::from_secs(14),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(workspace.json_lines("out").len(), 7999);
    let letters = workspace.json_lines("dead");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["number"], 4322);
    assert_eq!(
        letters[0]["reason"],
        "took longer than 2s (raise `limits.deadline`)"
    );
}
