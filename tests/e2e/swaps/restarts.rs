//! Jobs that are started again, in the same process or another one, after their components were swapped: they run
//! what they were swapped to, with the state of before.

use std::fs;

use super::{
    live::{Live, assert_done},
    versions::{Wrong, marks, next},
};
use crate::support::{Pipeline, Workspace, library, slow_rows, wait_until};

/// Has a file in the place of a folder for as long as `meanwhile` takes.
fn without_folder(workspace: &Workspace, folder: &str, meanwhile: impl FnOnce()) {
    fs::rename(workspace.path(folder), workspace.path("aside")).expect("renamed");
    workspace.write(folder, "no directory");
    meanwhile();
    fs::remove_file(workspace.path(folder)).expect("removed");
    fs::rename(workspace.path("aside"), workspace.path(folder)).expect("renamed");
}

#[test]
fn another_configuration_outlives_a_failure_of_a_sink() {
    let workspace = Workspace::new();
    let pipeline = |threshold: i64| {
        Pipeline::new("configured")
            .with("[source.in]")
            .with(&slow_rows(5000))
            .with(&format!(
                r#"
[stage.hot]
from = "in"
filter = "{}#is_hot"
args = ["temperature"]
config = {{ threshold = {threshold}.0 }}
"#,
                library("weather").display()
            ))
            .file_sink("in", "all", "json")
            .file_sink("hot", "hot", "json")
            .checkpoints("30ms")
            .restarts(1000)
            .text()
    };
    let live = Live::start(&workspace, &pipeline(1000), &["--watch"]);
    workspace.wait_for_rows("all");
    workspace.write("pipeline.toml", pipeline(-1000));
    live.wait_for("swapped: ");
    workspace.wait_for_rows("hot");
    without_folder(&workspace, "hot", || live.wait_for("attempt=1"));
    live.end();
    let (all, hot) = (workspace.rows("all"), workspace.rows("hot"));
    assert_eq!(all.len(), 5000);
    assert!(hot.len() < all.len(), "none were hot before the swap");
    assert_eq!(hot, all[all.len() - hot.len()..], "all are after it");
}

/// Numbers of rows by the standard library and by the stage that is swapped.
fn numbered_twice(interval: &str) -> String {
    Pipeline::new("again")
        .parallelism(2)
        .with("[source.in]")
        .with(&slow_rows(6000))
        .with(
            r#"
[stage.numbered]
from = "in"
key = ["sensor"]
process = "std#row_number"
keep = ["sensor"]
[stage.again]
from = "numbered"
key = ["sensor"]
process = "marks.wasm#number"
args = ["row_number"]
keep = ["sensor", "row_number"]
"#,
        )
        .file_sink("again", "out", "json")
        .checkpoints(interval)
        .restarts(1000)
        .text()
}

#[track_caller]
fn assert_numbered_twice(workspace: &Workspace) {
    let rows = workspace.rows("out");
    assert_eq!(rows.len(), 6000);
    for row in rows {
        let row: serde_json::Value = serde_json::from_str(&row).expect("JSON");
        assert_eq!(row["number"], row["row_number"], "{row}");
    }
}

#[test]
fn what_was_lost_with_a_failure_is_swapped_again_from_the_state_of_before() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let second = workspace.write("second.wasm", marks(2));
    let converting = workspace.write("next.wasm", next(3, Wrong::Nothing));
    let other = workspace.write("other.wasm", next(4, Wrong::Nothing));
    // Checkpoints are made behind swaps only.
    let live = Live::start(&workspace, &numbered_twice("1h"), &[]);
    assert_done(&live.swap(&[("again", &second)]), "swapped at barrier");
    workspace.wait_for_rows("out");
    // The file of the next rows is open, beside the one that the sink has begun with: nothing fails before the next
    // checkpoint.
    let open = |name: &String| name.ends_with(".tmp");
    let is_open = || workspace.list("out").into_iter().filter(open).count() == 2;
    wait_until(is_open);
    let migrated = "state of `number` version 1 -> 2";
    without_folder(&workspace, "out", || {
        assert_done(&live.swap(&[("again", &converting)]), migrated);
        live.wait_for("attempt=1");
    });
    // It goes on from before the swap, and is swapped once more.
    live.wait_for_count(migrated, 2);
    assert_done(&live.swap(&[("again", &other)]), "swapped at barrier");
    live.end();
    assert_numbered_twice(&workspace);
}

#[test]
fn a_stage_that_has_ended_is_converted_for_the_checkpoints_to_come() {
    let workspace = Workspace::new();
    workspace.write("marks.wasm", marks(1));
    let converting = workspace.write("next.wasm", next(2, Wrong::Nothing));
    let rows = (0..1000).map(|n| format!("k{},{n}\n", n % 7));
    workspace.write("in.csv", format!("k,n\n{}", rows.collect::<String>()));
    let pipeline = Pipeline::new("ended")
        .parallelism(2)
        .with("[source.in]\nconnector = \"file\"\npath = \"in.csv\"\nformat = \"csv\"")
        .with("columns = { k = \"utf8\", n = \"int64\" }")
        .with("[source.others]")
        .with(&slow_rows(5000))
        .with("[stage.numbered]\nfrom = \"in\"\nkey = [\"k\"]\nprocess = \"marks.wasm#number\"")
        .file_sink("numbered", "out", "csv")
        .file_sink("others", "others", "csv")
        .checkpoints("30ms");
    let live = Live::start(&workspace, &pipeline.text(), &[]);
    workspace.wait_for_rows("out");
    wait_until(|| workspace.rows("out").len() == 1000);
    let answer = live.swap(&[("numbered", &converting)]);
    assert_done(&answer, "version 1 -> 2 (its input has ended)");
    let made = workspace.list("state").len();
    wait_until(|| workspace.list("state").len() != made || workspace.rows("others").len() > 2000);
    live.kill();
    workspace.succeed(&pipeline.text());
    assert_eq!(workspace.rows("out").len(), 1000);
    assert_eq!(workspace.rows("others").len(), 5000);
}
