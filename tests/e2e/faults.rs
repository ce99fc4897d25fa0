//! Guests that break down: the rows that they break down on are set aside, the others come out right.

use serde_json::Value;

use crate::support::{Run, Workspace, library};

/// The numbers 1 to 40, of which a faulty function breaks down on 13 (panics), 14 (never comes back),
/// 15 (takes all memory) and 16 (digs until its stack is full).
fn numbers() -> String {
    (1..=40)
        .map(|n| {
            format!(
                "{{\"ts\":{},\"k\":\"{}\",\"n\":{n}}}\n",
                n * 100,
                ["even", "odd"][n % 2]
            )
        })
        .collect()
}

/// Runs a stage over [`numbers`].
fn run(stage: &str) -> (Workspace, Run) {
    let workspace = Workspace::new();
    workspace.write("numbers.jsonl", numbers());
    let faulty = library("faulty");
    let stage = stage.replace("faulty#", &format!("{}#", faulty.display()));
    let run = workspace.succeed(&format!(
        r#"
name = "faults"
parallelism = 2
[source.numbers]
connector = "file"
path = "numbers.jsonl"
format = "json"
columns = {{ ts = "timestamp", k = "utf8", n = "int64" }}
event_time = {{ column = "ts", unit = "ms" }}
[stage.work]
from = "numbers"
limits = {{ memory = "16MiB", deadline = "400ms" }}
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
    ));
    (workspace, run)
}

/// Expects one dead letter for each number that a function breaks down on, with its reason.
#[track_caller]
fn assert_dead_letters(workspace: &Workspace, run: &Run, function: &str) {
    let mut letters = workspace.json_lines("dead");
    letters.sort_by_key(|letter| letter["number"].as_i64());
    let expected = [
        (13, "13 is unlucky", "panic"),
        (14, "took longer than 400ms", "faulty::spin"),
        (15, "out of memory: ", "alloc::"),
        (16, "trap: access outside of its memory", "faulty::dig"),
    ];
    assert_eq!(letters.len(), expected.len(), "{letters:?}");
    for (letter, (number, reason, frame)) in letters.iter().zip(expected) {
        assert_eq!(letter["stage"], "work");
        assert_eq!(letter["source"], "numbers.jsonl");
        assert_eq!(letter["number"], number);
        let found = letter["reason"].as_str().expect("a reason");
        assert!(found.contains(reason), "`{reason}` is not in `{found}`");
        assert_eq!(letter["kind"], "row");
        assert_eq!(letter["function"], function);
        let found = letter["backtrace"].as_str().expect("a backtrace");
        assert!(found.contains(frame), "`{frame}` is not in `{found}`");
        assert_eq!(letter["component"].as_str().map(str::len), Some(64));
        let time = format!("1970-01-01T00:00:0{}.{}00Z", number / 10, number % 10);
        assert_eq!(letter["event_time"], time);
        let key = ["even", "odd"][number as usize % 2];
        let row = format!("{{\"ts\":\"{time}\",\"k\":\"{key}\",\"n\":{number}}}");
        assert_eq!(letter["row"], row);
        let columns = "{\"ts\":\"timestamp\",\"k\":\"utf8\",\"n\":\"int64\"}";
        assert_eq!(letter["columns"], columns);
    }
    // A panic is said before the trap.
    let log = letters[0]["log"].as_str().expect("lines");
    assert!(log.contains("13 is unlucky"), "{log}");
    assert_eq!(run.count("work", "dead letters"), 4);
}

/// The numbers that come through.
fn good() -> Vec<i64> {
    (1..=40).filter(|n| !(13..=16).contains(n)).collect()
}

fn column(rows: &[Value], name: &str) -> Vec<i64> {
    rows.iter()
        .map(|row| row[name].as_i64().expect("a number"))
        .collect()
}

#[test]
fn a_scalar_function_that_breaks_down_loses_no_other_row() {
    let (workspace, run) = run("map = \"faulty#echo\"");
    assert_eq!(column(&workspace.json_lines("out"), "same"), good());
    assert_dead_letters(&workspace, &run, "echo");
}

#[test]
fn a_table_function_that_breaks_down_loses_no_other_row() {
    let (workspace, run) = run("flat_map = \"faulty#twins\"");
    let twins: Vec<i64> = good().into_iter().flat_map(|n| [n, n]).collect();
    assert_eq!(column(&workspace.json_lines("out"), "twin"), twins);
    assert_dead_letters(&workspace, &run, "twins");
}

#[test]
fn an_aggregate_that_breaks_down_keeps_an_exact_state() {
    let calls = r#"
key = ["k"]
window = { global = true }
aggregate = [
  { call = "std#count" },
  { call = "faulty#total", args = ["n"] },
  { call = "std#sum", args = ["n"] },
]"#;
    let (workspace, run) = run(calls);
    let rows = workspace.json_lines("out");
    let sum = |odd: i64| good().into_iter().filter(|n| n % 2 == odd).sum::<i64>();
    assert_eq!(column(&rows, "count"), [18, 18]);
    assert_eq!(column(&rows, "total"), [sum(0), sum(1)]);
    assert_eq!(
        column(&rows, "sum"),
        [sum(0), sum(1)],
        "no function counts a row that another lost"
    );
    assert_dead_letters(&workspace, &run, "total");
}

#[test]
fn rows_that_an_aggregate_breaks_down_on_are_in_no_frame() {
    let (workspace, run) = run(r#"key = ["k"]
window = { rolling_rows = 2 }
aggregate = [
  { call = "faulty#total", args = ["n"] },
  { call = "std#count", args = ["n"] },
]"#);
    assert_dead_letters(&workspace, &run, "total");
    let rows = workspace.json_lines("out");
    let found: Vec<(i64, i64, i64)> = rows
        .iter()
        .map(|row| ["n", "total", "count"].map(|name| row[name].as_i64().expect("a number")))
        .map(|[n, total, count]| (n, total, count))
        .collect();
    for n in good() {
        let before = good().into_iter().filter(|other| *other < n);
        let before = before.rev().find(|other| (n - other) % 2 == 0);
        let expected = match before {
            Some(before) => (n, n + before, 2),
            None => (n, n, 1),
        };
        assert!(found.contains(&expected), "{expected:?}");
    }
    assert_eq!(found.len(), good().len());
}

#[test]
fn a_process_function_that_breaks_down_keeps_an_exact_state() {
    let (workspace, run) = run("process = \"faulty#running_total\"");
    let totals = good().into_iter().scan(0, |total, n| {
        *total += n;
        Some(*total)
    });
    assert_eq!(
        column(&workspace.json_lines("out"), "running"),
        totals.collect::<Vec<_>>()
    );
    assert_dead_letters(&workspace, &run, "running_total");
}

#[test]
fn a_function_that_breaks_down_on_every_row_stops_the_job_soon() {
    let workspace = Workspace::new();
    workspace.write("numbers.jsonl", "{\"n\":14}\n".repeat(8000));
    let run = workspace.run(&format!(
        r#"
name = "faults"
parallelism = 1
max_dead_letters = 3
[source.numbers]
connector = "file"
path = "numbers.jsonl"
format = "json"
columns = {{ n = "int64" }}
[stage.work]
from = "numbers"
map = "{}#echo"
limits = {{ deadline = "20ms" }}
[sink.out]
from = "work"
connector = "blackhole"
"#,
        library("faulty").display()
    ));
    assert_eq!(run.status, 1);
    assert!(
        run.stderr
            .contains("refused 4 rows in a row, more than `max_dead_letters = 3` allows"),
        "{}",
        run.stderr
    );
}
