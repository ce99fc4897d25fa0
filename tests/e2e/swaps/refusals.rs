//! What must not take the place of what runs is refused with the reason, and the stream does not notice.

use std::{fs, path::Path};

use super::{
    feed::Feed,
    live::{Live, assert_done, assert_refused},
    rows::{assert_numbered, assert_tallied, marked, versions},
    versions::{Wrong, marked as marked_as, marks},
};
use crate::support::{Pipeline, Workspace, library};

/// Rows that are marked, numbered and tallied. Calls that take longer than they should are found out soon.
fn pipeline(feed: &Feed) -> String {
    Pipeline::new("refusals")
        .parallelism(2)
        .with(&feed.source("in"))
        .with(
            r#"
[stage.marked]
from = "in"
map = "marks.wasm#mark"
limits = { memory = "64MiB", deadline = "500ms" }
[stage.numbered]
from = "marked"
key = ["k"]
process = "marks.wasm#number"
[stage.tallied]
from = "in"
key = ["k"]
window = { tumbling = "1s" }
aggregate = [{ call = "marks.wasm#tally", args = ["n"], as = "rows" }]
[stage.lost]
from = "in"
key = ["k"]
window = { tumbling = "1s" }
aggregate = [{ call = "marks.wasm#lost", args = ["n"], as = "rows" }]
[sink.screen]
from = "numbered"
connector = "stdout"
format = "csv"
"#,
        )
        .file_sink("tallied", "tallied", "csv")
        .file_sink("lost", "lost", "csv")
        .text()
}

/// A job that is to go on as it is.
struct Steady<'a> {
    workspace: &'a Workspace,
    feed: Feed,
    live: Live<'a>,
    text: String,
    rows: u64,
}

impl<'a> Steady<'a> {
    fn start(workspace: &'a Workspace) -> Self {
        workspace.write("marks.wasm", marks(1));
        let feed = Feed::start("f");
        let text = pipeline(&feed);
        let live = Live::start(workspace, &text, &[]);
        let mut steady = Self {
            workspace,
            feed,
            live,
            text,
            rows: 0,
        };
        steady.goes_on();
        steady
    }

    /// More rows come out.
    #[track_caller]
    fn goes_on(&mut self) {
        self.rows += 100;
        self.feed.allow(self.rows);
        self.live.wait_for_rows(self.rows);
    }

    /// Another component for a stage is refused.
    #[track_caller]
    fn refuses(&mut self, stage: &str, component: &Path, reasons: &[&str]) {
        assert_refused(&self.live.swap(&[(stage, component)]), reasons);
        self.goes_on();
    }

    /// The pipeline with another text in the place of one is refused.
    #[track_caller]
    fn refuses_text(&mut self, text: &str, other: &str, reasons: &[&str]) {
        let changed = self.text.replacen(text, other, 1);
        assert_ne!(changed, self.text, "the text is there");
        self.workspace.write("pipeline.toml", changed);
        assert_refused(&self.live.swap(&[]), reasons);
        self.workspace.write("pipeline.toml", &self.text);
        self.goes_on();
    }

    /// All rows have come out of the version that ran from the beginning.
    #[track_caller]
    fn end(self) {
        let Self {
            workspace,
            feed,
            live,
            rows,
            ..
        } = self;
        let counts = [("f", feed.end())];
        assert_eq!(counts[0].1, rows);
        let log = live.end();
        assert!(!log.contains("swapped: "), "{log}");
        assert!(!log.contains("taken back"), "{log}");
        let screen = workspace.read("screen");
        let rows = marked(&screen);
        assert!(versions(&rows, &counts)["f"].iter().all(|&one| one == 1));
        assert_numbered(&screen, counts[0].1);
        for folder in ["tallied", "lost"] {
            let csv = workspace.read(&format!("{folder}/part-00000.csv"));
            assert_tallied(&csv, 1000, &counts, i64::MAX);
        }
    }
}

#[test]
fn what_is_no_component_is_refused() {
    let workspace = Workspace::new();
    let mut job = Steady::start(&workspace);
    let text = workspace.write("text.wasm", "this is no component");
    job.refuses(
        "marked",
        &text,
        &["text.wasm", "not a WebAssembly component"],
    );
    let empty = workspace.write("empty.wasm", "");
    job.refuses("marked", &empty, &["empty.wasm"]);
    let module = workspace.write("module.wasm", b"\0asm\x01\0\0\0");
    job.refuses("marked", &module, &["module.wasm", "module"]);
    let whole = marks(2);
    let half = workspace.write("half.wasm", &whole[..whole.len() / 2]);
    job.refuses("marked", &half, &["half.wasm"]);
    let nothing = workspace.path("nothing.wasm");
    job.refuses("marked", &nothing, &["nothing.wasm"]);
    job.end();
}

#[test]
fn components_of_another_world_or_signature_are_refused() {
    let workspace = Workspace::new();
    let mut job = Steady::start(&workspace);
    let other_world = replaced(&marks(2), b"tidemill:udf/", b"tidemill:old/");
    let other_world = workspace.write("world.wasm", other_world);
    job.refuses("marked", &other_world, &["world.wasm"]);
    let other_version = replaced(&marks(2), b"@0.1.0", b"@9.1.0");
    let other_version = workspace.write("version.wasm", other_version);
    job.refuses("marked", &other_version, &["version.wasm", "9.1.0"]);
    let bank = library("bank");
    job.refuses("marked", &bank, &["`mark`", "bank.wasm"]);
    let next = library("marks_next");
    job.refuses("marked", &next, &["`mark` takes", "float64", "int64"]);
    job.refuses(
        "lost",
        &next,
        &["stage `lost`", "cannot convert version 1", "`migrate`"],
    );
    let faulty = format!("map = \"{}#echo\"", library("faulty").display());
    let reasons = ["stage `marked`", "same", "version"];
    job.refuses_text("map = \"marks.wasm#mark\"", &faulty, &reasons);
    job.refuses("marker", &next, &["no stage `marker`", "`marked`"]);
    job.end();
}

#[test]
fn versions_that_break_down_on_recent_rows_are_refused() {
    let workspace = Workspace::new();
    let mut job = Steady::start(&workspace);
    for (wrong, reason) in [
        (Wrong::Trap, "this version cannot do it"),
        (Wrong::Spin, "500ms"),
        (Wrong::Heap, "out of memory"),
    ] {
        let bad = workspace.write("bad.wasm", marked_as(2, wrong));
        job.refuses(
            "marked",
            &bad,
            &["stage `marked`", "rows that came last", reason],
        );
    }
    for stage in ["numbered", "tallied"] {
        let bad = workspace.write("bad.wasm", marked_as(2, Wrong::Trap));
        let reasons = [&format!("stage `{stage}`"), "this version cannot do it"];
        job.refuses(stage, &bad, &reasons);
    }
    // It cannot even be there in so little.
    job.refuses_text("\"64MiB\"", "\"64KiB\"", &["memory"]);
    job.end();
}

#[test]
fn a_pipeline_of_another_shape_is_refused_with_what_to_do() {
    let workspace = Workspace::new();
    let mut job = Steady::start(&workspace);
    let what_to_do = "stop it and start it again";
    job.refuses_text(
        "[stage.lost]",
        "[stage.more]\nfrom = \"in\"\nmap = \"marks.wasm#mark\"\n[sink.more_out]\n\
         from = \"more\"\nconnector = \"blackhole\"\n[stage.lost]",
        &[
            "has a new stage `more`",
            "has a new sink `more_out`",
            what_to_do,
        ],
    );
    job.refuses_text(
        "window = { tumbling = \"1s\" }",
        "window = { tumbling = \"2s\" }",
        &["`tallied`", "2s", what_to_do],
    );
    job.refuses_text(
        "parallelism = 2",
        "parallelism = 3",
        &["parallelism", what_to_do],
    );
    job.refuses_text(
        "path = \"lost\"",
        "path = \"found\"",
        &["`lost_out`", what_to_do],
    );
    // A mistake in the file is one, too.
    job.refuses_text("map = ", "mop = ", &["pipeline.toml", "mop"]);
    // What was refused does not stand in the way of what is good.
    let good = workspace.write(
        "good.wasm",
        fs::read(workspace.path("marks.wasm")).expect("it"),
    );
    assert_done(&job.live.swap(&[("marked", &good)]), "nothing to swap");
    job.end();
}

/// Bytes in which all places of a text are overwritten by another one of the same length.
fn replaced(bytes: &[u8], text: &[u8], other: &[u8]) -> Vec<u8> {
    assert_eq!(text.len(), other.len());
    let mut bytes = bytes.to_vec();
    let mut from = 0;
    while let Some(place) = bytes[from..]
        .windows(text.len())
        .position(|window| window == text)
    {
        from += place;
        bytes[from..from + text.len()].copy_from_slice(other);
    }
    assert!(from > 0, "the text is there");
    bytes
}
