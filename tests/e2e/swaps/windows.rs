//! What all kinds of windows know goes over to another version, and to one that keeps other state: the results
//! are those of a job that nobody disturbs.

use std::path::Path;

use super::{
    feed::Feed,
    live::{Live, assert_done},
    versions::marks,
};
use crate::support::{Pipeline, Workspace, library};

/// What the new tally adds to its results.
const NEW: i64 = 1_000_000_000;

/// A stage for each kind of window.
const WINDOWS: [(&str, &str); 8] = [
    ("tumbled", "{ tumbling = \"70ms\" }"),
    ("slid", "{ sliding = \"1s\", slide = \"100ms\" }"),
    ("grown", "{ cumulate = \"1s\", step = \"250ms\" }"),
    ("visited", "{ session = \"10ms\" }"),
    ("counted", "{ count = 13 }"),
    ("rolled", "{ rolling = \"100ms\" }"),
    ("trailed", "{ rolling_rows = 5, following = 2 }"),
    ("whole", "{ global = true }"),
];

fn pipeline(feed: &Feed) -> String {
    let pipeline = Pipeline::new("windows")
        .parallelism(2)
        .with(&feed.source("in"))
        .with("[stage.numbered]\nfrom = \"in\"\nkey = [\"k\"]\nprocess = \"marks.wasm#number\"")
        .with("args = [\"n\"]\n[sink.screen]\nfrom = \"numbered\"")
        .with("connector = \"stdout\"\nformat = \"csv\"");
    let stages = WINDOWS
        .into_iter()
        .fold(pipeline, |pipeline, (name, window)| {
            pipeline
                .with(&format!("[stage.{name}]\nfrom = \"in\"\nkey = [\"k\"]"))
                .with(&format!("window = {window}"))
                .with("aggregate = [")
                .with("  { call = \"marks.wasm#tally\", args = [\"n\"], as = \"rows\" },")
                .with("  { call = \"std#max\", args = [\"n\"], as = \"last\" },")
                .with("]")
                .file_sink(name, name, "json")
        });
    stages.text()
}

/// Runs the job, with a swap of all stages to each of the components in turn. Returns the rows of each sink.
fn results(swaps: &[&Path]) -> Vec<Vec<String>> {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let feed = Feed::start("f");
    let live = Live::start(&workspace, &pipeline(&feed), &[]);
    let stages: Vec<&str> = WINDOWS.iter().map(|(name, _)| *name).collect();
    for (turn, component) in swaps.iter().enumerate() {
        let count = 777 * (turn as u64 + 1);
        feed.allow(count);
        live.wait_for_rows(count);
        let all = stages.iter().chain(&["numbered"]);
        let all: Vec<(&str, &Path)> = all.map(|stage| (*stage, *component)).collect();
        assert_done(&live.swap(&all), "swapped at barrier");
    }
    feed.allow(4000);
    feed.end();
    live.end();
    super::rows::assert_numbered(&workspace.read("screen"), 4000);
    let sinks = stages.iter().map(|stage| {
        let rows = workspace.rows(stage).into_iter();
        let mut rows: Vec<String> = rows.map(|row| without_version(&row)).collect();
        rows.sort();
        rows
    });
    sinks.collect()
}

/// A row without a sign of which version has tallied it.
fn without_version(row: &str) -> String {
    let mut row: serde_json::Value = serde_json::from_str(row).expect("JSON");
    let rows = row["rows"].as_i64().expect("a number");
    row["rows"] = (rows % NEW).into();
    row.to_string()
}

#[test]
fn all_kinds_of_windows_go_on_with_what_they_know() {
    let workspace = Workspace::new();
    let (one, two) = (
        workspace.write("one.wasm", marks(3)),
        workspace.write("two.wasm", marks(2)),
    );
    let next = library("marks_next");
    let expected = results(&[]);
    for swaps in [&[&*one, &*two, &*one][..], &[&*two, &*next]] {
        for ((name, _), (found, expected)) in
            WINDOWS.iter().zip(results(swaps).iter().zip(&expected))
        {
            assert!(!expected.is_empty());
            assert_eq!(found.len(), expected.len(), "rows of `{name}`");
            for (found, expected) in found.iter().zip(expected) {
                assert_eq!(found, expected, "of `{name}`, with {} swaps", swaps.len());
            }
        }
    }
}
