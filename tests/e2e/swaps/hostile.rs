//! A library that is asked to convert state and does anything but that: it is refused, and what runs goes on as if
//! nobody had asked.

use super::{
    feed::Feed,
    live::{Live, assert_done, assert_refused},
};
use crate::support::{Pipeline, Workspace, library};

/// A job of the hostile library, with `config` for both of its stages.
fn pipeline(feed: &Feed, config: &str) -> String {
    let library = library("hostile");
    let library = library.display();
    Pipeline::new("converted")
        .parallelism(1)
        .with(&feed.source("feed"))
        .with(&format!(
            r#"
[stage.running]
from = "feed"
key = ["k"]
process = "{library}#running"
args = ["n"]
config = {config}
limits = {{ memory = "32MiB", deadline = "150ms" }}
[stage.total]
from = "feed"
key = ["k"]
window = {{ global = true }}
aggregate = [{{ call = "{library}#total", args = ["n"], as = "total", config = {config} }}]
limits = {{ memory = "32MiB", deadline = "150ms" }}
[sink.screen]
from = "running"
connector = "stdout"
format = "csv"
"#
        ))
        .file_sink("total", "total", "csv")
        .dead_letters("dead", "json")
        .text()
}

/// What a version does when it is asked whether it can convert state, or when it does, and what is said of it.
const DEEDS: [(&str, &str); 18] = [
    ("asked:abort", "trap: unreachable"),
    ("asked:spin", "took longer than"),
    ("asked:refuse", "not this"),
    ("asked:more", "expected 0 state rows, found 1"),
    ("migrate:abort", "trap: unreachable"),
    ("migrate:dig", "trap: "),
    ("migrate:spin", "took longer than"),
    ("migrate:hoard", "out of memory"),
    ("migrate:refuse", "not this"),
    ("migrate:refuse-silently", "no reason given"),
    ("migrate:more", "expected 7 state rows, found 8"),
    ("migrate:less", "expected 7 state rows, found 6"),
    ("migrate:most", "found 4294967295"),
    ("migrate:wrong-type", "expected int64, found float64"),
    ("migrate:no-columns", "expected 1 state columns, found 0"),
    ("migrate:few-rows", "expected 7 values, found 6"),
    ("migrate:nulls", "null in row 0 of a column without nulls"),
    ("migrate:log-for-ever", "took longer than"),
];

#[test]
fn what_cannot_convert_state_is_refused_and_touches_nothing() {
    let workspace = Workspace::new();
    let feed = Feed::start("feed");
    let live = Live::start(&workspace, &pipeline(&feed, "{}"), &[]);
    feed.allow(700);
    live.wait_for_rows(700);
    for (deed, said) in DEEDS {
        let config = format!("{{ do = \"{deed}\", version = 2 }}");
        workspace.write("pipeline.toml", pipeline(&feed, &config));
        assert_refused(&live.swap(&[]), &[said]);
    }
    feed.allow(1400);
    live.wait_for_rows(1400);
    // It can be done.
    workspace.write("pipeline.toml", pipeline(&feed, "{ version = 2 }"));
    assert_done(&live.swap(&[]), "state of `running` version 1 -> 2");
    feed.allow(2100);
    live.wait_for_rows(2100);
    assert_eq!(feed.end(), 2100);
    live.end();
    // The sum of all numbers of a key so far is what the last row of each key has.
    let screen = workspace.read("screen");
    let lines: Vec<&str> = screen.lines().skip(1).collect();
    assert_eq!(lines.len(), 2100);
    let sum = |key: u64| (0..2100).filter(|n| n % 7 == key).sum::<u64>();
    for key in 0..7 {
        let last = lines
            .iter()
            .rfind(|line| line.contains(&format!("feed{key}")));
        let last = last.expect("rows of the key");
        assert!(last.ends_with(&format!(",{}", sum(key))), "{last}");
    }
    let total = workspace.read("total/part-00000.csv");
    for key in 0..7 {
        let row = format!("feed{key},{}", sum(key));
        assert!(total.contains(&row), "{row} in {total}");
    }
    assert_eq!(workspace.rows("dead"), [""; 0], "no row was to blame");
}
