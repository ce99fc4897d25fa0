//! Jobs that are killed, and go on from their checkpoints: the real binary, real files.

use std::{
    io::Write,
    process::{Output, Stdio},
    time::Duration,
};

use crate::support::{
    Pipeline, Run, Workspace, assert_numbered, counted, counted_input, counted_result, numbered,
    wait_until,
};

/// Every place where a process can be killed while it makes a checkpoint.
const STEPS: [&str; 15] = [
    "begin",
    "source",
    "stage",
    "sink",
    "staged",
    "write",
    "data",
    "manifest",
    "complete",
    "written",
    "commit",
    "committed",
    "prune",
    "pruned",
    "end",
];

/// The result of a job that nothing happens to.
fn undisturbed() -> [Vec<String>; 3] {
    let workspace = counted_input();
    workspace.succeed(&counted(2).text());
    let result = counted_result(&workspace);
    assert!(result.iter().all(|rows| !rows.is_empty()));
    result
}

fn run_with(workspace: &Workspace, failpoint: &str) -> Output {
    workspace
        .tidemill(&["run", "pipeline.toml"])
        .env("TIDEMILL_FAILPOINT", failpoint)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

/// A job that was killed at `failpoint`. It may come to the end of its input before it is asked for a checkpoint,
/// and pass no such place; then another job has its turn.
fn killed_at(failpoint: &str, parallelism: usize) -> Workspace {
    for _ in 0..50 {
        let workspace = counted_input();
        workspace.write("pipeline.toml", counted(parallelism).text());
        let output = run_with(&workspace, failpoint);
        if output.status.code().is_none() {
            return workspace;
        }
        assert!(output.status.success(), "{failpoint}: {output:?}");
    }
    panic!("`{failpoint}` is never come to")
}

#[test]
fn a_job_that_is_killed_at_any_step_of_a_checkpoint_goes_on_as_if_it_was_not() {
    let expected = undisturbed();
    for (place, step) in STEPS.into_iter().enumerate() {
        let workspace = killed_at(&format!("{step}:1"), 1 + place % 3);
        // Once more, if it comes that far.
        workspace.write("pipeline.toml", counted(1 + (place + 1) % 3).text());
        run_with(&workspace, &format!("{step}:{}", 2 + place % 3));
        workspace.write("pipeline.toml", counted(2).text());
        let run = workspace.output(&["run", "pipeline.toml"]);
        assert_eq!(run.status, 0, "{step}: {}", run.stderr);
        assert_eq!(counted_result(&workspace), expected, "{step}");
    }
}

#[test]
fn a_job_that_is_killed_again_and_again_comes_to_its_end() {
    let expected = undisturbed();
    let workspace = counted_input();
    for round in 0..12 {
        workspace.write("pipeline.toml", counted(1 + round % 3).text());
        let mut child = workspace
            .tidemill(&["run", "pipeline.toml"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        // Anywhere between its start and its end.
        std::thread::sleep(Duration::from_millis(40 + 7 * round as u64));
        let _ = child.kill();
        child.wait().expect("an end");
    }
    workspace.write("pipeline.toml", counted(2).text());
    let run = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(counted_result(&workspace), expected);
}

/// Rows up to 3 s out of order, of which some are late: which ones hangs on the watermark before each batch.
fn disordered() -> Pipeline {
    Pipeline::new("late")
        .parallelism(1)
        .with(
            r#"
[source.in]
connector = "file"
path = "in.jsonl"
format = "json"
batch_rows = 100
columns = { ts = "timestamp", id = "int64" }
event_time = { column = "ts", unit = "ms" }
watermark = { delay = "1s" }
[stage.counts]
from = "in"
window = { tumbling = "100ms" }
aggregate = [{ call = "std#count", as = "n" }]
late = "late_out"
"#,
        )
        .file_sink("counts", "counts", "json")
        .late_sink("late_out", "late", "json")
        .checkpoints("1ms")
}

#[test]
fn rows_are_as_late_behind_a_checkpoint_as_if_there_was_none() {
    let input: String = (0..100_000_u64)
        .map(|row| {
            let ts = 10_000 + row * 10 - (row * 7919 % 300) * 10;
            format!("{{\"ts\":{ts},\"id\":{row}}}\n")
        })
        .collect();
    let all = |workspace: &Workspace| ["counts", "late"].map(|folder| workspace.rows(folder));
    let undisturbed = Workspace::new();
    undisturbed.write("in.jsonl", &input);
    undisturbed.succeed(&disordered().text());
    let expected = all(&undisturbed);
    assert!(
        expected[1].len() > 1000,
        "only {} rows are late",
        expected[1].len()
    );
    let workspace = Workspace::new();
    workspace.write("in.jsonl", &input);
    workspace.write("pipeline.toml", disordered().text());
    let mut kills = 0;
    for count in [2, 3, 2, 4] {
        let output = run_with(&workspace, &format!("pruned:{count}"));
        // On a slow disk, the input ends before so many checkpoints are made.
        if output.status.code().is_some() {
            break;
        }
        kills += 1;
    }
    assert!(kills > 0, "the job came to its end");
    let run = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(all(&workspace) == expected, "other rows are late");
}

/// Files that all tell of the same time, more than are open at once unless there are subtasks enough.
fn side_by_side(parallelism: usize) -> String {
    let text = disordered().text();
    text.replace("parallelism = 1", &format!("parallelism = {parallelism}"))
        .replace("in.jsonl", "in/*.jsonl")
}

#[test]
fn files_that_were_open_hold_the_watermark_whoever_reads_them_on() {
    // 24 subtasks read a file each, one would have 16 of them open.
    let input = |workspace: &Workspace| {
        for file in 0..24 {
            let rows = (0..20_000).map(|row| format!("{{\"ts\":{},\"id\":{file}}}\n", row * 5));
            workspace.write(&format!("in/{file:02}.jsonl"), rows.collect::<String>());
        }
    };
    let undisturbed = Workspace::new();
    input(&undisturbed);
    let run = undisturbed.succeed(&side_by_side(24));
    assert_eq!(run.count("counts", "late"), 0, "{}", run.stderr);
    let expected = undisturbed.rows("counts");
    for parallelism in [1, 3, 5] {
        let workspace = Workspace::new();
        input(&workspace);
        workspace.write("pipeline.toml", side_by_side(24));
        let output = run_with(&workspace, "pruned:2");
        assert_eq!(output.status.code(), None, "the job came to its end");
        let run = workspace.succeed(&side_by_side(parallelism));
        assert_eq!(run.count("counts", "late"), 0, "{}", run.stderr);
        assert!(
            workspace.rows("counts") == expected,
            "other rows are late with {parallelism}"
        );
    }
}

#[test]
fn a_job_that_is_complete_says_so_and_starts_over_only_if_asked() {
    let workspace = counted_input();
    let run = workspace.succeed(&counted(2).text());
    assert!(
        run.summary("checkpoints").contains(" made, the last ("),
        "{}",
        run.stderr
    );
    let expected = counted_result(&workspace);
    let again = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert!(
        again
            .stderr
            .contains("recovery: is complete already, with checkpoint")
    );
    assert_eq!(counted_result(&workspace), expected);
    let fresh = workspace.output(&["run", "pipeline.toml", "--fresh"]);
    assert_eq!(fresh.status, 0, "{}", fresh.stderr);
    assert!(fresh.stderr.contains("recovery: done ("));
    assert_eq!(counted_result(&workspace), expected);
}

#[test]
fn a_job_goes_on_from_an_older_checkpoint_if_asked() {
    let expected = undisturbed();
    let workspace = killed_at("written:2", 2);
    let run = workspace.output(&["run", "pipeline.toml", "--from", "1"]);
    // The first checkpoint may be gone already; the job says so then and goes on from the newest.
    if run.status != 0 {
        assert!(
            run.stderr.contains("cannot go on from checkpoint 1"),
            "{}",
            run.stderr
        );
        let run = workspace.output(&["run", "pipeline.toml"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
    }
    assert_eq!(counted_result(&workspace), expected);
}

#[test]
fn standard_input_cannot_be_read_again_and_that_is_told() {
    let workspace = Workspace::new();
    let pipeline = numbered(
        "connector = \"stdin\"\nformat = \"csv\"\ncolumns = { ts = \"int64\", sensor = \"utf8\" }",
    );
    let pipeline = pipeline.text();
    let rows = |from: usize, to: usize| -> String {
        let rows = (from..to).map(|row| format!("{row},s{}\n", row % 3));
        format!("ts,sensor\n{}", rows.collect::<String>())
    };
    let mut child = workspace.start(&pipeline);
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(rows(0, 100).as_bytes()).expect("written");
    workspace.wait_for_rows("out");
    wait_until(|| workspace.rows("out").len() == 100);
    child.kill().expect("killed");
    let killed = Run::of(child.wait_with_output().expect("an end"));
    let again = "what is read of it cannot be read again";
    assert!(killed.stderr.contains(again), "{}", killed.stderr);
    let lost = "rows since the checkpoint are lost";
    assert!(!killed.stderr.contains(lost), "{}", killed.stderr);

    let mut child = workspace.start(&pipeline);
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(rows(100, 150).as_bytes()).expect("written");
    drop(stdin);
    let run = Run::of(child.wait_with_output().expect("an end"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains(lost), "{}", run.stderr);
    assert_numbered(&workspace, "out", 150);
}

#[test]
fn standard_output_is_written_at_least_once_and_that_is_told() {
    let warning = "it writes at least once";
    let pipeline = |sink: &str| {
        format!(
            r#"
name = "told"
[source.in]
connector = "generator"
rows = 10
[sink.out]
from = "in"
{sink}
[checkpoint]
path = "state"
"#
        )
    };
    let printed = Workspace::new().succeed(&pipeline("connector = \"stdout\"\nformat = \"json\""));
    assert!(printed.stderr.contains(warning), "{}", printed.stderr);
    let kept = "connector = \"file\"\npath = \"out\"\nformat = \"json\"";
    let kept = Workspace::new().succeed(&pipeline(kept));
    assert!(!kept.stderr.contains(warning), "{}", kept.stderr);
}
