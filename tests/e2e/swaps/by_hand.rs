//! `tidemill swap` and `tidemill rollback`: what they do to a job that runs, and what they answer.

use super::{
    feed::Feed,
    live::Live,
    rows::{assert_numbered, changes, marked, versions},
    versions::{Wrong, altered, marked as marked_as, marks},
};
use crate::support::{Pipeline, Run, Workspace, library};

/// Rows that are marked, and numbered after that.
fn pipeline(feed: &Feed) -> String {
    Pipeline::new("by-hand")
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

#[track_caller]
fn assert_says(run: &Run, status: i32, texts: &[&str]) {
    let said = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.status, status, "{said}");
    for text in texts {
        assert!(said.contains(text), "no `{text}` in:\n{said}");
    }
}

#[test]
fn a_running_job_is_swapped_and_taken_back_by_hand() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    workspace.write("other.wasm", marks(2));
    let feed = Feed::start("f");
    let live = Live::start(&workspace, &pipeline(&feed), &[]);
    let run = |arguments: &[&str]| live.command(arguments);
    let goes_on = |count| {
        feed.allow(count);
        live.wait_for_rows(count);
    };
    goes_on(100);

    let nothing = run(&["rollback", "pipeline.toml"]);
    assert_says(&nothing, 1, &["refused", "nothing has been swapped"]);
    let same = run(&["swap", "pipeline.toml"]);
    assert_says(&same, 0, &["nothing to swap"]);

    let swapped = run(&["swap", "pipeline.toml", "marked=other.wasm"]);
    assert_says(
        &swapped,
        0,
        &["swapped at barrier", "`marked`", "marks.wasm"],
    );
    assert!(!swapped.stdout.contains("`numbered`"), "{}", swapped.stdout);
    goes_on(200);
    let back = run(&["rollback", "pipeline.toml"]);
    assert_says(&back, 0, &["swapped at barrier", "`marked`"]);
    goes_on(300);

    // The file itself is another one now. Nobody watches, so somebody has to say so.
    workspace.write("marks.wasm", marks(3));
    goes_on(400);
    let swapped = run(&["swap", "pipeline.toml"]);
    assert_says(&swapped, 0, &["`marked`", "`numbered`"]);
    goes_on(500);
    // Two at once, one of which has no name in the pipeline.
    let both = run(&[
        "swap",
        "pipeline.toml",
        "marked=other.wasm",
        "numbered=other.wasm",
    ]);
    assert_says(&both, 0, &["`marked`", "`numbered`"]);
    goes_on(600);
    assert_says(&run(&["rollback", "pipeline.toml"]), 0, &["`marked`"]);
    goes_on(700);

    let count = feed.end();
    let log = live.end();
    assert_eq!(log.matches("swapped: ").count(), 8, "{log}");
    let screen = workspace.read("screen");
    let rows = marked(&screen);
    let along = &versions(&rows, &[("f", count)])["f"];
    let expected: Vec<i64> = [1, 2, 1, 1, 3, 2, 3]
        .into_iter()
        .flat_map(|version| [version; 100])
        .collect();
    assert_eq!(*along, expected);
    assert_eq!(changes(along), 5);
    assert_numbered(&screen, count);
}

#[test]
fn a_job_that_does_not_run_cannot_be_swapped() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let feed = Feed::start("f");
    workspace.write("pipeline.toml", pipeline(&feed));
    for arguments in [
        &["swap", "pipeline.toml"][..],
        &["swap", "pipeline.toml", "marked=marks.wasm"],
        &["rollback", "pipeline.toml"],
    ] {
        let run = workspace.output(arguments);
        assert_says(&run, 1, &["no job runs `pipeline.toml` on this machine"]);
    }
    let run = workspace.output(&["rollback", "nowhere.toml"]);
    assert_says(&run, 2, &["cannot read the pipeline `nowhere.toml`"]);
    let run = workspace.output(&["swap", "pipeline.toml", "marked"]);
    assert_says(&run, 2, &["the name of a stage, `=`"]);
    let twice = ["swap", "pipeline.toml", "marked=a.wasm", "marked=b.wasm"];
    let run = workspace.output(&twice);
    assert_says(&run, 2, &["stage `marked` is given two components"]);

    // One that was killed has left its socket behind.
    let live = Live::start(&workspace, &pipeline(&feed), &[]);
    drop(live);
    let run = workspace.output(&["rollback", "pipeline.toml"]);
    assert_says(&run, 1, &["no job runs `pipeline.toml` on this machine"]);
}

#[test]
fn who_asks_for_something_that_takes_long_is_told_and_answered() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    workspace.write("slow.wasm", marked_as(2, Wrong::Slow));
    workspace.write("spin.wasm", marked_as(3, Wrong::Spin));
    let feed = Feed::start("f");
    let limits = "#mark\"\nlimits = { memory = \"64MiB\", deadline = \"1h\" }";
    let text = pipeline(&feed).replacen("#mark\"", limits, 1);
    let live = Live::start(&workspace, &text, &[]);
    feed.allow(1000);
    live.wait_for_rows(1000);
    // A path may be of somebody else, and is printed in one line that does nothing to a terminal.
    let odd = "odd\u{1b}]0;\u{202e}\n.wasm";
    workspace.write(odd, marks(4));
    let run = live.command(&["swap", "pipeline.toml", &format!("marked={odd}")]);
    assert_says(&run, 0, &["odd\\u{1b}]0;\\u{202e}\\n.wasm"]);
    assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']));
    assert!(
        !run.stderr.contains("waiting for the job"),
        "{}",
        run.stderr
    );
    assert_says(
        &live.command(&["rollback", "pipeline.toml"]),
        0,
        &["swapped"],
    );
    // It would take an hour to find out that it never ends.
    let spins = live.command(&["swap", "pipeline.toml", "marked=spin.wasm"]);
    let expected =
        "refused, the job goes on as it was: stage `marked`: a single row takes it more than";
    assert_says(&spins, 1, &["waiting for the job", expected]);
    let slow = live.command(&["swap", "pipeline.toml", "marked=slow.wasm"]);
    assert_says(&slow, 0, &["waiting for the job", "swapped at barrier"]);
}

#[test]
fn the_standard_library_is_replaced_by_a_library_of_the_user() {
    let workspace = Workspace::new();
    let mine = std::fs::read(library("std")).expect("a component");
    workspace.write("mine.wasm", altered(mine));
    let feed = Feed::start("f");
    let text = Pipeline::new("replaced")
        .parallelism(2)
        .with(&feed.source("in"))
        .with(
            r#"
[stage.tallied]
from = "in"
key = ["k"]
window = { tumbling = "1s" }
aggregate = [
  { call = "std#count", as = "rows" },
  { call = "std#max", args = ["n"], as = "last" },
]
[sink.screen]
from = "tallied"
connector = "stdout"
format = "csv"
"#,
        )
        .text();
    let live = Live::start(&workspace, &text, &[]);
    feed.allow(2500);
    // The second window is open.
    live.wait_for_rows(14);
    let swapped = live.command(&["swap", "pipeline.toml", "tallied=mine.wasm"]);
    assert_says(&swapped, 0, &["`std`", "mine.wasm"]);
    feed.allow(3500);
    let count = feed.end();
    live.end();
    let screen = workspace.read("screen");
    super::rows::assert_tallied(&screen, 1000, &[("f", count)], i64::MAX);
}
