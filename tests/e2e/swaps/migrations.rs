//! Functions that keep other state than before go on from what was known, in the midst of the stream.

use super::{
    feed::Feed,
    live::{Live, assert_done, assert_refused},
    rows::{assert_numbered, assert_tallied},
    versions::marks,
};
use crate::support::{Pipeline, Workspace, library};

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
        let whole = workspace.read("slid/part-00000.csv");
        let rows: i64 = whole
            .lines()
            .skip(1)
            .map(|line| {
                line.split(',')
                    .nth(1)
                    .and_then(|rows| rows.parse::<i64>().ok())
            })
            .map(|rows| rows.expect("a number") - NEW)
            .sum();
        assert_eq!(rows, 9000);
    }
}
