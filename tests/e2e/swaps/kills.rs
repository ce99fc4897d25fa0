//! Jobs that are swapped all the time and killed at every step of their checkpoints: what comes out in the end
//! is what comes out of a job that nobody disturbs, but for the versions that have made it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use tidemill::{
    reload::{Order, ask},
    runtime::CheckpointStep,
};

use super::{
    feed::KEYS,
    rows::{assert_numbered, assert_tallied, changes, marked, versions},
    versions::marks,
};
use crate::support::{Pipeline, Workspace};

/// The rows of each of the two files.
const ROWS: u64 = 60_000;

/// The stages that are swapped, together.
const STAGES: [&str; 3] = ["marked", "numbered", "tallied"];

fn pipeline() -> String {
    Pipeline::new("killed")
        .parallelism(2)
        .with(
            r#"
[source.in]
connector = "file"
path = "in/*.csv"
format = "csv"
columns = { ts = "timestamp", k = "utf8", n = "int64" }
event_time = { column = "ts", unit = "ms" }
watermark = { delay = "1h" }
batch_rows = 16
[stage.marked]
from = "in"
map = "marks.wasm#mark"
[stage.numbered]
from = "marked"
key = ["k"]
process = "marks.wasm#number"
[stage.tallied]
from = "marked"
key = ["k"]
window = { tumbling = "10s" }
aggregate = [{ call = "marks.wasm#tally", args = ["n"], as = "rows" }]
"#,
        )
        .file_sink("numbered", "numbered", "csv")
        .file_sink("tallied", "tallied", "csv")
        .dead_letters("dead", "json")
        .checkpoints("20ms")
        .text()
}

/// Asks for the one and the other version in turn, until it is told that it is over.
fn swap_all_the_time(workspace: &Workspace, is_over: &AtomicBool, done: &AtomicUsize) {
    let file = workspace.path("pipeline.toml");
    let mut turn = 0;
    while !is_over.load(Ordering::Relaxed) {
        let path = workspace.path(["one.wasm", "two.wasm"][turn % 2]);
        let stages = STAGES.map(|stage| (stage.to_owned(), path.clone()));
        let order = Order::Swap(BTreeMap::from(stages));
        match ask(&file, &order, |_| {}) {
            Ok(answer) if answer.done => {
                turn += 1;
                done.fetch_add(1, Ordering::Relaxed);
            }
            // It has just been killed, or is not there yet.
            _ => thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// The parts of a sink, one after the other.
fn parts(workspace: &Workspace, folder: &str) -> String {
    let files = workspace.list(folder).into_iter();
    let parts = files.filter(|name| name.starts_with("part-"));
    parts
        .map(|name| workspace.read(&format!("{folder}/{name}")))
        .collect()
}

#[test]
fn swaps_and_kills_at_every_step_lose_nothing() {
    // On a busy machine jobs are killed before they have been asked to swap, or have ended before they are killed.
    let tried = (0..5).map(|_| swap_and_kill());
    let happened: Vec<String> = tried.map_while(Result::err).collect();
    assert!(happened.len() < 5, "too little happens: {happened:?}");
}

/// Fails with what has happened if that is not enough for anything to go wrong.
fn swap_and_kill() -> Result<(), String> {
    let workspace = Workspace::new();
    for feed in ["left", "right"] {
        let rows = (0..ROWS).map(|n| format!("{n},{feed}{},{n}\n", n % KEYS));
        let rows: String = rows.collect();
        workspace.write(&format!("in/{feed}.csv"), format!("ts,k,n\n{rows}"));
    }
    workspace.write("pipeline.toml", pipeline());
    workspace.write("one.wasm", marks(1));
    workspace.write("two.wasm", marks(2));
    let (is_over, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut kills, mut recalls) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| swap_all_the_time(&workspace, &is_over, &done));
        let is_over = Over(&is_over);
        for (place, step) in CheckpointStep::ALL.into_iter().enumerate() {
            // What is on disk is another version at every start.
            workspace.write("marks.wasm", marks(3 + place as i64 % 7));
            let said = workspace.path("log");
            let mut child = workspace
                .tidemill(&["run", "pipeline.toml"])
                .env("TIDEMILL_FAILPOINT", format!("{step}:{}", 2 + place % 4))
                .stdin(Stdio::null())
                .stderr(File::create(&said).expect("a file"))
                .spawn()
                .expect("the binary runs");
            let status = child.wait().expect("an end");
            let log = fs::read_to_string(said).expect("a log");
            recalls += log
                .matches("goes on with the one of the checkpoint")
                .count();
            if status.success() {
                break;
            }
            assert_eq!(status.code(), None, "at step `{step}`: {log}");
            kills += 1;
        }
        drop(is_over);
    });
    let run = workspace.output(&["run", "pipeline.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let swaps = done.into_inner();
    // A checkpoint goes on with what it was made with, so there are recalls.
    let mut is_enough = kills >= 10 && 3 * swaps >= kills && recalls > 0;
    let counts = [("left", ROWS), ("right", ROWS)];
    let numbered = parts(&workspace, "numbered");
    assert_numbered(&numbered, 2 * ROWS);
    assert_tallied(&parts(&workspace, "tallied"), 10_000, &counts, i64::MAX);
    assert_eq!(workspace.rows("dead"), [""; 0]);
    for (feed, along) in versions(&marked(&numbered), &counts) {
        let found = changes(&along);
        // Each start may change twice: to what the checkpoint has, and to what is on disk.
        let most = swaps + 2 * (kills + 1);
        assert!(found <= most, "{found} changes along `{feed}`, of {most}");
        is_enough &= [1, 2].iter().all(|version| along.contains(version));
    }
    let happened = format!("{kills} kills, {swaps} swaps, {recalls} recalls");
    is_enough.then_some(()).ok_or(happened)
}

/// Ends the swaps even if something is not as it should be.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
