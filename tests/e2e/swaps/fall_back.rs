//! A version that fails only after its swap is taken back by the job itself, and nobody's row is lost for it.

use super::{
    feed::Feed,
    live::{Live, assert_done},
    rows::{assert_numbered, assert_tallied, marked, versions},
    versions::{Wrong, marked as marked_as, marks},
};
use crate::support::{Pipeline, Workspace};

/// Two sources, so that there are two subtasks, one of which may see nothing wrong.
fn pipeline(left: &Feed, right: &Feed) -> String {
    Pipeline::new("fall-back")
        .parallelism(2)
        .with(&left.source("left"))
        .with(&right.source("right"))
        .with(
            r#"
[stage.marked]
from = ["left", "right"]
map = "marks.wasm#mark"
[stage.numbered]
from = "marked"
key = ["k"]
process = "marks.wasm#number"
[stage.tallied]
from = "marked"
key = ["k"]
window = { tumbling = "1s" }
aggregate = [{ call = "marks.wasm#tally", args = ["n"], as = "rows" }]
[sink.screen]
from = "numbered"
connector = "stdout"
format = "csv"
"#,
        )
        .file_sink("tallied", "tallied", "csv")
        .dead_letters("dead", "json")
        .text()
}

/// A job in which a stage is swapped for a version that fails on row 999, which comes only after that.
#[track_caller]
fn fails_later(stage: &str) {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let late = workspace.write("late.wasm", marked_as(2, Wrong::Late));
    let (left, right) = (Feed::start("left"), Feed::start("right"));
    let live = Live::start(&workspace, &pipeline(&left, &right), &[]);
    left.allow(500);
    right.allow(500);
    live.wait_for_rows(1000);
    assert_done(&live.swap(&[(stage, &late)]), "swapped at barrier");
    left.allow(600);
    right.allow(600);
    live.wait_for_rows(1200);
    // Only one of the subtasks sees it fail.
    left.allow(2500);
    live.wait_for_rows(3100);
    live.wait_for("taken back");
    // All are back, and ready for something better.
    right.allow(700);
    live.wait_for_rows(3200);
    let good = workspace.write("good.wasm", marks(3));
    assert_done(&live.swap(&[(stage, &good)]), "swapped at barrier");
    left.allow(2600);
    right.allow(2600);
    let counts = [("left", left.end()), ("right", right.end())];
    let log = live.end();
    assert!(
        log.contains("fails on rows with which the version before it is fine"),
        "{log}"
    );
    assert!(log.contains("this version cannot do all of it"), "{log}");
    assert_eq!(log.matches("taken back").count(), 1, "{log}");

    let screen = workspace.read("screen");
    assert_numbered(&screen, 5200);
    let tallied = workspace.read("tallied/part-00000.csv");
    assert_tallied(&tallied, 1000, &counts, i64::MAX);
    assert_eq!(workspace.rows("dead"), [""; 0], "no row was to blame");
    let by_feed = versions(&marked(&screen), &counts);
    if stage == "marked" {
        let (left, right) = (&by_feed["left"], &by_feed["right"]);
        assert_eq!((left[499], right[499]), (1, 1));
        assert_eq!((left[550], right[550]), (2, 2), "it was swapped");
        assert_eq!((left[999], left[1999]), (1, 1), "by the version before");
        assert_eq!(right[600..700], [1; 100], "where nothing failed, too");
        assert_eq!((left[2599], right[2599]), (3, 3));
    }
}

#[test]
fn a_map_that_fails_later_is_taken_back() {
    fails_later("marked");
}

#[test]
fn a_process_that_fails_later_is_taken_back_with_its_state() {
    fails_later("numbered");
}

#[test]
fn an_aggregate_that_fails_later_is_taken_back_with_its_accumulators() {
    fails_later("tallied");
}

#[test]
fn what_could_not_be_tried_is_taken_back_with_its_first_rows() {
    for wrong in [Wrong::Trap, Wrong::Spin, Wrong::Heap] {
        let workspace = Workspace::new();
        workspace.write("marks.wasm", marks(1));
        let bad = workspace.write("bad.wasm", marked_as(2, wrong));
        let (left, right) = (Feed::start("left"), Feed::start("right"));
        let live = Live::start(&workspace, &pipeline(&left, &right), &[]);
        // No row has come yet that it could be tried on.
        let all = ["marked", "numbered", "tallied"].map(|stage| (stage, bad.as_path()));
        assert_done(&live.swap(&all), "swapped at barrier");
        left.allow(300);
        right.allow(300);
        live.wait_for("taken back");
        live.wait_for_rows(600);
        let counts = [("left", left.end()), ("right", right.end())];
        live.end();
        let screen = workspace.read("screen");
        let by_feed = versions(&marked(&screen), &counts);
        let mut all = by_feed.values().flatten();
        assert!(all.all(|version| *version == 1), "{wrong:?}");
        assert_numbered(&screen, 600);
        let tallied = workspace.read("tallied/part-00000.csv");
        assert_tallied(&tallied, 1000, &counts, i64::MAX);
        assert_eq!(workspace.rows("dead"), [""; 0], "{wrong:?}");
    }
}

#[test]
fn another_swap_in_between_does_not_hide_what_has_to_be_taken_back() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let late = workspace.write("late.wasm", marked_as(2, Wrong::Late));
    let good = workspace.write("good.wasm", marks(3));
    let (left, right) = (Feed::start("left"), Feed::start("right"));
    let live = Live::start(&workspace, &pipeline(&left, &right), &[]);
    left.allow(100);
    right.allow(100);
    live.wait_for_rows(200);
    assert_done(&live.swap(&[("marked", &late)]), "`marked`");
    assert_done(&live.swap(&[("numbered", &good)]), "`numbered`");
    left.allow(1100);
    live.wait_for_rows(1200);
    live.wait_for("taken back");
    // Where nothing has failed, it is taken back all the same.
    right.allow(200);
    live.wait_for_rows(1300);
    let counts = [("left", left.end()), ("right", right.end())];
    live.end();
    let by_feed = versions(&marked(&workspace.read("screen")), &counts);
    assert_eq!(by_feed["left"][999], 1);
    assert_eq!(by_feed["right"][100..], [1; 100]);
}

#[test]
fn what_was_taken_back_is_not_tried_again_as_it_is() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let (left, right) = (Feed::start("left"), Feed::start("right"));
    let live = Live::start(&workspace, &pipeline(&left, &right), &["--watch"]);
    left.allow(100);
    right.allow(100);
    live.wait_for_rows(200);
    workspace.write("marks.wasm", marked_as(2, Wrong::Late));
    live.wait_for("swapped: ");
    left.allow(1100);
    live.wait_for_rows(1200);
    live.wait_for("taken back");
    // Written once more, it is what it was.
    workspace.write("pipeline.toml", format!("{}\n", pipeline(&left, &right)));
    live.wait_for("it was taken back, and is the same as then");
    workspace.write("marks.wasm", marks(3));
    live.wait_for_count("swapped: ", 6);
    left.allow(1200);
    right.allow(1200);
    let counts = [("left", left.end()), ("right", right.end())];
    live.end();
    let by_feed = versions(&marked(&workspace.read("screen")), &counts)
        .into_values()
        .map(|along| along[1100..].to_vec());
    assert!(by_feed.flatten().all(|version| version == 3));
}
