//! Jobs that cannot go on from their checkpoints, or not as they were, and what they say.

use std::{fs, process::Stdio};

use crate::support::{Run, Workspace};

/// Rows of files that are handed on, with a checkpoint at every opportunity.
const PIPELINE: &str = r#"
name = "handed"
parallelism = 1
[source.in]
connector = "file"
path = "in/*.csv"
format = "csv"
columns = { n = "int64" }
batch_rows = 10
[sink.out]
from = "in"
connector = "file"
path = "out"
format = "csv"
[checkpoint]
path = "state"
interval = "1ms"
"#;

/// What can be done.
const WAY_OUT: &str = "give it back as it was, go on from an earlier checkpoint with `--from N`, or start \
                       over with `--fresh`";

/// The rows of both files: more than is read while a slow disk takes two checkpoints.
const ROWS: usize = 400_000;

/// A job that was killed at a step of its checkpoints.
fn killed_at(failpoint: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("pipeline.toml", PIPELINE);
    for file in ["a", "b"] {
        let rows: String = (0..ROWS / 2).map(|row| format!("{row}\n")).collect();
        workspace.write(&format!("in/{file}.csv"), format!("n\n{rows}"));
    }
    let output = workspace
        .tidemill(&["run", "pipeline.toml"])
        .env("TIDEMILL_FAILPOINT", failpoint)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), None, "the job came to its end");
    workspace
}

fn run(workspace: &Workspace, options: &[&str]) -> Run {
    workspace.output(&[&["run", "pipeline.toml"], options].concat())
}

#[track_caller]
fn check_says(run: &Run, status: i32, texts: &[&str]) {
    assert_eq!(run.status, status, "{}", run.stderr);
    for text in texts {
        assert!(run.stderr.contains(text), "no `{text}` in\n{}", run.stderr);
    }
}

/// The parts that are visible in a folder.
fn parts(workspace: &Workspace, folder: &str) -> Vec<String> {
    let mut parts = workspace.list(folder);
    parts.retain(|name| name.starts_with("part-"));
    parts
}

/// How many rows are visible in folders.
fn rows(workspace: &Workspace, folders: &[&str]) -> usize {
    let rows = |folder: &&str| -> usize {
        let parts = parts(workspace, folder).into_iter();
        let lines =
            parts.map(|part| workspace.read(&format!("{folder}/{part}")).lines().count() - 1);
        lines.sum()
    };
    folders.iter().map(rows).sum()
}

#[test]
fn input_that_has_changed_or_gone_is_refused_with_what_to_do() {
    let workspace = killed_at("pruned:2");
    // One of them may have been read to its end.
    let files = ["in/a.csv", "in/b.csv"];
    let before = workspace.read(files[0]);
    for file in files {
        workspace.write(file, before.replace('1', "2"));
    }
    check_says(
        &run(&workspace, &[]),
        1,
        &["cannot go on in `in/", "` at line", WAY_OUT],
    );
    // A pattern that matches nothing is another mistake.
    workspace.write("in/c.csv", "n\n");
    for file in files {
        fs::remove_file(workspace.path(file)).expect("removed");
    }
    check_says(&run(&workspace, &[]), 1, &["cannot go on in `in/", WAY_OUT]);
    fs::remove_file(workspace.path("in/c.csv")).expect("removed");
    for file in files {
        workspace.write(file, &before);
    }
    check_says(&run(&workspace, &[]), 0, &[]);
    assert_eq!(rows(&workspace, &["out"]), ROWS);
}

#[test]
fn a_part_of_a_result_that_has_gone_is_missed_with_what_to_do() {
    let workspace = killed_at("commit:2");
    let mut staged = workspace.list("out");
    staged.retain(|name| name.ends_with(".staged"));
    fs::remove_file(workspace.path("out").join(&staged[0])).expect("removed");
    check_says(
        &run(&workspace, &[]),
        1,
        &["sink `out` cannot go on", &staged[0], WAY_OUT],
    );
    check_says(&run(&workspace, &["--fresh"]), 0, &[]);
    assert_eq!(rows(&workspace, &["out"]), ROWS);
}

#[test]
fn options_about_checkpoints_need_some() {
    let workspace = Workspace::new();
    workspace.write("in/a.csv", "n\n1\n");
    let (section, _) = PIPELINE.split_once("[checkpoint]").expect("a section");
    workspace.write("pipeline.toml", section);
    for (option, named) in [(&["--fresh"][..], "--fresh"), (&["--from", "1"], "--from")] {
        let refused = run(&workspace, option);
        let expected = format!(
            "error: `pipeline.toml` keeps no checkpoints, which `{named}` is about: add a section \
             `[checkpoint]` with a `path`, or do without\n"
        );
        check_says(&refused, 2, &[&expected]);
    }
    check_says(&run(&workspace, &[]), 0, &[]);
}

#[test]
fn a_job_whose_manifests_are_gone_does_not_start_over_by_itself() {
    let workspace = killed_at("pruned:3");
    for name in workspace.list("state/handed") {
        if name.starts_with("checkpoint-") {
            fs::remove_file(workspace.path("state/handed").join(name)).expect("removed");
        }
    }
    let before = workspace.list("out");
    let reason = "there was checkpoint 3 of `handed` in `state`, and the manifest of every checkpoint is gone";
    for _ in 0..2 {
        check_says(&run(&workspace, &[]), 1, &[reason, "`--fresh`"]);
    }
    assert_eq!(workspace.list("out"), before);
    check_says(&run(&workspace, &["--fresh"]), 0, &[]);
    assert_eq!(rows(&workspace, &["out"]), ROWS);
}

#[test]
fn a_job_that_never_made_a_checkpoint_starts_over_by_itself() {
    for failpoint in ["begin:1", "data:1"] {
        let workspace = killed_at(failpoint);
        check_says(&run(&workspace, &[]), 0, &[]);
        assert_eq!(rows(&workspace, &["out"]), ROWS);
    }
}

#[test]
fn a_sink_that_got_another_name_or_place_has_its_rows_once() {
    let renamed = PIPELINE.replace("[sink.out]", "[sink.other]");
    let moved = renamed.replace("\"out\"", "\"other\"");
    for failpoint in ["commit:2", "committed:2"] {
        for (pipeline, folders) in [(&renamed, &["out"][..]), (&moved, &["out", "other"])] {
            let workspace = killed_at(failpoint);
            let marker = workspace.path("out").join(".part-owner");
            let owner = fs::read_to_string(&marker).expect("an owner");
            workspace.write("pipeline.toml", pipeline);
            check_says(&run(&workspace, &[]), 0, &[]);
            // One that goes on with its files under another name is still the same.
            match folders {
                ["out"] => assert_eq!(fs::read_to_string(&marker).expect("an owner"), owner),
                _ => assert!(!marker.exists()),
            }
            // What else is hidden is left behind by nobody.
            let _was_there = fs::remove_file(&marker);
            assert_eq!(rows(&workspace, folders), ROWS, "{failpoint}, {folders:?}");
            assert_eq!(workspace.list("out"), parts(&workspace, "out"));
        }
    }
}

#[test]
fn a_sink_that_writes_no_files_any_more_leaves_nothing_hidden() {
    let (before, _) = PIPELINE
        .split_once("connector = \"file\"\npath = \"out\"")
        .expect("a sink");
    let (_, section) = PIPELINE.split_once("[checkpoint]").expect("a section");
    let dropped = format!("{before}connector = \"blackhole\"\n[checkpoint]{section}");
    for failpoint in ["commit:2", "committed:2", "begin:3"] {
        let workspace = killed_at(failpoint);
        assert_ne!(workspace.list("out"), parts(&workspace, "out"));
        workspace.write("pipeline.toml", &dropped);
        check_says(&run(&workspace, &[]), 0, &[]);
        assert_eq!(workspace.list("out"), parts(&workspace, "out"));
        assert!(rows(&workspace, &["out"]) > 0);
    }
}

#[test]
fn a_sink_that_is_gone_with_a_part_of_its_result_is_refused() {
    let workspace = killed_at("commit:2");
    fs::remove_dir_all(workspace.path("out")).expect("removed");
    workspace.write(
        "pipeline.toml",
        PIPELINE.replace("[sink.out]", "[sink.other]"),
    );
    let reason = "the pipeline does not write the files of sink `out` any more";
    check_says(&run(&workspace, &[]), 1, &[reason, WAY_OUT]);
}
