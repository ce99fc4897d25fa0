//! The commands beside `run`, exit statuses, output files, signals.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crate::{
    averages::pipeline,
    support::{Run, Workspace, library},
};

#[test]
fn check_prints_the_plan_with_types() {
    let workspace = Workspace::new();
    workspace.write("readings.jsonl", "");
    workspace.write("pipeline.toml", pipeline("readings.jsonl", "json", 4));
    let run = workspace.output(&["check", "pipeline.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for expected in [
        "pipeline averages",
        "event time    ts in ms, watermark 1m behind",
        "is_hot(temperature: float64) -> is_hot: boolean",
        "hash exchange on sensor",
        "sliding 20s every 5s",
        "avg_temperature  float64?",
    ] {
        assert!(
            run.stdout.contains(expected),
            "`{expected}` is not in:\n{}",
            run.stdout
        );
    }
    assert!(!workspace.path("out").exists(), "a check writes nothing");
}

#[test]
fn check_finds_limits_that_are_too_small() {
    let workspace = Workspace::new();
    workspace.write("readings.jsonl", "");
    let text = pipeline("readings.jsonl", "json", 1);
    let tight = text.replace(
        "[stage.hot]",
        "[stage.hot]\nlimits = { memory = \"64KiB\" }",
    );
    workspace.write("pipeline.toml", tight);
    let run = workspace.output(&["check", "pipeline.toml"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("stage `hot`: library"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("65536 allowed"), "{}", run.stderr);
}

#[test]
fn inspect_shows_what_a_component_holds() {
    let weather = library("weather");
    let run = Workspace::new().output(&["inspect", &weather.display().to_string()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("imports  none: pure"), "{}", run.stdout);
    let signature = "scalar to_fahrenheit(celsius: float64) -> fahrenheit: float64\n  Converts";
    assert!(run.stdout.contains(signature), "{}", run.stdout);
    let bank = library("bank");
    let run = Workspace::new().output(&["inspect", &bank.display().to_string()]);
    assert!(
        run.stdout
            .contains("state (version 1): balance: float64, low: boolean"),
        "{}",
        run.stdout
    );
}

#[test]
fn inspect_says_what_is_wrong_with_a_file() {
    let workspace = Workspace::new();
    workspace.write("module.wasm", b"\0asm\x01\0\0\0");
    let run = workspace.output(&["inspect", "module.wasm"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr
            .contains("not a component but a core WebAssembly module"),
        "{}",
        run.stderr
    );
}

#[test]
fn build_says_what_it_needs() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("empty")).expect("a folder");
    let run = workspace.output(&["build", "empty"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("no `Cargo.toml` in `empty`"),
        "{}",
        run.stderr
    );
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    assert_eq!(Workspace::new().output(&["rum"]).status, 2);
    assert_eq!(Workspace::new().output(&["run"]).status, 2);
    assert_eq!(Workspace::new().output(&["--version"]).status, 0);
}

const ENDLESS: &str = r#"
name = "endless"
[source.sensors]
connector = "generator"
rate = 100_000
[stage.counts]
from = "sensors"
key = ["sensor"]
window = { tumbling = "1s" }
aggregate = [{ call = "std#count" }]
[sink.screen]
from = "counts"
connector = "stdout"
format = "csv"
[sink.file]
from = "counts"
connector = "file"
path = "out"
format = "csv"
"#;

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_job_in_good_order() {
    let workspace = Workspace::new();
    let mut child = workspace.start(ENDLESS);
    let mut screen = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    screen.read_line(&mut line).expect("a header");
    assert_eq!(line, "sensor,window_start,window_end,count\n");
    let reader = std::thread::spawn(move || screen.lines().count());
    let signal = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(signal.expect("kill runs").success());
    let run = Run::of(child.wait_with_output().expect("an end"));
    assert_eq!(run.status, 130, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("stopped: open windows were not written"),
        "{}",
        run.stderr
    );
    let shown = reader.join().expect("the reader ends") + 1;
    let written = workspace.read("out/part-00000.csv").lines().count();
    assert_eq!(shown, written, "what was shown is what was written");
    assert_eq!(workspace.list("out"), ["part-00000.csv"]);
}

#[cfg(unix)]
#[test]
fn an_interrupt_before_the_end_of_the_input_leaves_files_as_they_were() {
    let workspace = Workspace::new();
    workspace.write("out/part-00000.csv", "the result of another day\n");
    let bounded = ENDLESS.replace("rate = 100_000", "rate = 100_000\nrows = 1_000_000_000");
    let mut child = workspace.start(&bounded);
    let mut screen = BufReader::new(child.stdout.take().expect("a pipe"));
    screen.read_line(&mut String::new()).expect("a header");
    let reader = std::thread::spawn(move || screen.lines().count());
    let signal = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(signal.expect("kill runs").success());
    let run = Run::of(child.wait_with_output().expect("an end"));
    reader.join().expect("the reader ends");
    assert_eq!(run.status, 130, "{}", run.stderr);
    assert!(
        run.stderr.contains("stopped before the end"),
        "{}",
        run.stderr
    );
    assert_eq!(
        workspace.read("out/part-00000.csv"),
        "the result of another day\n"
    );
    assert_eq!(workspace.list("out"), ["part-00000.csv"]);
}

/// Reads the first line of what a pipeline prints and goes away; returns how the job ends.
fn read_a_line_and_leave(pipeline: &str) -> Run {
    let workspace = Workspace::new();
    let mut child = workspace.start(pipeline);
    let mut line = String::new();
    let mut screen = BufReader::new(child.stdout.take().expect("a pipe"));
    screen.read_line(&mut line).expect("a header");
    drop(screen);
    Run::of(child.wait_with_output().expect("an end"))
}

#[test]
fn nobody_reading_the_output_is_no_failure() {
    let (screen_only, _) = ENDLESS.split_once("[sink.file]").expect("two sinks");
    let run = read_a_line_and_leave(screen_only);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}

#[test]
fn nobody_reading_the_output_is_a_failure_if_files_were_to_be_written_too() {
    let run = read_a_line_and_leave(ENDLESS);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("sink `file` was not written"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_job_that_fails_leaves_no_output_and_keeps_the_old_one() {
    let workspace = Workspace::new();
    let rows = r#"{"ts":1700000100000,"sensor":"s01","temperature":50.0,"humidity":1.0}"#;
    workspace.write("readings.jsonl", format!("{rows}\n"));
    workspace.succeed(&pipeline("readings.jsonl", "json", 1));
    let before = workspace.read("out/part-00000.jsonl");
    workspace.write(
        "readings.jsonl",
        format!("{rows}\n{rows}\n{}", "broken\n".repeat(2000)),
    );
    let run = workspace.run(&pipeline("readings.jsonl", "json", 1));
    assert_eq!(run.status, 1);
    assert_eq!(workspace.read("out/part-00000.jsonl"), before);
    assert_eq!(workspace.list("out"), ["part-00000.jsonl"]);
}

#[test]
fn secrets_from_the_environment_are_not_told() {
    let workspace = Workspace::new();
    workspace.write("readings.jsonl", "");
    let text = pipeline("${TIDEMILL_TEST_FOLDER}/none.jsonl", "json", 1);
    workspace.write("pipeline.toml", text);
    let output = workspace
        .tidemill(&["check", "pipeline.toml"])
        .env("TIDEMILL_TEST_FOLDER", "hunter2")
        .stdin(Stdio::null())
        .output();
    let run = Run::of(output.expect("the binary runs"));
    assert_eq!(run.status, 2);
    assert!(
        !run.stderr.contains("hunter2") && !run.stdout.contains("hunter2"),
        "{}",
        run.stderr
    );
}
