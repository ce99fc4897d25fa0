//! `tidemill checkpoints` on checkpoints that are made here.

use std::{collections::BTreeMap, fs, sync::Arc};

use arrow::{
    array::{ArrayRef, BinaryArray, Float64Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use tidemill::{
    batch::KeyEncoder,
    checkpoint::{
        Checkpoint, CheckpointStore, JobSnapshot, PartitionSnapshot, SourceSnapshot, StageSnapshot,
    },
    connector::ReadPosition,
    pipeline::Location,
    state::Snapshot,
    time::{Duration, PartitionProgress, Timestamp, Watermark},
};

use crate::support::Workspace;

#[path = "../../host/src/checkpoint/store/tests/server.rs"]
mod server;

const PIPELINE: &str = r#"name = "sums"
[source.readings]
connector = "file"
path = "readings.csv"
format = "csv"
columns = { ts = "timestamp", sensor = "utf8", value = "float64" }
event_time = { column = "ts", unit = "rfc3339" }
[stage.sums]
from = "readings"
key = ["sensor"]
window = { tumbling = "1m" }
aggregate = [{ call = "std#sum", args = ["value"] }]
[sink.out]
from = "sums"
connector = "blackhole"
[checkpoint]
path = "${STATE}"
"#;

/// The identity of the stage `sums`.
const IDENTITY: &str =
    "work: aggregate\nkey: sensor: utf8\nwindow: tumbling 1m\ntime: event time\n";

/// What the stage knows: a sum for each of two sensors.
fn table() -> RecordBatch {
    let sensors: ArrayRef = Arc::new(StringArray::from(vec!["north", "south"]));
    let encoder = KeyEncoder::new([DataType::Utf8]).expect("a type of keys");
    let keys = encoder.encode(&[sensors], 2).expect("text");
    let keys = BinaryArray::from_iter_values((0..2).map(|row| keys.get(row)));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(keys),
        Arc::new(Int64Array::from(vec![7, 8])),
        Arc::new(Float64Array::from(vec![1.5, 2.5])),
    ];
    let fields = columns.iter().enumerate();
    let fields = fields
        .map(|(place, column)| Field::new(place.to_string(), column.data_type().clone(), true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns).expect("a table")
}

fn checkpoint(number: u64, identity: &str) -> Checkpoint {
    let partition = PartitionSnapshot {
        name: "readings.csv".into(),
        progress: PartitionProgress {
            watermark: Watermark::START,
            told: false,
            idle: false,
            quiet: Duration::ZERO,
        },
        position: Some(ReadPosition(serde_json::json!({
            "offset": 1000 * number, "line": 10 * number, "size": 9000, "digest": "d",
        }))),
    };
    let source = SourceSnapshot {
        watermark: Watermark::at(Timestamp::EPOCH),
        partitions: vec![partition],
        finished: Vec::new(),
    };
    let stage = StageSnapshot {
        watermark: Watermark::at(Timestamp::EPOCH),
        subtasks: vec![Snapshot {
            watermark: Watermark::START,
            tables: vec![table()],
        }],
    };
    Checkpoint {
        number,
        job: "sums".to_owned(),
        created_at: Timestamp::from_micros(1_000_000),
        is_complete: number == 2,
        stages: BTreeMap::from([("sums".into(), identity.to_owned())]),
        components: BTreeMap::new(),
        snapshot: JobSnapshot {
            sources: BTreeMap::from([("readings".into(), source)]),
            stages: BTreeMap::from([("sums".into(), stage)]),
            sinks: BTreeMap::new(),
        },
    }
}

/// A pipeline with two checkpoints.
fn workspace(identity: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("readings.csv", "ts,sensor,value\n");
    workspace.write("pipeline.toml", PIPELINE);
    let location = Location::directory(workspace.path("state"));
    let mut store = CheckpointStore::open(&location, "sums").expect("a store");
    for number in 1..=2 {
        store.write(&checkpoint(number, identity)).expect("written");
    }
    workspace
}

#[track_caller]
fn check(workspace: &Workspace, arguments: &[&str], status: i32, expected: &str) {
    let arguments = [&["checkpoints", "pipeline.toml"], arguments].concat();
    let mut command = workspace.tidemill(&arguments);
    let state = workspace.path("state");
    let output = command
        .env("STATE", &state)
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{text}\n{error}");
    assert_eq!(text + &error, expected);
}

/// The identity that the stage has, as far as it is known here.
fn whole_identity() -> String {
    format!("{IDENTITY}function 1: sum(value: float64), state of version 1 (sum: float64)")
}

#[test]
fn checkpoints_are_listed() {
    check(
        &workspace(IDENTITY),
        &[],
        0,
        "\
checkpoint 1
  made at     1970-01-01T00:00:01Z
  state       776 B, of which 776 B were new
  event time  1970-01-01T00:00:00Z
  input       goes on
  source      readings: readings.csv at line 10, byte 1,000

checkpoint 2
  made at     1970-01-01T00:00:01Z
  state       776 B, of which 0 B were new
  event time  1970-01-01T00:00:00Z
  input       has ended: there is nothing left to do
  source      readings: readings.csv at line 20, byte 2,000
",
    );
    let empty = Workspace::new();
    empty.write("readings.csv", "");
    empty.write("pipeline.toml", PIPELINE);
    check(
        &empty,
        &[],
        0,
        "there are no checkpoints of `sums` in `${STATE}`\n",
    );
    let (section, _) = PIPELINE.split_once("[checkpoint]").expect("a section");
    empty.write("pipeline.toml", section);
    let reason = "error: `pipeline.toml` keeps no checkpoints, which `tidemill checkpoints` is about: add \
                  a section `[checkpoint]` with a `path`, or do without\n";
    check(&empty, &[], 2, reason);
}

#[test]
fn damaged_checkpoints_are_found() {
    let workspace = workspace(IDENTITY);
    let whole = "checkpoint 1 is whole\ncheckpoint 2 is whole\n";
    check(&workspace, &["--verify"], 0, whole);
    let folder = workspace.path("state/sums");
    fs::write(folder.join("checkpoint-0000000002.json"), "{}").expect("written");
    check(
        &workspace,
        &["--verify"],
        1,
        "checkpoint 1 is whole\ncheckpoint 2 is damaged: `checkpoint-0000000002.json` is cut off\n",
    );
    let entries = fs::read_dir(&folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let pack = names.map(|name| name.to_string_lossy().into_owned());
    let pack = pack.into_iter().find(|name| name.starts_with("state-"));
    let pack = pack.expect("a pack");
    let path = folder.join(&pack);
    let mut bytes = fs::read(&path).expect("a pack");
    bytes[500] ^= 1;
    fs::write(path, &bytes).expect("written");
    let expected = format!(
        "checkpoint 1 is damaged: `{pack}` was changed since it was written, in the {} bytes after byte 0\n",
        bytes.len()
    );
    check(&workspace, &["--verify", "--checkpoint", "1"], 1, &expected);
}

#[test]
fn state_is_shown_with_its_keys() {
    check(
        &workspace(&whole_identity()),
        &["--show", "sums"],
        0,
        "\
state of sums in checkpoint 2, event time 1970-01-01T00:00:00Z

accumulators of slices, 2 rows:
  sensor  slice from            sum
  north   1970-01-01T00:07:00Z  1.5
  south   1970-01-01T00:08:00Z  2.5
",
    );
    check(
        &workspace(IDENTITY),
        &["--show", "sums", "--checkpoint", "1", "--rows", "1"],
        0,
        "\
state of sums in checkpoint 1, event time 1970-01-01T00:00:00Z

2 rows, the first 1:
  key                   1  2
  026e6f72746800000005  7  1.5
",
    );
    let reason = "error: checkpoint 2 has no state of `sum`; there is some of `sums`\n";
    check(&workspace(IDENTITY), &["--show", "sum"], 1, reason);
}

#[test]
fn checkpoints_on_a_server_are_found_by_what_the_environment_says() {
    let workspace = workspace(IDENTITY);
    let bucket = workspace.path("buckets/private");
    fs::create_dir_all(&bucket).expect("a bucket");
    fs::rename(workspace.path("state"), bucket.join("jobs")).expect("renamed");
    let server = server::Server::start(&workspace.path("buckets"));
    let run = |state: &str, user: &str| {
        let mut command = workspace.tidemill(&["checkpoints", "pipeline.toml", "--verify"]);
        let command = command
            .env("STATE", state)
            .env("AWS_ENDPOINT_URL", server.url())
            .env("AWS_ACCESS_KEY_ID", user)
            .env("AWS_SECRET_ACCESS_KEY", user);
        let output = command.output().expect("the binary runs");
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8(text).expect("text")
    };
    let whole = "checkpoint 1 is whole\ncheckpoint 2 is whole\n";
    assert_eq!(run("s3://private/jobs", server::USER), whole);
    let none = "there are no checkpoints of `sums` in `${STATE}`\n";
    assert_eq!(run("s3://private/other", server::USER), none);
    let refused = run("s3://private/jobs", "nobody");
    assert!(refused.starts_with("error: "), "{refused}");
    // What comes from the environment is not shown.
    assert!(!refused.contains("private"), "{refused}");
}

/// A pipeline with a stage of every kind that keeps state.
const EVERY_STATE: &str = r#"
name = "every"
parallelism = 1
[source.readings]
connector = "generator"
rows = 40000
sensors = 2
batch_rows = 100
[stage.sliced]
from = "readings"
key = ["sensor"]
window = { tumbling = "1h" }
aggregate = [
  { call = "std#count", as = "n" },
  { call = "std#median", args = ["temperature"], as = "middle" },
  { call = "std#mean", args = ["humidity"], as = "humid" },
]
[stage.sessions]
from = "readings"
key = ["sensor"]
window = { session = "1h" }
aggregate = [{ call = "std#sum", args = ["humidity"], as = "total" }]
[stage.counted]
from = "readings"
key = ["sensor"]
window = { count = 1000000 }
aggregate = [{ call = "std#sum", args = ["humidity"], as = "total" }]
[stage.rolled]
from = "readings"
key = ["sensor"]
window = { rolling_rows = 2 }
aggregate = [{ call = "std#sum", args = ["humidity"], as = "total" }]
keep = ["sensor"]
[stage.numbered]
from = "readings"
key = ["sensor"]
process = "std#row_number"
keep = ["sensor"]
[stage.best]
from = "readings"
key = ["sensor"]
window = { tumbling = "1h" }
top = { n = 1, by = ["temperature"], order = ["desc"] }
[sink.a]
from = ["sliced"]
connector = "blackhole"
[sink.b]
from = ["sessions"]
connector = "blackhole"
[sink.c]
from = ["counted"]
connector = "blackhole"
[sink.d]
from = ["rolled"]
connector = "blackhole"
[sink.e]
from = ["numbered"]
connector = "blackhole"
[sink.f]
from = ["best"]
connector = "blackhole"
[checkpoint]
path = "state"
interval = "1ms"
"#;

#[test]
fn columns_of_state_have_names() {
    let workspace = Workspace::new();
    workspace.write("pipeline.toml", EVERY_STATE);
    let mut killed = workspace.tidemill(&["run", "pipeline.toml"]);
    let killed = killed.env("TIDEMILL_FAILPOINT", "pruned:2").output();
    let killed = killed.expect("the binary runs");
    assert_eq!(killed.status.code(), None, "{killed:?}");
    let listed = workspace.output(&["checkpoints", "pipeline.toml"]).stdout;
    assert!(listed.contains("readings: generator at row "), "{listed}");
    for (stage, headers) in [
        (
            "sliced",
            &[
                (
                    "accumulators of slices",
                    "sensor slice from n.rows humid.sum humid.count",
                ),
                (
                    "values for `median`",
                    "sensor slice from event time temperature",
                ),
            ][..],
        ),
        (
            "sessions",
            &[(
                "accumulators of windows",
                "sensor first row last row fired total.sum",
            )],
        ),
        (
            "counted",
            &[(
                "accumulators of windows",
                "sensor rows has a time last row total.sum",
            )],
        ),
        (
            "rolled",
            &[(
                "rows",
                "sensor number time arrival fired sensor event time total.sum",
            )],
        ),
        ("numbered", &[("state of keys", "sensor last row rows")]),
        (
            "best",
            &[(
                "rows",
                "sensor window_end window_start arrival version ts sensor temperature humidity event time",
            )],
        ),
    ] {
        let shown = workspace.output(&["checkpoints", "pipeline.toml", "--show", stage]);
        let lines: Vec<&str> = shown.stdout.lines().collect();
        for (title, header) in headers {
            let place = lines.iter().position(|line| line.starts_with(title));
            let place =
                place.unwrap_or_else(|| panic!("no {title}: {}{}", shown.stdout, shown.stderr));
            let words: Vec<&str> = lines[place + 1].split_whitespace().collect();
            assert_eq!(words.join(" "), *header, "{stage}: {}", shown.stdout);
        }
    }
}
