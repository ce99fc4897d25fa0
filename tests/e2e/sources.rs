//! Sources beside files: standard input, sockets, the generator.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use crate::{
    averages::{assert_conserved, json, pipeline_over},
    oracle::{assert_same, averages},
    support::{Run, Workspace, readings},
};

#[test]
fn standard_input_gives_the_answer() {
    let (workspace, readings) = (Workspace::new(), readings(21, 20_000));
    for parallelism in [1, 4] {
        let source = "connector = \"stdin\"\nformat = \"json\"";
        let mut child = workspace.start(&pipeline_over(source, parallelism));
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin
            .write_all(json(&readings).as_bytes())
            .expect("written");
        drop(stdin);
        let run = Run::of(child.wait_with_output().expect("an end"));
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert_same(&workspace.json_lines("out"), &averages(&readings));
        assert_conserved(&run);
    }
}

#[test]
fn a_socket_gives_the_answer() {
    let (workspace, readings) = (Workspace::new(), readings(22, 20_000));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let text = json(&readings);
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a connection");
        connection.write_all(text.as_bytes()).expect("sent");
    });
    let source = format!("connector = \"socket\"\naddress = \"{address}\"\nformat = \"json\"");
    let run = workspace.succeed(&pipeline_over(&source, 2));
    server.join().expect("the server ends");
    assert_same(&workspace.json_lines("out"), &averages(&readings));
    assert_conserved(&run);
}

#[test]
fn a_socket_that_nobody_listens_on_is_named() {
    let workspace = Workspace::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let source = format!("connector = \"socket\"\naddress = \"{address}\"\nformat = \"json\"");
    let run = workspace.run(&pipeline_over(&source, 1));
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.contains(&address.to_string()), "{}", run.stderr);
}

#[test]
fn rows_leave_while_the_input_is_still_open() {
    let workspace = Workspace::new();
    let mut child = workspace.start(
        r#"
name = "echo"
[source.lines]
connector = "stdin"
format = "lines"
[sink.screen]
from = "lines"
connector = "stdout"
format = "json"
"#,
    );
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    for word in ["one", "two"] {
        writeln!(stdin, "{word}").expect("written");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        assert_eq!(line, format!("{{\"line\":\"{word}\"}}\n"));
    }
    drop(stdin);
    assert!(child.wait().expect("an end").success());
}

const GENERATED: &str = r#"
name = "generated"
[source.sensors]
connector = "generator"
rows = 10_000
seed = 3
sensors = 7
step = "10ms"
disorder = 0.2
max_disorder = "2s"
[sink.readings]
from = "sensors"
connector = "file"
path = "out"
format = "json"
"#;

#[test]
fn the_generator_makes_the_readings_it_is_asked_for() {
    let workspace = Workspace::new();
    workspace.succeed(GENERATED);
    let rows = workspace.json_lines("out");
    assert_eq!(rows.len(), 10_000);
    let mut sensors: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["sensor"].as_str())
        .collect();
    sensors.sort_unstable();
    sensors.dedup();
    assert_eq!(sensors.len(), 7);
    let in_range =
        |value: &serde_json::Value| (0.0..100.0).contains(&value.as_f64().expect("a number"));
    assert!(
        rows.iter()
            .all(|row| in_range(&row["temperature"]) && in_range(&row["humidity"]))
    );
    let times: Vec<&str> = rows.iter().filter_map(|row| row["ts"].as_str()).collect();
    let disordered = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
    assert!((1500..2500).contains(&disordered), "{disordered}");
    let first = workspace.read("out/part-00000.jsonl");
    workspace.succeed(GENERATED);
    assert_eq!(
        first,
        workspace.read("out/part-00000.jsonl"),
        "a seed is a promise"
    );
}

#[test]
fn files_are_called_the_same_wherever_the_job_is_run() {
    let workspace = Workspace::new();
    workspace.write("in/a.jsonl", "{\"n\":1}\nnonsense\n");
    workspace.write("elsewhere/empty", "");
    workspace.write(
        "pipeline.toml",
        r#"
name = "names"
[source.numbers]
connector = "file"
path = "in/*.jsonl"
format = "json"
columns = { n = "int64" }
[sink.nowhere]
from = "numbers"
connector = "blackhole"
[dead_letters]
connector = "stdout"
format = "json"
"#,
    );
    for (from, pipeline) in [(".", "pipeline.toml"), ("elsewhere", "../pipeline.toml")] {
        let mut command = workspace.tidemill(&["run", pipeline]);
        let output = command.current_dir(workspace.path(from)).output();
        let run = Run::of(output.expect("the binary runs"));
        assert_eq!(run.status, 0, "{}", run.stderr);
        let letter: serde_json::Value = serde_json::from_str(&run.stdout).expect("a dead letter");
        assert_eq!(letter["source"], "in/a.jsonl", "{from}");
    }
}

#[cfg(unix)]
#[test]
fn a_named_pipe_cannot_be_read_on() {
    let workspace = Workspace::new();
    let pipe = workspace.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let text = r#"
name = "piped"
[source.lines]
connector = "file"
path = "pipe"
format = "lines"
[sink.nowhere]
from = "lines"
connector = "blackhole"
[checkpoint]
path = "state"
interval = "1ms"
"#;
    let mut child = workspace.start(text);
    let mut writer = std::fs::OpenOptions::new()
        .write(true)
        .open(&pipe)
        .expect("the job reads it");
    // Checkpoints are made between the batches.
    let has_checkpoint = || {
        let entries = std::fs::read_dir(workspace.path("state/piped"));
        let mut entries = entries.into_iter().flatten().flatten();
        entries.any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("checkpoint-") && !name.contains("0000000001")
        })
    };
    let lines = "a line\n".repeat(100_000);
    let mut written = 0;
    while !has_checkpoint() {
        writer.write_all(lines.as_bytes()).expect("written");
        written += 1;
        assert!(written < 1000, "no checkpoint was made");
    }
    child.kill().expect("it runs");
    let first = Run::of(child.wait_with_output().expect("an end"));
    assert!(
        first.stderr.contains("cannot be read again"),
        "{}",
        first.stderr
    );
    drop(writer);
    let run = workspace.run(text);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let expected = "a part of `pipe` has been read, and what is read of it cannot be read again";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}
