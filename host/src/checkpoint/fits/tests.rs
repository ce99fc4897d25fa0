//! Pipelines that were changed between two runs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, BinaryArray, RecordBatch, new_null_array},
    datatypes::{DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema},
};

use super::*;
use crate::{
    batch::{DataType, Field, Schema},
    checkpoint::{JobSnapshot, PartitionSnapshot, SinkSnapshot, SourceSnapshot, StageSnapshot},
    connector::Transaction,
    pipeline::{Environment, Libraries, LibraryError, LibraryRef, LoadedLibrary, load_text},
    state::Snapshot,
    time::{Duration, PartitionProgress, Timestamp, Watermark},
    wasm::{Allow, Function, Kind},
};

/// A library with some functions.
struct Fake;

impl Libraries for Fake {
    fn load(
        &self,
        reference: &LibraryRef,
        _: &str,
        _: &Allow,
    ) -> Result<Arc<LoadedLibrary>, LibraryError> {
        let int = |name: &str| Field::required(name, DataType::Int64);
        let function = |index, name: &str, kind, state: Vec<Field>| Function {
            index,
            name: name.to_owned(),
            kind,
            doc: String::new(),
            parameters: vec![int("x")],
            results: vec![int(name)],
            state,
            state_version: 1,
        };
        let wide = reference.to_string().contains("wide");
        let state = match wide {
            true => vec![int("sum"), int("rows")],
            false => vec![int("sum")],
        };
        Ok(Arc::new(LoadedLibrary {
            digest: "d1".to_owned(),
            functions: vec![
                function(0, "sum", Kind::Aggregate, state.clone()),
                function(1, "max", Kind::Aggregate, state),
                function(2, "median", Kind::Holistic, Vec::new()),
                function(3, "flag", Kind::Process, vec![int("seen")]),
                function(4, "plus", Kind::Scalar, Vec::new()),
            ],
        }))
    }
}

/// A pipeline with the stages that are given.
fn plan(stages: &str) -> Plan {
    let toml = format!(
        r#"name = "job"
[source.in]
connector = "file"
path = "in.csv"
format = "csv"
columns = {{ ts = "timestamp", k = "utf8", l = "utf8", x = "int64" }}
event_time = {{ column = "ts", unit = "rfc3339" }}
{stages}
[sink.out]
from = "it"
connector = "blackhole"
"#
    );
    load(&toml)
}

fn load(toml: &str) -> Plan {
    let environment = Environment {
        libraries: &Fake,
        resolve_paths: &|path| Ok(vec![PathBuf::from(path)]),
        parquet_schema: &|_| Err(String::new()),
        generator_schema: Schema::default(),
        variable: &|_| None,
        cores: 2,
    };
    let plan = load_text(Path::new("job.toml"), toml, &environment);
    plan.unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"))
}

fn rows() -> StageSnapshot {
    let keys: ArrayRef = Arc::new(BinaryArray::from_iter_values([b"a"]));
    let field = ArrowField::new("0", ArrowType::Binary, true);
    let schema = Arc::new(ArrowSchema::new(vec![field]));
    let table = RecordBatch::try_new(schema, vec![keys]).expect("a table");
    StageSnapshot {
        watermark: Watermark::START,
        subtasks: vec![Snapshot {
            watermark: Watermark::START,
            tables: vec![table],
        }],
    }
}

/// A checkpoint of a pipeline all of whose keyed stages keep state.
fn checkpoint_of(plan: &Plan) -> Checkpoint {
    let stages = stage_identities(plan);
    let partition = PartitionSnapshot {
        name: "in.csv".into(),
        progress: PartitionProgress {
            watermark: Watermark::START,
            told: false,
            idle: false,
            quiet: Duration::ZERO,
        },
        position: None,
    };
    let source = SourceSnapshot {
        partitions: vec![partition],
        ..SourceSnapshot::default()
    };
    let sink = SinkSnapshot {
        staged: Some(Transaction(1.into())),
        ..SinkSnapshot::default()
    };
    Checkpoint {
        number: 7,
        job: plan.name.clone(),
        created_at: Timestamp::EPOCH,
        is_complete: false,
        snapshot: JobSnapshot {
            sources: plan
                .sources
                .iter()
                .map(|from| (from.name.as_str().into(), source.clone()))
                .collect(),
            stages: stages
                .keys()
                .map(|name| (Arc::clone(name), rows()))
                .collect(),
            sinks: plan
                .sinks
                .iter()
                .map(|to| (to.name.as_str().into(), sink.clone()))
                .collect(),
        },
        stages,
        components: BTreeMap::new(),
    }
}

const SUM: &str = r#"[stage.it]
from = "in"
key = ["k"]
window = { tumbling = "1m" }
aggregate = [{ call = "lib.wasm#sum", args = ["x"] }]
"#;

/// A stage that keeps nothing.
const PLUS: &str = "[stage.it]\nfrom = \"in\"\nmap = \"lib.wasm#plus\"\n";

#[track_caller]
fn check_keeps(before: &str, after: &str) {
    let checkpoint = checkpoint_of(&plan(before));
    check_fits(&plan(after), &checkpoint).expect("everything has its place");
}

#[track_caller]
fn check_refuses(before: &str, after: &str, reason: &str) {
    let checkpoint = checkpoint_of(&plan(before));
    let error = check_fits(&plan(after), &checkpoint).expect_err("something has no place");
    let expected =
        format!("the pipeline was changed and cannot go on from checkpoint 7\n  {reason}");
    assert_eq!(format!("{error:#}"), expected);
}

#[test]
fn an_identity_says_what_state_is_made_for() {
    let plan = plan(SUM);
    let identities = stage_identities(&plan);
    let expected = "work: aggregate\nkey: k: utf8\nwindow: tumbling 1m\ntime: event time\n\
        function 1: sum(x: int64), state of version 1 (sum: int64)";
    assert_eq!(identities["it"], expected);
    let used = &super::super::stage_components(&plan)["it"];
    let used: Vec<_> = used
        .iter()
        .map(|used| (used.library.as_deref(), &used.digest[..]))
        .collect();
    assert_eq!(used, [(Some("lib.wasm"), "d1")]);
}

#[test]
fn what_state_does_not_depend_on_may_change() {
    check_keeps(SUM, SUM);
    let later = "allowed_lateness = \"5s\"\nemit = \"update\"\n";
    check_keeps(SUM, &format!("{SUM}{later}"));
    check_keeps(SUM, &SUM.replace("lib.wasm", "newer.wasm"));
    check_keeps(SUM, &SUM.replace("[\"x\"] }", "[\"x\"], as = \"total\" }"));
    check_keeps(
        PLUS,
        &PLUS.replace("plus", "plus\"\nkeep = [\"x\"]\non_error = \"skip"),
    );
}

#[test]
fn a_stage_that_is_new_starts_empty() {
    let more = "[stage.more]\nfrom = \"it\"\nwindow = { global = true }\naggregate = [{ call = \"lib.wasm#sum\", args = [\"sum\"] }]\n[sink.all]\nfrom = \"more\"\nconnector = \"blackhole\"\n";
    check_keeps(SUM, &format!("{SUM}{more}"));
    check_keeps(PLUS, SUM);
}

#[test]
fn another_key_or_window_is_refused() {
    check_refuses(
        SUM,
        &SUM.replace("1m", "2m"),
        "the state of stage `it` does not fit any more: its window was `tumbling 1m` and is `tumbling 2m`: give it back as it was, or start over with `--fresh`",
    );
    check_refuses(
        SUM,
        &SUM.replace("\"k\"", "\"k\", \"l\""),
        "the state of stage `it` does not fit any more: its key was `k: utf8` and is `k: utf8, l: utf8`: give it back as it was, or start over with `--fresh`",
    );
}

#[test]
fn other_functions_and_other_state_are_refused() {
    check_refuses(
        SUM,
        &SUM.replace("#sum", "#max"),
        "the state of stage `it` does not fit any more: its function 1 was `sum(x: int64), state of version 1 (sum: int64)` and is `max(x: int64), state of version 1 (sum: int64)`: give it back as it was, or start over with `--fresh`",
    );
    check_refuses(
        SUM,
        &SUM.replace("lib.wasm", "wide.wasm"),
        "the state of stage `it` does not fit any more: its function 1 was `sum(x: int64), state of version 1 (sum: int64)` and is `sum(x: int64), state of version 1 (sum: int64, rows: int64)`: give it back as it was, or start over with `--fresh`",
    );
    check_refuses(
        SUM,
        &SUM.replace("[{", "[{ call = \"lib.wasm#median\", args = [\"x\"] }, {"),
        "the state of stage `it` does not fit any more: its function 1 was `sum(x: int64), state of version 1 (sum: int64)` and is `median(x: int64)`; its function 2 is new, `sum(x: int64), state of version 1 (sum: int64)`: give it back as it was, or start over with `--fresh`",
    );
}

#[test]
fn a_stage_that_is_gone_is_refused() {
    check_refuses(
        SUM,
        PLUS,
        "stage `it` has kept state, and does not keep any now: give it back as it was, or start over with `--fresh`",
    );
    let both = format!(
        "{PLUS}{}[sink.two]\nfrom = \"gone\"\nconnector = \"blackhole\"\n",
        SUM.replace("stage.it", "stage.gone")
    );
    let mut checkpoint = checkpoint_of(&plan(&both));
    checkpoint.snapshot.sinks.remove("two");
    let error = check_fits(&plan(PLUS), &checkpoint).expect_err("a stage is gone");
    let expected = "stage `gone` has kept state, and is not there any more: give it back as it was, or start over with `--fresh`";
    assert!(format!("{error:#}").ends_with(expected), "{error:#}");
    // Without any state nothing is lost.
    checkpoint
        .snapshot
        .stages
        .insert("gone".into(), StageSnapshot::default());
    check_fits(&plan(PLUS), &checkpoint).expect("nothing is lost");
}

#[test]
fn sources_and_sinks_that_are_gone_with_something_left_to_do_are_refused() {
    let checkpoint = checkpoint_of(&plan(PLUS));
    let toml = "name = \"job\"\n[source.other]\nconnector = \"stdin\"\nformat = \"lines\"\n[sink.another]\nfrom = \"other\"\nconnector = \"stdout\"\n";
    let error = check_fits(&load(toml), &checkpoint).expect_err("both are gone");
    let expected = "the pipeline was changed and cannot go on from checkpoint 7\
        \n  source `in` has been read in part, and the pipeline does not have it any more: give it back as it was, or start over with `--fresh`\
        \n  sink `out` may still have rows to make visible, and the pipeline does not have it any more: give it back as it was, or start over with `--fresh`";
    assert_eq!(format!("{error:#}"), expected);
    let mut checkpoint = checkpoint;
    let source = checkpoint.snapshot.sources.get_mut("in").expect("a source");
    source.partitions.clear();
    // Without rows, nobody needs to find what was staged.
    let sink = checkpoint.snapshot.sinks.get_mut("out").expect("a sink");
    sink.staged = Some(Transaction(serde_json::json!({ "files": [] })));
    check_fits(&load(toml), &checkpoint).expect("nothing is left to do");
}

/// A row that a sink holds back, with these columns.
fn held(columns: &[ArrowField]) -> StageSnapshot {
    let key: ArrayRef = Arc::new(BinaryArray::from_iter_values([b""]));
    let mut named = vec![
        ("key", key),
        ("event time", new_null_array(&ArrowType::Int64, 1)),
    ];
    let columns = columns.iter();
    named.extend(columns.map(|field| (&**field.name(), new_null_array(field.data_type(), 1))));
    StageSnapshot {
        watermark: Watermark::START,
        subtasks: vec![Snapshot {
            watermark: Watermark::START,
            tables: vec![RecordBatch::try_from_iter(named).expect("a table")],
        }],
    }
}

#[test]
fn rows_that_are_held_back_have_the_columns_of_their_sink() {
    let plan = plan(PLUS);
    let check = |columns: &[ArrowField]| {
        let mut checkpoint = checkpoint_of(&plan);
        let sink = checkpoint.snapshot.sinks.get_mut("out").expect("a sink");
        sink.held = held(columns);
        check_fits(&plan, &checkpoint)
    };
    let schema = plan.sinks[0].schema.to_arrow();
    let now: Vec<ArrowField> = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    check(&now).expect("the columns are the same");
    let (first, rest) = now.split_first().expect("columns");
    let renamed = first.clone().with_name("other");
    let retyped = first.clone().with_data_type(ArrowType::Boolean);
    for columns in [vec![], vec![renamed], vec![retyped]] {
        let error = check(&[&columns, rest].concat()).expect_err("the columns are others");
        let expected = "sink `out` still has rows to write, with other columns than it has now: give it back as it was, or start over with `--fresh`";
        assert!(format!("{error:#}").ends_with(expected), "{error:#}");
    }
}

#[test]
fn every_kind_of_work_has_an_identity() {
    let top = "[stage.it]\nfrom = \"in\"\nkey = [\"k\"]\nwindow = { tumbling = \"1m\" }\ntop = { n = 3, by = [\"x\"] }\n";
    let join = "[stage.it]\nfrom = \"in\"\njoin = { with = \"other\", on = [\"k\"], within = \"1s\" }\n[source.other]\nconnector = \"file\"\npath = \"other.csv\"\nformat = \"csv\"\ncolumns = { t = \"timestamp\", k = \"utf8\", y = \"int64\" }\nevent_time = { column = \"t\", unit = \"rfc3339\" }\n";
    let rolling = SUM.replace("tumbling = \"1m\"", "rolling_rows = 10");
    let process = "[stage.it]\nfrom = \"in\"\nkey = [\"k\"]\nprocess = \"lib.wasm#flag\"\n";
    for stages in [&rolling, process, top, join] {
        check_keeps(stages, stages);
    }
    check_refuses(
        process,
        &process.replace("[\"k\"]", "[\"l\"]"),
        "the state of stage `it` does not fit any more: its key was `k: utf8` and is `l: utf8`: give it back as it was, or start over with `--fresh`",
    );
    check_refuses(
        top,
        &top.replace("n = 3", "n = 4"),
        "the state of stage `it` does not fit any more: its rows was `the first 3 by x: int64 descending` and is `the first 4 by x: int64 descending`: give it back as it was, or start over with `--fresh`",
    );
    check_refuses(
        join,
        &join.replace("1s", "2s"),
        "the state of stage `it` does not fit any more: its within was `1s before to 1s after` and is `2s before to 2s after`: give it back as it was, or start over with `--fresh`",
    );
}
