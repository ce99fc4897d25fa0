//! Jobs that are asked to stop, once or twice: the real binary, real files.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    support::{Pipeline, Run, Workspace, assert_numbered, library, numbered, slow_rows},
    swaps::versions::altered,
};

/// What Ctrl-C does.
fn interrupt(child: &Child) {
    send(child, "-INT");
}

fn send(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    let signal = Command::new("kill").args([signal, &pid]).status();
    assert!(signal.expect("kill runs").success());
}

#[test]
fn a_job_that_is_interrupted_stops_with_a_checkpoint_and_goes_on() {
    let workspace = Workspace::new();
    let mut child = workspace.start(&numbered(&slow_rows(3000)).text());
    drop(child.stdin.take());
    workspace.wait_for_rows("out");
    interrupt(&child);
    let stopped = Run::of(child.wait_with_output().expect("the binary runs"));
    assert_eq!(stopped.status, 130, "{}", stopped.stderr);
    assert!(
        stopped
            .stderr
            .contains("numbered: stopped with checkpoint "),
        "{}",
        stopped.stderr
    );
    let before = workspace.rows("out").len();
    assert!(before < 3000);
    let run = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_numbered(&workspace, "out", 3000);
}

/// Whether a job that reads the pipe `numbers.csv` ends soon after it is interrupted, in good order.
#[track_caller]
fn assert_pipe_is_left(parallelism: usize, with: &str) {
    let workspace = Workspace::new();
    let path = workspace.path("numbers.csv");
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo runs").success());
    let pipeline = Pipeline::new("piped")
        .parallelism(parallelism)
        .with(
            r#"
[source.numbers]
connector = "file"
path = "numbers.csv"
format = "csv"
columns = { n = "int64" }
[sink.out]
from = "numbers"
connector = "stdout"
format = "csv"
"#,
        )
        .with(with);
    let mut child = workspace.start(&pipeline.text());
    // This waits until it reads.
    let mut pipe = File::options().write(true).open(&path).expect("a pipe");
    if parallelism > 1 {
        pipe.write_all(b"n\n1\n2\n").expect("written");
        let screen = child.stdout.take().expect("a pipe");
        let rows = BufReader::new(screen).lines().map_while(Result::ok);
        // They come although the pipe stays open.
        assert_eq!(rows.take(3).collect::<Vec<_>>(), ["n", "1", "2"]);
    }
    let asked = Instant::now();
    interrupt(&child);
    let status = child.wait().expect("an end");
    assert_eq!(status.code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(5), "it is soon");
    drop(pipe);
}

#[test]
fn a_silent_pipe_does_not_keep_a_job_from_stopping() {
    assert_pipe_is_left(1, "");
    assert_pipe_is_left(3, "");
    assert_pipe_is_left(
        3,
        "[checkpoint]\ninterval = \"50ms\"\npath = \"checkpoints\"\n",
    );
}

/// Readings that are printed and numbered, and numbers that are handed back, but for 14: a function does not
/// come back from that before its deadline.
fn stuck(deadline: &str) -> Pipeline {
    numbered("connector = \"generator\"\nrate = 1000\nrows = 400")
        .with("[sink.screen]\nfrom = \"in\"\nconnector = \"stdout\"")
        .with(&echoed(deadline))
        .file_sink("echoed", "echoed", "json")
        .dead_letters("dead", "json")
}

/// The numbers, and what hands them back.
fn echoed(deadline: &str) -> String {
    format!(
        r#"
[source.numbers]
connector = "file"
path = "numbers.csv"
format = "csv"
columns = {{ n = "int64" }}
batch_rows = 1
[stage.echoed]
from = "numbers"
map = "{}#echo"
limits = {{ deadline = "{deadline}" }}
"#,
        library("faulty").display()
    )
}

#[test]
fn a_job_that_is_interrupted_twice_ends_at_once_and_goes_on() {
    let workspace = Workspace::new();
    workspace.write("numbers.csv", "n\n1\n2\n3\n14\n4\n5\n");
    let mut child = workspace.start(&stuck("10m").text());
    drop(child.stdin.take());
    let mut screen = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut talk = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    // By then it is stuck: there are only a few numbers.
    assert!(screen.nth(50).is_some());
    interrupt(&child);
    assert!(talk.any(|line| line.expect("a line").contains("once more to stop now")));
    thread::sleep(Duration::from_millis(50));
    assert!(child.try_wait().expect("a child").is_none());
    let twice = Instant::now();
    interrupt(&child);
    // Somebody has to read what it prints meanwhile.
    screen.for_each(drop);
    let status = child.wait().expect("an end");
    assert_eq!(status.code(), Some(130));
    assert!(twice.elapsed() < Duration::from_secs(5), "it is at once");
    assert!(!talk.any(|line| line.expect("a line").contains("stopped with checkpoint")));

    workspace.succeed(&stuck("200ms").text());
    assert_numbered(&workspace, "out", 400);
    let echoed = workspace.rows("echoed");
    let expected = [1, 2, 3, 4, 5].map(|n| format!("{{\"n\":{n},\"same\":{n}}}"));
    assert_eq!(echoed, expected);
    let letters = workspace.rows("dead");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].contains("took longer than 200ms"));
}

#[test]
fn a_stage_that_is_stuck_holds_up_barriers_and_nobody_else() {
    let workspace = Workspace::new();
    let (library, other) = (library("weather"), workspace.path("other.wasm"));
    let component = fs::read(&library).expect("a component");
    workspace.write("other.wasm", altered(component));
    workspace.write("numbers.csv", "n\n1\n2\n3\n14\n4\n5\n");
    let pipeline = Pipeline::new("stuck").with(&echoed("10m")).with(&format!(
        "[sink.echoes]\nfrom = \"echoed\"\nconnector = \"blackhole\"\n[source.more]\nconnector = \"generator\"\nrate = 1000\n[stage.warm]\nfrom = \"more\"\n\
         map = \"{}#to_fahrenheit\"\nargs = {{ celsius = \"temperature\" }}\n\
         [sink.shown]\nfrom = \"warm\"\nconnector = \"stdout\"",
        library.display()
    ));
    let mut child = workspace.start(&pipeline.text());
    drop(child.stdin.take());
    let (printed, shown) = mpsc::channel();
    let screen = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let reader = thread::spawn(move || {
        // Nobody looks any more when the test is over.
        screen.for_each(|line| drop(printed.send(line.expect("a line"))));
    });
    let mut talk = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let goes_on = || {
        shown.try_iter().for_each(drop);
        for _ in 0..500 {
            let row = shown.recv_timeout(Duration::from_secs(60));
            row.expect("the rows of others go on");
        }
    };
    goes_on();

    // Who asks is answered.
    let run = workspace.output(&["rollback", "pipeline.toml"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("nothing has been swapped"),
        "{}",
        run.stderr
    );

    // A swap waits, and says for whom.
    let component = format!("warm={}", other.display());
    let mut swap = workspace
        .tidemill(&["swap", "pipeline.toml", &component])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let said = BufReader::new(swap.stderr.take().expect("a pipe")).lines();
    let mut said = said.map(|line| line.expect("a line"));
    let expected = "no barrier passes `echoed` before the call that is being made there has ended";
    assert!(
        said.any(|line| line.starts_with(expected)),
        "it names the stage"
    );
    swap.kill().expect("it waits");
    swap.wait().expect("an end");

    // So does the end, unless it is asked for twice.
    send(&child, "-TERM");
    assert!(talk.any(|line| line.expect("a line").contains("once more to stop now")));
    thread::sleep(Duration::from_millis(50));
    assert!(child.try_wait().expect("a child").is_none());
    send(&child, "-TERM");
    let status = child.wait().expect("an end");
    assert_eq!(status.code(), Some(130));
    reader.join().expect("all was read");
}

#[test]
fn storage_that_hangs_holds_up_nothing_but_checkpoints_and_a_second_interrupt_does_not_wait_for_it()
{
    let workspace = Workspace::new();
    let pipeline = numbered(&slow_rows(6000))
        .with("[sink.screen]\nfrom = \"in\"\nconnector = \"stdout\"")
        .text();
    workspace.write("pipeline.toml", &pipeline);
    let mut child = workspace
        .tidemill(&["run", "pipeline.toml"])
        .env("TIDEMILL_FAILPOINT", "data:2:stall")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let (printed, shown) = mpsc::channel();
    let screen = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let reader = thread::spawn(move || {
        // Nobody looks any more when the test is over.
        screen.for_each(|line| drop(printed.send(line.expect("a line"))));
    });
    let mut talk = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    assert!(talk.any(|line| line.expect("a line") == "stalls at step `data`"));
    let visible = workspace.list("out");
    // What was printed before the storage hung is not counted.
    shown.try_iter().for_each(drop);
    let a_minute = Duration::from_secs(60);
    for _ in 0..500 {
        shown.recv_timeout(a_minute).expect("the stream goes on");
    }
    interrupt(&child);
    let stopping = "stopping as soon as one more checkpoint is written; once more to stop now";
    assert!(talk.any(|line| line.expect("a line") == stopping));
    thread::sleep(Duration::from_millis(50));
    assert!(child.try_wait().expect("a child").is_none());
    assert_eq!(
        parts(&workspace.list("out")),
        parts(&visible),
        "only a checkpoint commits"
    );
    let twice = Instant::now();
    interrupt(&child);
    let status = child.wait().expect("an end");
    assert_eq!(status.code(), Some(130));
    assert!(twice.elapsed() < Duration::from_secs(5), "it is at once");
    reader.join().expect("all was read");

    workspace.succeed(&pipeline);
    assert_numbered(&workspace, "out", 6000);
}

/// The names that are not hidden.
fn parts(names: &[String]) -> Vec<&String> {
    let parts = names.iter().filter(|name| !name.starts_with('.'));
    parts.collect()
}
