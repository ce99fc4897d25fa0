//! `tidemill run --watch`: a job goes over to what its files hold.

use std::{fs, thread, time::Duration};

use super::{
    feed::Feed,
    live::Live,
    rows::{assert_numbered, marked, versions},
    versions::{Wrong, marked as marked_as, marks},
};
use crate::support::{Pipeline, Workspace, library};

fn pipeline(feed: &Feed) -> String {
    Pipeline::new("watched")
        .parallelism(2)
        .with(&feed.source("in"))
        .with(
            r#"
[stage.marked]
from = "in"
map = "marks.wasm#mark"
[stage.numbered]
from = "marked"
key = ["k"]
process = "marks.wasm#number"
[sink.screen]
from = "numbered"
connector = "stdout"
format = "csv"
"#,
        )
        .text()
}

#[test]
fn files_that_change_are_swapped_in() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let feed = Feed::start("f");
    let live = Live::start(&workspace, &pipeline(&feed), &["--watch"]);
    let goes_on = |count| {
        feed.allow(count);
        live.wait_for_rows(count);
    };
    goes_on(100);
    // Written in place.
    workspace.write("marks.wasm", marks(2));
    live.wait_for_count("swapped: ", 2);
    goes_on(200);
    // Renamed into place.
    workspace.write("next.wasm", marks(3));
    fs::rename(workspace.path("next.wasm"), workspace.path("marks.wasm")).expect("renamed");
    live.wait_for_count("swapped: ", 4);
    goes_on(300);
    // Only half of it is there for a while: that is no version, and no error.
    let whole = marks(4);
    workspace.write("marks.wasm", &whole[..whole.len() / 2]);
    // For less than it has to stand still: somebody has looked at it by then.
    thread::sleep(Duration::from_millis(60));
    workspace.write("marks.wasm", whole);
    live.wait_for_count("swapped: ", 6);
    goes_on(400);
    // It breaks down, and what ran goes on.
    workspace.write("marks.wasm", marked_as(5, Wrong::Trap));
    live.wait_for("it fails on rows that came last");
    goes_on(500);
    workspace.write("marks.wasm", marks(6));
    live.wait_for_count("swapped: ", 8);
    goes_on(600);
    let count = feed.end();
    let log = live.end();
    assert_eq!(log.matches("swapped: ").count(), 8, "{log}");
    // A machine that is slow in the midst of a write may have shown an empty file besides.
    let failed = "it fails on rows that came last";
    assert_eq!(log.matches(failed).count(), 1, "{log}");
    let screen = workspace.read("screen");
    let rows = marked(&screen);
    let along = &versions(&rows, &[("f", count)])["f"];
    let expected: Vec<i64> = [1, 2, 3, 4, 4, 6]
        .into_iter()
        .flat_map(|version| [version; 100])
        .collect();
    assert_eq!(*along, expected);
    assert_numbered(&screen, count);
}

#[test]
fn configurations_and_limits_are_swapped_with_the_pipeline_file() {
    let workspace = Workspace::new();
    let readings = |threshold: &str, limits: &str| {
        Pipeline::new("hot")
            .with("[source.in]\nconnector = \"generator\"\nrate = 2000\nrows = 1_000_000")
            .with("[stage.hot]\nfrom = \"in\"")
            .with(&format!(
                "filter = \"{}#is_hot\"",
                library("weather").display()
            ))
            .with(&format!("config = {{ threshold = {threshold} }}\n{limits}"))
            .with("[sink.screen]\nfrom = \"hot\"\nconnector = \"stdout\"\nformat = \"csv\"")
            .text()
    };
    let live = Live::start(&workspace, &readings("50.0", ""), &["--watch"]);
    live.wait_for_rows(500);
    workspace.write("pipeline.toml", readings("90.0", ""));
    live.wait_for("another `config` of");
    let before = workspace.read("screen").lines().count();
    live.wait_for_rows(before as u64 + 500);
    let limits = "limits = { memory = \"32MiB\", deadline = \"2s\" }";
    workspace.write("pipeline.toml", readings("90.0", limits));
    live.wait_for("limits 64MiB of memory, 1s a call -> 32MiB of memory, 2s a call");
    let limits = &format!("{limits}\nallow = [\"clock\"]");
    workspace.write("pipeline.toml", readings("90.0", limits));
    live.wait_for("allow nothing -> clock");
    // What the library refuses is not swapped in.
    workspace.write("pipeline.toml", readings("\"warm\"", limits));
    live.wait_for("not swapped, the job goes on as it was");
    let before = workspace.read("screen").lines().count();
    live.wait_for_rows(before as u64 + 500);
    drop(live);
    let screen = workspace.read("screen");
    let temperature = |line: &str| -> Option<f64> { line.split(',').nth(2)?.parse().ok() };
    let rows: Vec<f64> = screen.lines().skip(1).filter_map(temperature).collect();
    let coldest = |rows: &[f64]| rows.iter().copied().fold(f64::INFINITY, f64::min);
    assert!((50.0..60.0).contains(&coldest(&rows[..500])));
    assert!((90.0..92.0).contains(&coldest(&rows[rows.len() - 500..])));
    // There is one moment at which it changes.
    let last_cold = rows
        .iter()
        .rposition(|&row| row <= 90.0)
        .expect("a cold one");
    let share = rows[..=last_cold].iter().filter(|&&row| row > 90.0).count();
    assert!(share * 3 < last_cold, "{share} of {last_cold}");
}

#[test]
fn a_component_that_is_named_before_it_is_there_is_taken_up_when_it_comes() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let feed = Feed::start("f");
    let text = pipeline(&feed);
    let live = Live::start(&workspace, &text, &["--watch"]);
    feed.allow(100);
    live.wait_for_rows(100);
    // Missing, then broken, then good: nothing has ever been swapped to it.
    workspace.write(
        "pipeline.toml",
        text.replace("marks.wasm#mark", "later.wasm#mark"),
    );
    live.wait_for("there is no file `later.wasm`");
    workspace.write("later.wasm", "not yet");
    live.wait_for("cannot use `later.wasm`");
    workspace.write("later.wasm", marks(2));
    live.wait_for("swapped: ");
    feed.allow(200);
    live.wait_for_rows(200);
    let count = feed.end();
    live.end();
    let rows = marked(&workspace.read("screen"));
    let expected = [[1; 100], [2; 100]].concat();
    assert_eq!(versions(&rows, &[("f", count)])["f"], expected);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_told_once_and_waited_for() {
    use std::{os::unix::fs::symlink, process::Command};

    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let feed = Feed::start("f");
    let text = pipeline(&feed);
    let live = Live::start(&workspace, &text, &["--watch"]);
    feed.allow(100);
    live.wait_for_rows(100);
    let path = workspace.path("marks.wasm");
    let told = |reason: &str| {
        format!("marks.wasm` cannot be read, so it changes nothing until it can: {reason}")
    };
    fs::remove_file(&path).expect("a file");
    fs::create_dir(&path).expect("a folder");
    live.wait_for(&told("it is a directory"));
    fs::remove_dir(&path).expect("a folder");
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo runs").success());
    live.wait_for(&told("it is not a regular file"));
    // Whoever asks by hand is answered, and not kept waiting for somebody who writes.
    let run = live.command(&["swap", "pipeline.toml"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("it is not a regular file"),
        "{}",
        run.stderr
    );
    fs::remove_file(&path).expect("a pipe");
    symlink("marks.wasm", &path).expect("a link");
    live.wait_for("symbolic links");
    fs::remove_file(&path).expect("a link");
    workspace.write("marks.wasm", marks(2));
    live.wait_for_count("swapped: ", 2);
    // The pipeline file itself, too; one that is gone only is nobody's mistake.
    let file = workspace.path("pipeline.toml");
    fs::remove_file(&file).expect("a file");
    fs::create_dir(&file).expect("a folder");
    live.wait_for("pipeline.toml` cannot be read");
    fs::remove_dir(&file).expect("a folder");
    feed.end();
    let log = live.end();
    assert_eq!(
        log.matches("it changes nothing until it can").count(),
        4,
        "{log}"
    );
}

#[cfg(unix)]
#[test]
fn commands_do_not_wait_for_pipes_and_devices() {
    let workspace = Workspace::new();
    let marks = workspace.write("marks.wasm", marks(1));
    let pipe = workspace.path("pipe.wasm");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let (pipe, marks) = (pipe.display().to_string(), marks.display().to_string());
    for arguments in [
        &["inspect", &pipe][..],
        &["inspect", "/dev/zero"],
        &["compat", &marks, &pipe],
        &["check", &pipe],
    ] {
        let run = workspace.output(arguments);
        assert!(
            run.status > 0 && run.stderr.contains("it is not a regular file"),
            "{arguments:?}: {}",
            run.stderr
        );
    }
    let feed = Feed::start("f");
    let text = pipeline(&feed).replace("marks.wasm", "pipe.wasm");
    let run = workspace.run(&text);
    assert!(run.status == 2 && run.stderr.contains("it is not a regular file"));
}
