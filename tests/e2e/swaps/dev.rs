//! `tidemill dev`: sources that change are built, what is built is swapped in, and what that changes is shown.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    feed::Feed,
    live::Live,
    rows::{marked, versions},
    versions::{Wrong, marked as marked_as, marks},
};
use crate::support::{Pipeline, Workspace, wait_until};

/// Rows that are marked by what `command` makes of the folder `src`.
fn pipeline(feed: &Feed, command: &str) -> String {
    Pipeline::new("dev")
        .with(&feed.source("in"))
        .with(
            r#"
[stage.marked]
from = "in"
map = "marks.wasm#mark"
limits = { memory = "64MiB", deadline = "60s" }
[sink.screen]
from = "marked"
connector = "stdout"
format = "csv"
"#,
        )
        .with(&format!(
            "[build.\"marks.wasm\"]\ncommand = '{command}'\nwatch = [\"src\"]"
        ))
        .text()
}

/// Copies what is in `src`, unless that is a text, which is taken for a mistake.
const COPY: &str = "if head -c 5 src/it | grep -q error; then cat src/it; exit 1; fi; cp src/it marks.wasm.new && mv marks.wasm.new marks.wasm";

/// Whether a process is there.
fn is_alive(process: &str) -> bool {
    let status = fs::read_to_string(Path::new("/proc").join(process.trim()).join("stat"));
    // One that nobody has waited for is dead, too.
    status.is_ok_and(|status| !status.contains(") Z "))
}

#[test]
fn what_is_edited_is_built_and_swapped_in_and_shown() {
    let workspace = Workspace::new();
    workspace.write("src/it", "error: not yet\n");
    let feed = Feed::start("f");
    let mut live = Live::begin(&workspace, &pipeline(&feed, COPY), &["dev"]);
    // Nothing runs before it is built.
    live.wait_for(
        "marks.wasm: the build failed: error: not yet\nmarks.wasm: waiting for a change\n",
    );
    workspace.write("src/it", marks(1));
    live.wait_until_reached();
    feed.allow(100);
    live.wait_for_rows(100);
    workspace.write("src/it", "error: this is nothing\n --> src/it:1:1\n");
    live.wait_for("marks.wasm: the build failed: error: this is nothing (src/it:1:1)\n");
    workspace.write("src/it", marks(2));
    live.wait_for("swapped: ");
    live.wait_for("stage `marked`, on the rows that came last:\n");
    live.wait_for("changed\n");
    feed.allow(200);
    live.wait_for_rows(200);
    let count = feed.end();
    // It ends with its job.
    let log = live.end();
    assert_eq!(log.matches("marks.wasm: built in ").count(), 2, "{log}");
    assert!(!log.contains("the version before stays"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
    let rows = marked(&workspace.read("screen"));
    let expected = [[1; 100], [2; 100]].concat();
    assert_eq!(versions(&rows, &[("f", count)])["f"], expected);
}

#[test]
fn a_component_that_is_called_later_is_built_and_taken_up() {
    let workspace = Workspace::new();
    workspace.write("src/it", marks(1));
    workspace.write("more/it", marks(2));
    let feed = Feed::start("f");
    let text = pipeline(&feed, COPY);
    let mut live = Live::begin(&workspace, &text, &["dev"]);
    live.wait_until_reached();
    feed.allow(100);
    live.wait_for_rows(100);
    let (stages, _) = text.split_once("[build").expect("it says how it is built");
    let stages = stages.replace("marks.wasm#mark", "more.wasm#mark");
    let build = "[build.\"more.wasm\"]\ncommand = \"cp more/it more.wasm\"\nwatch = [\"more\"]";
    workspace.write("pipeline.toml", format!("{stages}{build}\n"));
    live.wait_for("more.wasm: built in ");
    live.wait_for("swapped: ");
    feed.end();
    live.end();
}

#[cfg(target_os = "linux")]
#[test]
fn a_build_ends_with_the_job_and_with_a_signal() {
    // It has children, which hold its output.
    let hang = "if [ -e hang ]; then (echo $$ > shell; sleep 1000 & echo $! > child; wait); fi; cp src/it marks.wasm";
    for is_asked in [false, true] {
        let workspace = Workspace::new();
        workspace.write("src/it", marks(1));
        let feed = Feed::start("f");
        let mut live = Live::begin(&workspace, &pipeline(&feed, hang), &["dev"]);
        live.wait_until_reached();
        feed.allow(100);
        live.wait_for_rows(100);
        workspace.write("hang", "");
        workspace.write("src/it", marks(2));
        let child = || fs::read_to_string(workspace.path("child")).unwrap_or_default();
        wait_until(|| child().ends_with('\n'));
        assert!(is_alive(&child()));
        let started = Instant::now();
        if is_asked {
            interrupt(live.process());
            // The input waits for nothing but its end.
            assert_eq!(live.wait(), Some(130), "{}", live.log());
            drop(feed);
        } else {
            feed.end();
            assert_eq!(live.wait(), Some(0), "{}", live.log());
        }
        assert!(started.elapsed() < Duration::from_secs(60));
        wait_until(|| !is_alive(&child()));
        assert!(!live.log().contains("the build failed"), "{}", live.log());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_first_build_ends_with_a_signal() {
    let workspace = Workspace::new();
    workspace.write("src/it", marks(1));
    let feed = Feed::start("f");
    let hang = "sleep 1000 & echo $! > child; wait";
    let mut live = Live::begin(&workspace, &pipeline(&feed, hang), &["dev"]);
    let child = || fs::read_to_string(workspace.path("child")).unwrap_or_default();
    wait_until(|| child().ends_with('\n'));
    interrupt(live.process());
    assert_eq!(live.wait(), Some(130));
    wait_until(|| !is_alive(&child()));
}

#[cfg(target_os = "linux")]
fn interrupt(process: u32) {
    let process = process.to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &process])
        .status();
    assert!(killed.expect("kill runs").success());
}

#[test]
fn a_version_that_is_slow_is_tried_on_some_of_the_rows() {
    let workspace = Workspace::new();
    workspace.write("src/it", marks(1));
    let feed = Feed::start("f");
    let mut live = Live::begin(&workspace, &pipeline(&feed, COPY), &["dev"]);
    live.wait_until_reached();
    feed.allow(1000);
    live.wait_for_rows(1000);
    let started = Instant::now();
    // A thousand rows would take it a minute or more.
    workspace.write("src/it", marked_as(2, Wrong::Slow));
    live.wait_for("more were not tried: it takes too long)");
    assert!(started.elapsed() < Duration::from_secs(30));
}
