//! Jobs whose sources, sinks or functions fail, and go on inside the process or later: the real binary, real
//! files.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
};

use crate::support::{
    Run, Workspace, assert_numbered, counted, counted_input, numbered, slow_rows, wait_until,
};

#[test]
fn a_source_that_fails_is_read_again_after_a_while_and_the_reason_told() {
    let workspace = counted_input();
    workspace.write("in/9.jsonl.gz", "not compressed at all");
    let pipeline = counted(1).restarts(2).text().replace("*.jsonl", "*");
    let run = workspace.run(&pipeline);
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

/// A job whose sink has lost its directory: there is a file in its place. Its log is in `log`.
fn sink_without_directory(attempts: usize) -> (Workspace, Child) {
    let workspace = Workspace::new();
    let pipeline = numbered(&slow_rows(3000)).restarts(attempts);
    workspace.write("pipeline.toml", pipeline.text());
    let log = File::create(workspace.path("log")).expect("a file");
    let child = workspace
        .tidemill(&["run", "pipeline.toml"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the binary runs");
    workspace.wait_for_rows("out");
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
    assert!(log.contains("sink `numbered_out` failed"), "{log}");
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
    let pipeline = numbered(&slow_rows(3000)).restarts(2);
    workspace.write("pipeline.toml", pipeline.text());
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
    let seen = workspace.rows("seen");
    assert!(!seen.is_empty() && seen.len() < 3000);
    assert!(seen.iter().all(|row| row.ends_with('}')));
    assert_numbered(&workspace, "result", 3000);
}

#[test]
fn a_job_that_fails_shows_its_dead_letters_and_takes_them_back_when_it_goes_on() {
    let workspace = counted_input();
    let bad = "{\"ts\":\"never\",\"k\":\"a\",\"v\":1}\n".repeat(10);
    workspace.write("in/2.jsonl", bad);
    let pipeline = counted(1).key("max_dead_letters", 8).text();
    let mut shown = Vec::new();
    for _ in 0..3 {
        let run = workspace.run(&pipeline);
        assert_eq!(run.status, 1, "{}", run.stderr);
        assert!(
            run.stderr.contains("`max_dead_letters = 8`"),
            "{}",
            run.stderr
        );
        let letters = workspace.rows("dead");
        let never = letters.iter().filter(|letter| letter.contains("never"));
        // One file is read after the other, so that is where it stops.
        assert_eq!(never.count(), 9);
        shown.push(letters.len());
    }
    assert!(shown.windows(2).all(|pair| pair[0] <= pair[1]), "{shown:?}");
    let letters = workspace.rows("dead");
    let mut once = letters.clone();
    once.dedup();
    assert_eq!(letters, once, "no letter is there twice");
}
