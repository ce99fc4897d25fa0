//! Many swaps in the midst of a stream: no row is lost, none comes twice, none is handled by a mixture of
//! versions, and what stages know is kept.

use std::{env, fs, time::Duration};

use tidemill::runtime::NotSwapped;

use super::{
    feed::Feed,
    inside,
    rows::{assert_numbered, assert_tallied, changes, marked, versions},
    versions::marks,
};
use crate::support::{Pipeline, Workspace};

/// The window of the tallies, in milliseconds of rows that are one apart.
const WINDOW: u64 = 10_000;

/// Rows of each feed for a swap at most: what comes out of a thousand swaps is to fit into memory.
const ROWS: u64 = 20_000;

/// What waits in channels is before a barrier, so with small batches a swap comes soon.
const SMALL: &str = "batch_rows = 256";

/// Rows that are marked, numbered and marked again, with an exchange in between, and tallied in windows of
/// which some are always open.
fn pipeline(feeds: &[&Feed; 2]) -> String {
    let [left, right] = feeds;
    Pipeline::new("swapped")
        .parallelism(2)
        .with(&left.source("left"))
        .with(SMALL)
        .with(&right.source("right"))
        .with(SMALL)
        .with(
            r#"
[stage.marked]
from = ["left", "right"]
map = "marks.wasm#mark"
[stage.numbered]
from = "marked"
key = ["k"]
process = "marks.wasm#number"
[stage.again]
from = "numbered"
map = "marks.wasm#mark"
[stage.tallied]
from = "marked"
key = ["k"]
window = { tumbling = "10s" }
aggregate = [{ call = "marks.wasm#tally", args = ["n"], as = "rows" }]
"#,
        )
        .file_sink("marked", "marked", "csv")
        .file_sink("again", "again", "csv")
        .file_sink("tallied", "tallied", "csv")
        .text()
}

/// How many swaps there are: `TIDEMILL_SWAPS=1000` makes that many.
fn wanted() -> usize {
    let wanted = env::var("TIDEMILL_SWAPS");
    wanted.map_or(30, |text| text.parse().expect("a number"))
}

#[test]
fn many_swaps_at_full_speed_lose_nothing_and_mix_nothing() {
    let workspace = Workspace::new();
    let (left, right) = (Feed::start("left"), Feed::start("right"));
    let file = workspace.write("pipeline.toml", pipeline(&[&left, &right]));
    for version in [1, 2] {
        workspace.write(&format!("marks{version}.wasm"), marks(version));
    }
    let become_version = |version: i64| {
        let from = workspace.path(&format!("marks{version}.wasm"));
        fs::copy(from, workspace.path("next.wasm")).expect("copied");
        fs::rename(workspace.path("next.wasm"), workspace.path("marks.wasm")).expect("renamed");
    };
    become_version(1);
    let wanted = wanted();
    let (counts, mut pauses) = inside::run(&file, |swapper| {
        let mut pauses = Vec::new();
        for swap in 1..=wanted {
            // Each version sees some rows at least.
            let before = (left.sent(), right.sent());
            left.allow(before.0 + ROWS);
            right.allow(before.1 + ROWS);
            let moves = || left.sent() > before.0 + 1000 && right.sent() > before.1 + 1000;
            crate::support::wait_until(moves);
            become_version(1 + swap as i64 % 2);
            let report = loop {
                match swapper.reload() {
                    Err(error) if error.downcast_ref() == Some(&NotSwapped::NoJob) => {}
                    report => break report,
                }
            };
            let report = report.unwrap_or_else(|error| panic!("swap {swap}: {error:#}"));
            let report = report.expect("another version");
            assert_eq!(report.stages.len(), 4, "all stages at one barrier");
            pauses.push(report.pause);
        }
        assert!(swapper.fault().is_none(), "none has failed");
        ([("left", left.end()), ("right", right.end())], pauses)
    });

    let all = counts.iter().map(|(_, count)| count).sum::<u64>();
    let before = marked(&workspace.read("marked/part-00000.csv"));
    let after = workspace.read("again/part-00000.csv");
    let by_feed = versions(&before, &counts);
    for (feed, along) in &by_feed {
        let changes = changes(along);
        assert!(
            changes <= wanted,
            "{changes} changes along the rows of `{feed}`, of {wanted} swaps: they are mixed"
        );
        assert!(
            changes >= wanted / 2,
            "only {changes} of {wanted} swaps met rows of `{feed}`"
        );
    }
    // The exchange between the two stages is crossed by rows and barriers alike.
    assert_eq!(versions(&marked(&after), &counts), by_feed, "one cut");
    assert_numbered(&after, all);
    assert_tallied(
        &workspace.read("tallied/part-00000.csv"),
        WINDOW,
        &counts,
        i64::MAX,
    );
    pauses.sort();
    let longest = pauses.last().expect("a swap");
    assert!(*longest < Duration::from_secs(2), "a pause of {longest:?}");
}
