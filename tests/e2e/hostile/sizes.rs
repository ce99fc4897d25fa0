//! Guests that hand over little at a time, and much in all: what a batch comes to in memory is bounded all the same, and
//! honest rows that are as large get through.

use std::{fs, process::Stdio, thread, time::Duration};

use crate::support::{Pipeline, Workspace, library};

/// A stage at work on rows that all have a 13, each with a key of its own and with a text of `padding` bytes.
struct Load {
    rows: usize,
    padding: usize,
    /// The stage; `hostile#` stands for the library, and `DEED` for the configuration.
    stage: String,
    deed: &'static str,
}

/// What a run has come to.
struct Outcome {
    workspace: Workspace,
    /// By how many MiB the peak of its memory is higher than that of a single row without a deed; nothing where
    /// that cannot be told.
    peak: u64,
}

impl Load {
    #[track_caller]
    fn run(&self) -> Outcome {
        let (_, calm) = self.run_once(1, "");
        let (workspace, peak) = self.run_once(self.rows, self.deed);
        Outcome {
            workspace,
            peak: peak.saturating_sub(calm) >> 10,
        }
    }

    /// The peak is in KiB.
    #[track_caller]
    fn run_once(&self, rows: usize, deed: &str) -> (Workspace, u64) {
        let workspace = Workspace::new();
        let text = "x".repeat(self.padding);
        let lines = (0..rows).map(|n| {
            format!(
                "{{\"ts\":{},\"k\":\"k{n}\",\"n\":13,\"s\":\"{text}\"}}\n",
                n % 10
            )
        });
        workspace.write("rows.jsonl", lines.collect::<String>());
        let library = format!("{}#", library("hostile").display());
        let stage = self.stage.replace("hostile#", &library);
        let stage = stage.replace("DEED", &format!("{{ do = \"{}\" }}", deed));
        let pipeline = Pipeline::new("sizes")
            .parallelism(1)
            .with(
                r#"
[source.rows]
connector = "file"
path = "rows.jsonl"
format = "json"
columns = { ts = "timestamp", k = "utf8", n = "int64", s = "utf8" }
event_time = { column = "ts", unit = "ms" }
"#,
            )
            .with(&stage)
            .with(&format!(
                "[stage.small]\nfrom = \"work\"\nmap = \"{library}next\"\nargs = [\"n\"]\nkeep = [\"n\"]\n"
            ))
            .file_sink("small", "out", "json")
            .dead_letters("dead", "json");
        workspace.write("pipeline.toml", pipeline.text());
        let log = fs::File::create(workspace.path("log")).expect("a file");
        let mut child = workspace
            .tidemill(&["run", "pipeline.toml"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("it runs");
        let mut peak = 0;
        while child.try_wait().expect("a child").is_none() {
            let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
            let status = status.unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            peak = peak.max(number.unwrap_or(0_u64));
            thread::sleep(Duration::from_millis(5));
        }
        let log = fs::read_to_string(workspace.path("log")).expect("a log");
        assert!(child.wait().expect("a child").success(), "{log}");
        (workspace, peak)
    }
}

impl Outcome {
    /// Expects `rows` rows to have come out, and none to have failed.
    #[track_caller]
    fn assert_rows(&self, rows: usize) {
        assert_eq!(self.workspace.rows("dead"), [""; 0]);
        assert_eq!(self.workspace.rows("out").len(), rows);
    }

    /// Expects the run not to have taken more than so many MiB.
    #[track_caller]
    fn assert_peak(&self, most: u64) {
        assert!(self.peak < most, "{} MiB", self.peak);
    }
}

const MAP: &str = r#"[stage.work]
from = "rows"
map = "hostile#text"
args = ["n"]
keep = ["n"]
config = DEED
limits = { memory = "32MiB", output_bytes = "4MiB" }
"#;

#[test]
fn results_go_out_before_there_are_too_many() {
    // 600 MiB of results in all: in calls of several rows, and in one for each row.
    for deed in ["scalar:swell", "scalar:swell-alone"] {
        let load = Load {
            rows: 2000,
            padding: 0,
            stage: MAP.to_owned(),
            deed,
        };
        let outcome = load.run();
        outcome.assert_rows(2000);
        outcome.assert_peak(250);
    }
}

#[test]
fn what_rows_keep_of_theirs_counts() {
    // 50,000 rows of which each would keep 60 KB.
    let load = Load {
        rows: 2,
        padding: 60_000,
        stage: r#"[stage.work]
from = "rows"
flat_map = "hostile#twins"
args = ["n"]
config = DEED
"#
        .to_owned(),
        deed: "table:parents-flood",
    };
    let outcome = load.run();
    let letters = outcome.workspace.json_lines("dead");
    assert_eq!(letters.len(), 2);
    let reason = letters[0]["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("function `twins`: 3") && reason.ends_with(
            " bytes of result rows, with the columns that they keep of theirs, 134217728 allowed (`keep` fewer \
             columns, or raise `limits.output_bytes`)"
        ),
        "{reason}"
    );
    outcome.assert_peak(400);
    // Nobody pays for what nobody keeps.
    let load = Load {
        stage: r#"[stage.work]
from = "rows"
flat_map = "hostile#twins"
args = ["n"]
keep = ["n"]
config = DEED
"#
        .to_owned(),
        ..load
    };
    load.run().assert_rows(50_000);
}

#[test]
fn states_that_begin_large_are_not_copied_for_rows_that_come_to_nothing() {
    // 1500 keys of one batch, each with a state of 300 KiB before its first row and none after it.
    let load = Load {
        rows: 1500,
        padding: 0,
        stage: r#"[stage.work]
from = "rows"
key = ["k"]
process = "hostile#heap"
args = ["n"]
keep = ["n"]
config = DEED
limits = { memory = "32MiB" }
"#
        .to_owned(),
        deed: "init:large",
    };
    let outcome = load.run();
    outcome.assert_rows(1500);
    outcome.assert_peak(200);
}

#[test]
fn states_are_weighed_before_they_are_copied() {
    // 150 MiB of state. Rolling windows keep rows and runs of them, and slices are copied once they are complete.
    for (window, most) in [
        ("session = \"1s\"", 250),
        ("count = 1", 250),
        ("tumbling = \"1s\"", 450),
        ("rolling_rows = 2", 600),
    ] {
        let stage = r#"[stage.work]
from = "rows"
key = ["k"]
window = { WINDOW }
aggregate = [{ call = "hostile#pile", args = ["n"], config = DEED, as = "n" }]
limits = { memory = "8MiB" }
"#;
        let load = Load {
            rows: 150,
            padding: 0,
            stage: stage.replace("WINDOW", window),
            deed: "update:grow",
        };
        let outcome = load.run();
        outcome.assert_rows(150);
        outcome.assert_peak(most);
    }
}
