//! Jobs that are killed, stopped or fail, and go on from their checkpoints: the real binary, real files.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::support::{Run, Workspace, library};

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

/// Readings in several files, counted in windows by the key. Checkpoints are made as fast as can be.
fn pipeline(parallelism: usize) -> String {
    format!(
        r#"
name = "recovery"
parallelism = {parallelism}
[source.in]
connector = "file"
path = "in/*.jsonl"
format = "json"
columns = {{ ts = "timestamp", k = "utf8", v = "int64" }}
event_time = {{ column = "ts", unit = "ms" }}
[stage.counts]
from = "in"
key = ["k"]
window = {{ tumbling = "1s" }}
aggregate = [
  {{ call = "std#count", as = "n" }},
  {{ call = "std#sum", args = ["v"], as = "total" }},
]
[stage.numbered]
from = "in"
key = ["k"]
process = "std#row_number"
keep = ["k"]
[sink.counts_out]
from = "counts"
connector = "file"
path = "counts"
format = "json"
[sink.numbered_out]
from = "numbered"
connector = "file"
path = "numbered"
format = "csv"
[dead_letters]
connector = "file"
path = "dead"
format = "json"
[checkpoint]
path = "state"
interval = "1ms"
keep = 2
"#
    )
}

/// A workspace with input.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    for file in 0..5 {
        let rows = (0..2000).map(|row| {
            let ts = file * 100_000 + row * 50;
            match row % 97 {
                0 => format!("{{\"ts\":\"x{file}-{row}\",\"k\":\"a\",\"v\":1}}\n"),
                _ => format!("{{\"ts\":{ts},\"k\":\"k{}\",\"v\":{row}}}\n", row % 7),
            }
        });
        workspace.write(&format!("in/{file}.jsonl"), rows.collect::<String>());
    }
    workspace
}

/// All that is visible of a sink, sorted.
fn visible(workspace: &Workspace, folder: &str) -> Vec<String> {
    let files = workspace.list(folder).into_iter();
    let files = files.filter(|name| name.starts_with("part-"));
    let mut rows: Vec<String> = Vec::new();
    for file in files {
        let text = workspace.read(&format!("{folder}/{file}"));
        let is_csv = file.ends_with(".csv");
        rows.extend(text.lines().skip(usize::from(is_csv)).map(str::to_owned));
    }
    rows.sort();
    rows
}

fn result(workspace: &Workspace) -> [Vec<String>; 3] {
    ["counts", "numbered", "dead"].map(|folder| visible(workspace, folder))
}

fn undisturbed() -> [Vec<String>; 3] {
    let workspace = workspace();
    workspace.succeed(&pipeline(2));
    let result = result(&workspace);
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

#[test]
fn a_job_that_is_killed_at_any_step_of_a_checkpoint_goes_on_as_if_it_was_not() {
    let expected = undisturbed();
    for (place, step) in STEPS.into_iter().enumerate() {
        let workspace = workspace();
        let mut aborted = 0;
        for (attempt, count) in [1, 2 + place % 3].into_iter().enumerate() {
            workspace.write("pipeline.toml", pipeline(1 + (place + attempt) % 3));
            let output = run_with(&workspace, &format!("{step}:{count}"));
            aborted += usize::from(output.status.code().is_none());
        }
        assert!(aborted > 0, "`{step}` is never come to");
        workspace.write("pipeline.toml", pipeline(2));
        let run = workspace.output(&["run", "pipeline.toml"]);
        assert_eq!(run.status, 0, "{step}: {}", run.stderr);
        assert_eq!(result(&workspace), expected, "{step}");
    }
}

/// Rows up to 3 s out of order, of which some are late: which ones hangs on the watermark before each batch.
fn disordered() -> String {
    r#"
name = "late"
parallelism = 1
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
[sink.counts_out]
from = "counts"
connector = "file"
path = "counts"
format = "json"
[sink.late_out]
connector = "file"
path = "late"
format = "json"
[checkpoint]
path = "state"
interval = "1ms"
"#
    .to_owned()
}

#[test]
fn rows_are_as_late_behind_a_checkpoint_as_if_there_was_none() {
    let input: String = (0..100_000_u64)
        .map(|row| {
            let ts = 10_000 + row * 10 - (row * 7919 % 300) * 10;
            format!("{{\"ts\":{ts},\"id\":{row}}}\n")
        })
        .collect();
    let all = |workspace: &Workspace| ["counts", "late"].map(|folder| visible(workspace, folder));
    let undisturbed = Workspace::new();
    undisturbed.write("in.jsonl", &input);
    undisturbed.succeed(&disordered());
    let expected = all(&undisturbed);
    assert!(
        expected[1].len() > 1000,
        "only {} rows are late",
        expected[1].len()
    );
    let workspace = Workspace::new();
    workspace.write("in.jsonl", &input);
    workspace.write("pipeline.toml", disordered());
    for count in [2, 3, 2, 4] {
        let output = run_with(&workspace, &format!("pruned:{count}"));
        assert_eq!(output.status.code(), None, "the job came to its end");
    }
    let run = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(all(&workspace) == expected, "other rows are late");
}

/// Files that all tell of the same time, more than are open at once unless there are subtasks enough.
fn side_by_side(parallelism: usize) -> String {
    disordered()
        .replace("parallelism = 1", &format!("parallelism = {parallelism}"))
        .replace("in.jsonl", "in/*.jsonl")
}

#[test]
fn files_that_were_open_hold_the_watermark_whoever_reads_them_on() {
    // 24 subtasks read a file each, one would have 16 of them open.
    let input = |workspace: &Workspace| {
        for file in 0..24 {
            let rows = (0..5000).map(|row| format!("{{\"ts\":{},\"id\":{file}}}\n", row * 20));
            workspace.write(&format!("in/{file:02}.jsonl"), rows.collect::<String>());
        }
    };
    let undisturbed = Workspace::new();
    input(&undisturbed);
    let run = undisturbed.succeed(&side_by_side(24));
    assert_eq!(run.count("counts", "late"), 0, "{}", run.stderr);
    let expected = visible(&undisturbed, "counts");
    for parallelism in [1, 3, 5] {
        let workspace = Workspace::new();
        input(&workspace);
        workspace.write("pipeline.toml", side_by_side(24));
        let output = run_with(&workspace, "pruned:2");
        assert_eq!(output.status.code(), None, "the job came to its end");
        let run = workspace.succeed(&side_by_side(parallelism));
        assert_eq!(run.count("counts", "late"), 0, "{}", run.stderr);
        assert!(
            visible(&workspace, "counts") == expected,
            "other rows are late with {parallelism}"
        );
    }
}

#[test]
fn a_job_that_is_complete_says_so_and_starts_over_only_if_asked() {
    let workspace = workspace();
    let run = workspace.succeed(&pipeline(2));
    assert!(
        run.summary("checkpoints").contains(" made, the last ("),
        "{}",
        run.stderr
    );
    let expected = result(&workspace);
    let again = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert!(
        again
            .stderr
            .contains("recovery: is complete already, with checkpoint")
    );
    assert_eq!(result(&workspace), expected);
    let fresh = workspace.output(&["run", "pipeline.toml", "--fresh"]);
    assert_eq!(fresh.status, 0, "{}", fresh.stderr);
    assert!(fresh.stderr.contains("recovery: done ("));
    assert_eq!(result(&workspace), expected);
}

/// An endless job that is slow enough to be met in its midst.
fn endless(rows: &str) -> String {
    format!(
        r#"
name = "endless"
[source.in]
connector = "generator"
rate = 2000
{rows}
[stage.numbered]
from = "in"
key = ["sensor"]
process = "std#row_number"
keep = ["ts", "sensor"]
[sink.out]
from = "numbered"
connector = "file"
path = "out"
format = "json"
[checkpoint]
path = "state"
interval = "30ms"
"#
    )
}

/// Waits until a file is visible in `folder`.
#[track_caller]
fn wait_for_output(workspace: &Workspace, folder: &str) {
    wait_until(|| {
        let entries = fs::read_dir(workspace.path(folder)).into_iter().flatten();
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("part-"))
    });
}

/// What Ctrl-C does.
fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    let signal = Command::new("kill").args(["-INT", &pid]).status();
    assert!(signal.expect("kill runs").success());
}

/// Waits until `is_so`.
#[track_caller]
fn wait_until(is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < until, "it does not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_job_that_is_interrupted_stops_with_a_checkpoint_and_goes_on() {
    let workspace = Workspace::new();
    let mut child = workspace.start(&endless("rows = 3000"));
    drop(child.stdin.take());
    wait_for_output(&workspace, "out");
    interrupt(&child);
    let stopped = Run::of(child.wait_with_output().expect("the binary runs"));
    assert_eq!(stopped.status, 130, "{}", stopped.stderr);
    assert!(
        stopped.stderr.contains("endless: stopped with checkpoint "),
        "{}",
        stopped.stderr
    );
    let before = visible(&workspace, "out").len();
    assert!(before < 3000);
    let run = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_numbered(&workspace, "out", 3000);
}

/// Expects so many rows in `folder`, those of each sensor numbered from 1.
#[track_caller]
fn assert_numbered(workspace: &Workspace, folder: &str, count: usize) {
    let rows = visible(workspace, folder);
    let mut numbers: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in &rows {
        let row: serde_json::Value = serde_json::from_str(row).expect("JSON");
        let sensor = row["sensor"].as_str().expect("a sensor").to_owned();
        let number = row["row_number"].as_i64().expect("a number");
        numbers.entry(sensor).or_default().push(number);
    }
    assert_eq!(rows.len(), count);
    for numbers in numbers.values_mut() {
        numbers.sort_unstable();
        let expected: Vec<i64> = (1..=numbers.len() as i64).collect();
        assert_eq!(*numbers, expected, "no row is lost, none comes twice");
    }
}

#[test]
fn a_job_that_is_killed_again_and_again_comes_to_its_end() {
    let expected = undisturbed();
    let workspace = workspace();
    for round in 0..12 {
        workspace.write("pipeline.toml", pipeline(1 + round % 3));
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
    workspace.write("pipeline.toml", pipeline(2));
    let run = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(result(&workspace), expected);
}

#[test]
fn a_source_that_fails_is_read_again_after_a_while_and_the_reason_told() {
    let workspace = workspace();
    workspace.write("in/9.jsonl.gz", "not compressed at all");
    let restart = "[restart]\nattempts = 2\ndelay = \"20ms\"\nmax_delay = \"30ms\"\n";
    let pipeline = pipeline(1).replace("*.jsonl", "*");
    let run = workspace.run(&format!("{pipeline}{restart}"));
    assert_eq!(run.status, 1, "{}", run.stderr);
    for text in [
        "attempt=1",
        "attempt=2",
        "the job was started again 2 times in a row and has failed again",
        "source `in` failed",
        "recovery: failed; when the reason is gone, run it again to go on from the newest checkpoint",
    ] {
        assert!(run.stderr.contains(text), "no `{text}` in\n{}", run.stderr);
    }
    assert_eq!(run.count("checkpoints", "restarts"), 2);
}

#[test]
fn a_job_goes_on_from_an_older_checkpoint_if_asked() {
    let workspace = workspace();
    let expected = undisturbed();
    workspace.write("pipeline.toml", pipeline(2));
    let output = run_with(&workspace, "written:2");
    assert!(output.status.code().is_none());
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
    assert_eq!(result(&workspace), expected);
}

#[test]
fn a_job_that_fails_shows_its_dead_letters_and_takes_them_back_when_it_goes_on() {
    let workspace = workspace();
    let bad = "{\"ts\":\"never\",\"k\":\"a\",\"v\":1}\n".repeat(10);
    workspace.write("in/2.jsonl", bad);
    let pipeline = format!("max_dead_letters = 8\n{}", pipeline(1));
    let mut shown = Vec::new();
    for _ in 0..3 {
        let run = workspace.run(&pipeline);
        assert_eq!(run.status, 1, "{}", run.stderr);
        assert!(
            run.stderr.contains("`max_dead_letters = 8`"),
            "{}",
            run.stderr
        );
        let letters = visible(&workspace, "dead");
        let never = letters.iter().filter(|letter| letter.contains("never"));
        // One file is read after the other, so that is where it stops.
        assert_eq!(never.count(), 9);
        shown.push(letters.len());
    }
    assert!(shown.windows(2).all(|pair| pair[0] <= pair[1]), "{shown:?}");
    let letters = visible(&workspace, "dead");
    let mut once = letters.clone();
    once.dedup();
    assert_eq!(letters, once, "no letter is there twice");
}

/// Readings that are printed and numbered, and numbers that are handed back, but for 14: a function does not
/// come back from that before its deadline.
fn stuck(deadline: &str) -> String {
    let source = endless("rows = 400").replace("rate = 2000", "rate = 1000");
    format!(
        r#"{source}
[sink.screen]
from = "in"
connector = "stdout"
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
[sink.echoed_out]
from = "echoed"
connector = "file"
path = "echoed"
format = "json"
[dead_letters]
connector = "file"
path = "dead"
format = "json"
"#,
        library("faulty").display()
    )
}

#[test]
fn a_job_that_is_interrupted_twice_ends_at_once_and_goes_on() {
    let workspace = Workspace::new();
    workspace.write("numbers.csv", "n\n1\n2\n3\n14\n4\n5\n");
    let mut child = workspace.start(&stuck("10m"));
    drop(child.stdin.take());
    let mut screen = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut talk = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    // By then it is stuck: there are only a few numbers.
    assert!(screen.nth(50).is_some());
    interrupt(&child);
    assert!(talk.any(|line| line.expect("a line").contains("once more to stop now")));
    std::thread::sleep(Duration::from_millis(50));
    assert!(child.try_wait().expect("a child").is_none());
    let twice = Instant::now();
    interrupt(&child);
    // Somebody has to read what it prints meanwhile.
    screen.for_each(drop);
    let status = child.wait().expect("an end");
    assert_eq!(status.code(), Some(130));
    assert!(twice.elapsed() < Duration::from_secs(5), "it is at once");
    assert!(!talk.any(|line| line.expect("a line").contains("stopped with checkpoint")));

    workspace.succeed(&stuck("200ms"));
    assert_numbered(&workspace, "out", 400);
    let echoed = visible(&workspace, "echoed");
    let expected = [1, 2, 3, 4, 5].map(|n| format!("{{\"n\":{n},\"same\":{n}}}"));
    assert_eq!(echoed, expected);
    let letters = visible(&workspace, "dead");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].contains("took longer than 200ms"));
}

/// A job whose sink has lost its directory: there is a file in its place. Its log is in `log`.
fn sink_without_directory(attempts: usize) -> (Workspace, Child) {
    let workspace = Workspace::new();
    let pipeline = endless("rows = 3000");
    workspace.write(
        "pipeline.toml",
        format!(
            "{pipeline}[restart]\nattempts = {attempts}\ndelay = \"20ms\"\nmax_delay = \"40ms\"\n"
        ),
    );
    let log = File::create(workspace.path("log")).expect("a file");
    let child = workspace
        .tidemill(&["run", "pipeline.toml"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the binary runs");
    wait_for_output(&workspace, "out");
    fs::rename(workspace.path("out"), workspace.path("aside")).expect("renamed");
    workspace.write("out", "no directory");
    (workspace, child)
}

fn give_directory_back(workspace: &Workspace) {
    fs::remove_file(workspace.path("out")).expect("removed");
    fs::rename(workspace.path("aside"), workspace.path("out")).expect("renamed");
}

#[test]
fn a_sink_that_fails_for_a_while_loses_nothing() {
    let (workspace, mut child) = sink_without_directory(1000);
    wait_until(|| workspace.read("log").contains("attempt=3"));
    give_directory_back(&workspace);
    let status = child.wait().expect("an end");
    let log = workspace.read("log");
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("sink `out` failed"), "{log}");
    assert_numbered(&workspace, "out", 3000);
}

#[test]
fn a_sink_that_fails_for_good_is_told_and_its_job_goes_on_later() {
    let (workspace, mut child) = sink_without_directory(2);
    let status = child.wait().expect("an end");
    let log = workspace.read("log");
    assert_eq!(status.code(), Some(1), "{log}");
    let reason = "the job was started again 2 times in a row and has failed again";
    assert!(log.contains(reason), "{log}");
    give_directory_back(&workspace);
    let run = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_numbered(&workspace, "out", 3000);
}

/// Runs a job onto a small disk, and once more when the disk has become larger. 99 says that this machine
/// does not let its users have disks of their own.
const SMALL_DISK: &str = r#"
mkdir out seen result
mount -t tmpfs -o size=64k tmpfs out || exit 99
"$0" run pipeline.toml
test $? = 1 || exit 1
cp out/part-* seen
mount -o remount,size=64m out || exit 99
"$0" run pipeline.toml || exit 2
cp out/part-* result
"#;

#[test]
fn a_job_whose_disk_is_full_goes_on_when_there_is_room() {
    let workspace = Workspace::new();
    let restart = "[restart]\nattempts = 2\ndelay = \"20ms\"\n";
    workspace.write("pipeline.toml", endless("rows = 3000") + restart);
    let tidemill = workspace.tidemill(&[]);
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            SMALL_DISK,
        ])
        .arg(tidemill.get_program())
        .envs(
            tidemill
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(workspace.path("."))
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        return;
    };
    let run = Run::of(output);
    if run.status == 99 || run.stderr.starts_with("unshare: ") {
        return;
    }
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("No space left"), "{}", run.stderr);
    let seen = visible(&workspace, "seen");
    assert!(!seen.is_empty() && seen.len() < 3000);
    assert!(seen.iter().all(|row| row.ends_with('}')));
    assert_numbered(&workspace, "result", 3000);
}

#[test]
fn standard_input_cannot_be_read_again_and_that_is_told() {
    let workspace = Workspace::new();
    let pipeline = endless("").replace(
        "connector = \"generator\"\nrate = 2000",
        "connector = \"stdin\"\nformat = \"csv\"\ncolumns = { ts = \"int64\", sensor = \"utf8\" }",
    );
    let rows = |from: usize, to: usize| -> String {
        let rows = (from..to).map(|row| format!("{row},s{}\n", row % 3));
        format!("ts,sensor\n{}", rows.collect::<String>())
    };
    let mut child = workspace.start(&pipeline);
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(rows(0, 100).as_bytes()).expect("written");
    wait_for_output(&workspace, "out");
    wait_until(|| visible(&workspace, "out").len() == 100);
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
