//! Functions that keep other state than before go on from what was known, in the midst of the stream.

use std::path::Path;

use super::{
    feed::Feed,
    inside,
    live::{Live, assert_done, assert_refused},
    rows::{assert_numbered, assert_tallied},
    versions::{Wrong, hostile, marks, next},
};
use tidemill::pipeline::{LibraryRef, Overrides};

use crate::support::{Pipeline, Workspace, library, wait_until};

/// What the new tally adds to its results.
const NEW: i64 = 1_000_000_000;

fn pipeline(left: &Feed, right: &Feed, parallelism: usize) -> String {
    Pipeline::new("migrated")
        .parallelism(parallelism)
        .with(&left.source("left"))
        .with(&right.source("right"))
        .with(
            r#"
[stage.numbered]
from = ["left", "right"]
key = ["k"]
process = "marks.wasm#number"
args = ["n"]
[stage.tallied]
from = ["left", "right"]
key = ["k"]
window = { tumbling = "1s" }
aggregate = [{ call = "marks.wasm#tally", args = ["n"], as = "rows" }]
[stage.slid]
from = ["left", "right"]
key = ["k"]
window = { global = true }
aggregate = [{ call = "marks.wasm#tally", args = ["n"], as = "rows" }]
[sink.screen]
from = "numbered"
connector = "stdout"
format = "csv"
"#,
        )
        .file_sink("tallied", "tallied", "csv")
        .file_sink("slid", "slid", "csv")
        .dead_letters("dead", "json")
        .text()
}

#[test]
fn state_of_another_version_goes_on_from_what_was_known() {
    for parallelism in [1, 3] {
        let workspace = Workspace::new();
        workspace.write("marks.wasm", marks(1));
        let next = library("marks_next");
        let (left, right) = (Feed::start("left"), Feed::start("right"));
        let live = Live::start(&workspace, &pipeline(&left, &right, parallelism), &[]);
        left.allow(2500);
        right.allow(2500);
        live.wait_for_rows(5000);
        let all = [
            ("numbered", next.as_path()),
            ("tallied", next.as_path()),
            ("slid", next.as_path()),
        ];
        assert_done(&live.swap(&all), "state of `number` version 1 -> 2");
        left.allow(4000);
        right.allow(4000);
        live.wait_for_rows(8000);
        // Nobody has said how to go back.
        assert_refused(&live.roll_back(), &["cannot convert version 2"]);
        left.allow(4500);
        right.allow(4500);
        let counts = [("left", left.end()), ("right", right.end())];
        live.end();
        assert_numbered(&workspace.read("screen"), 9000);
        let tallied = workspace.read("tallied/part-00000.csv");
        let (before, after) = assert_tallied(&tallied, 1000, &counts, NEW);
        assert_eq!(
            (before, after),
            (2 * 14, 3 * 14),
            "windows that each has closed"
        );
        assert_eq!(whole(&workspace, NEW), 9000);
    }
}

/// How many rows the global window has had, by results that are too large by `beyond`.
fn whole(workspace: &Workspace, beyond: i64) -> i64 {
    let whole = workspace.read("slid/part-00000.csv");
    let rows = whole.lines().skip(1).map(|line| {
        let rows = line.split(',').nth(1).and_then(|rows| rows.parse().ok());
        rows.unwrap_or_else(|| panic!("no number in {line}"))
    });
    rows.map(|rows: i64| rows - beyond).sum()
}

/// All stages with the component in `path`.
fn all(path: &Path) -> [(&str, &Path); 3] {
    ["numbered", "tallied", "slid"].map(|stage| (stage, path))
}

#[test]
fn what_fails_with_converted_state_is_taken_back_with_the_state_there_was() {
    for parallelism in [1, 3] {
        let workspace = Workspace::new();
        workspace.write("marks.wasm", marks(1));
        let late = workspace.write("late.wasm", next(2, Wrong::Late));
        let good = workspace.write("good.wasm", next(3, Wrong::Nothing));
        let (left, right) = (Feed::start("left"), Feed::start("right"));
        let live = Live::start(&workspace, &pipeline(&left, &right, parallelism), &[]);
        left.allow(700);
        right.allow(700);
        live.wait_for_rows(1400);
        let converted = "state of `number` version 1 -> 2";
        assert_done(&live.swap(&all(&late)), converted);
        left.allow(900);
        right.allow(900);
        live.wait_for_rows(1800);
        // Only some of the subtasks see it fail.
        left.allow(2500);
        live.wait_for("taken back");
        live.wait_for_rows(3400);
        right.allow(2500);
        live.wait_for_rows(5000);
        // What ran before runs, and can be replaced by something better.
        assert_done(&live.swap(&all(&good)), converted);
        left.allow(4500);
        right.allow(4500);
        let counts = [("left", left.end()), ("right", right.end())];
        let log = live.end();
        assert!(log.contains("this version cannot do all of it"), "{log}");
        assert_eq!(log.matches("taken back").count(), 1, "{log}");
        assert_numbered(&workspace.read("screen"), 9000);
        let tallied = workspace.read("tallied/part-00000.csv");
        let (before, after) = assert_tallied(&tallied, 1000, &counts, NEW);
        assert_eq!(
            (before, after),
            (2 * 14, 3 * 14),
            "windows that each has closed"
        );
        assert_eq!(whole(&workspace, NEW), 9000);
        assert_eq!(workspace.rows("dead"), [""; 0], "no row was to blame");
    }
}

#[test]
fn what_takes_over_from_a_version_that_has_failed_knows_what_that_one_would() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    workspace.write("late.wasm", next(2, Wrong::Late));
    workspace.write("good.wasm", next(3, Wrong::Nothing));
    let (left, right) = (Feed::start("left"), Feed::start("right"));
    let text = pipeline(&left, &right, 2).replace("\"stdout\"", "\"file\"\npath = \"screen\"");
    let file = workspace.write("pipeline.toml", text);
    let component = |name: &str| {
        let path = workspace.path(name);
        ["numbered", "tallied", "slid"].into_iter().fold(
            Overrides::default(),
            |overrides, stage| {
                overrides.library(stage, "marks.wasm", LibraryRef::File(path.clone()))
            },
        )
    };
    let counts = inside::run(&file, |swapper| {
        left.allow(700);
        right.allow(700);
        wait_until(|| left.sent() + right.sent() == 1400 && swapper.is_running());
        let mut swap = |name: &str| {
            let report = swapper.swap(component(name));
            report.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        };
        swap("late.wasm");
        left.allow(2500);
        right.allow(900);
        // Nobody takes back what fails meanwhile.
        wait_until(|| left.sent() + right.sent() == 3400);
        swap("good.wasm");
        assert!(
            swapper.fault().is_none(),
            "what has failed does not run any more"
        );
        left.allow(4500);
        right.allow(4500);
        [("left", left.end()), ("right", right.end())]
    });
    assert_numbered(&workspace.read("screen/part-00000.csv"), 9000);
    let tallied = workspace.read("tallied/part-00000.csv");
    assert_tallied(&tallied, 1000, &counts, NEW);
    assert_eq!(whole(&workspace, NEW), 9000);
    assert_eq!(workspace.rows("dead"), [""; 0], "no row was to blame");
}

#[test]
fn states_are_converted_as_many_at_once_as_there_is_room_for() {
    let workspace = Workspace::new();
    workspace.write("hostile.wasm", hostile(1));
    let next = workspace.write("next.wasm", hostile(2));
    let feed = Feed::start("all");
    let pipeline = Pipeline::new("large")
        .parallelism(1)
        .with(&feed.source("all"))
        .with(
            r#"
[stage.kept]
from = "all"
key = ["n"]
process = "hostile.wasm#heap"
args = ["n"]
config = { do = "process:large" }
limits = { memory = "8MiB" }
[sink.screen]
from = "kept"
connector = "stdout"
format = "csv"
"#,
        )
        .text();
    let live = Live::start(&workspace, &pipeline, &[]);
    // 18 MB of state.
    feed.allow(60);
    live.wait_for_rows(60);
    let answer = live.swap(&[("kept", next.as_path())]);
    assert_done(&answer, "state of `heap` version 1 -> 2");
    feed.allow(70);
    feed.end();
    live.end();
}
