//! A library that breaks the contract in every way there is: what the user sees of it is that the job does not start,
//! or a dead letter for the one row that it does it on. The others come out right, and the host neither breaks down
//! nor hangs.

mod answers;
mod binaries;
mod breakdowns;
mod catalogs;
#[cfg(target_os = "linux")]
mod costly;
mod groups;
mod sizes;
mod states;

use serde_json::json;

use crate::support::{Pipeline, Run, Workspace, library};

use Seen::{Fails, Letter, Refused, Right};

/// What is seen of a deed.
#[derive(Clone, Copy, Debug)]
enum Seen {
    /// The unlucky row, or its group, is the only dead letter, for a reason with this text in it.
    Letter(&'static str),
    /// All rows come out right, and this is in the log.
    Right(&'static str),
    /// The job does not start, and says this.
    Refused(&'static str),
    /// The job fails, and says this.
    Fails(&'static str),
}

/// What is in the file: the numbers from 1 to 30 under three keys. 13 has a key of its own.
fn numbers(is_wanted: impl Fn(i64) -> bool) -> String {
    let numbers = (1..=30).filter(|&n| is_wanted(n));
    let lines = numbers.map(|n| {
        let key = match n {
            13 => "unlucky".to_owned(),
            _ => format!("k{}", n % 3),
        };
        format!("{}\n", json!({ "ts": n * 100, "k": key, "n": n }))
    });
    lines.collect()
}

/// Runs a stage, in which `CONFIG` stands for the configuration and `hostile#` for the library.
fn run(stage: &str, deed: &str, lines: &str) -> (Workspace, Run) {
    let workspace = Workspace::new();
    workspace.write("numbers.jsonl", lines);
    let library = format!("{}#", library("hostile").display());
    let stage = stage.replace("hostile#", &library);
    let stage = stage.replace("CONFIG", &format!("config = {{ do = \"{deed}\" }}"));
    // Whatever ends by itself is not to be late, however busy the machine is.
    let is_endless = deed.ends_with(":spin") || deed.ends_with("for-ever");
    let deadline = if is_endless { "150ms" } else { "20s" };
    let pipeline = Pipeline::new("hostile")
        .parallelism(1)
        .with(
            r#"
[source.numbers]
connector = "file"
path = "numbers.jsonl"
format = "json"
columns = { ts = "timestamp", k = "utf8", n = "int64" }
event_time = { column = "ts", unit = "ms" }
[stage.work]
from = "numbers"
"#,
        )
        .with(&format!(
            "limits = {{ memory = \"32MiB\", deadline = \"{deadline}\", output_bytes = \"4MiB\", output_rows = 100000 }}\n{stage}"
        ))
        .file_sink("work", "out", "json")
        .dead_letters("dead", "json");
    let run = workspace.run(&pipeline.text());
    (workspace, run)
}

/// What comes out of a stage that does what it should.
fn honest(stage: &str, is_wanted: impl Fn(i64) -> bool) -> Vec<String> {
    let (workspace, run) = run(stage, "", &numbers(is_wanted));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(run.count("work", "dead letters"), 0, "{}", run.stderr);
    out(&workspace, stage)
}

/// The rows, in their order; those of windows come in any.
fn out(workspace: &Workspace, stage: &str) -> Vec<String> {
    if stage.contains("window") {
        return workspace.rows("out");
    }
    let text = workspace.read("out/part-00000.jsonl");
    text.lines().map(str::to_owned).collect()
}

/// Expects each deed to be seen as it should.
#[track_caller]
fn check(stage: &str, deeds: &[(&str, Seen)]) {
    let (all, good) = (honest(stage, |_| true), honest(stage, |n| n != 13));
    assert!(good.len() < all.len());
    for &(deed, seen) in deeds {
        let (workspace, run) = run(stage, deed, &numbers(|_| true));
        assert_harmless(deed, &run);
        match seen {
            Letter(reason) => {
                assert_eq!(run.status, 0, "{deed}: {}", run.stderr);
                assert_letter(deed, &workspace, reason);
                assert_eq!(out(&workspace, stage), good, "{deed}");
            }
            Right(said) => {
                assert_eq!(run.status, 0, "{deed}: {}", run.stderr);
                assert!(run.stderr.contains(said), "{deed}: {}", run.stderr);
                assert_eq!(run.count("work", "dead letters"), 0, "{deed}");
                assert_eq!(out(&workspace, stage), all, "{deed}");
            }
            Refused(said) | Fails(said) => {
                let status = if matches!(seen, Refused(_)) { 2 } else { 1 };
                assert_eq!(run.status, status, "{deed}: {}", run.stderr);
                assert!(run.stderr.contains(said), "{deed}: {}", run.stderr);
            }
        }
    }
}

/// Expects one dead letter: that of the unlucky row, or of its group.
#[track_caller]
fn assert_letter(deed: &str, workspace: &Workspace, reason: &str) {
    let letters = workspace.json_lines("dead");
    assert_eq!(letters.len(), 1, "{deed}: {letters:?}");
    let letter = &letters[0];
    let found = letter["reason"].as_str().expect("a reason");
    assert!(found.contains(reason), "{deed}: {found}");
    assert!(found.len() < 8 << 10, "{deed}: {} bytes", found.len());
    assert!(!found.contains('\x1b'), "{deed}: {found}");
    let row = letter["row"].as_str().expect("a row");
    assert!(row.contains("unlucky"), "{deed}: {row}");
    match letter["kind"].as_str() {
        Some("row") => assert_eq!(letter["number"], 13, "{deed}"),
        kind => assert_eq!(kind, Some("window"), "{deed}"),
    }
}

/// Expects that the host has not broken down, and says neither too much nor anything that a terminal obeys.
#[track_caller]
fn assert_harmless(deed: &str, run: &Run) {
    assert!((0..=2).contains(&run.status), "{deed}: {}", run.stderr);
    for broken in ["panicked at host", "RUST_BACKTRACE", "\x1b", "\x07"] {
        assert!(!run.stderr.contains(broken), "{deed}: {}", run.stderr);
    }
    let said = run.stderr.len();
    assert!(said < 256 << 10, "{deed}: {said} bytes");
}
