//! Bad rows are named, kept and counted; the others go on.

use std::{fs::File, sync::Arc};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use serde_json::Value;

use crate::{
    averages::{assert_conserved, pipeline},
    oracle::{assert_same, averages},
    support::{Reading, Workspace, library, readings},
};

/// Lines that are no readings, and what their dead letters say.
const BAD: [(&str, &str); 8] = [
    ("not json", r#"not a JSON object: found something else"#),
    (
        r#"{"ts":1700000100000,"sensor":"s01","temperature":50"#,
        r#"not a JSON object: the line ends at column 51 before the object does"#,
    ),
    (
        r#"{"ts":null,"sensor":"s01","temperature":50,"humidity":1}"#,
        r#"column `ts`: event time is null"#,
    ),
    (
        r#"{"sensor":"s01","temperature":50,"humidity":1}"#,
        r#"column `ts`: event time is null"#,
    ),
    (
        r#"{"ts":9000000000000000000,"sensor":"s01","temperature":50,"humidity":1}"#,
        r#"column `ts`: event time 9000000000000000000 is outside -009999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999Z"#,
    ),
    (
        r#"{"ts":"yesterday","sensor":"s01","temperature":50,"humidity":1}"#,
        r#"column `ts`: expected whole milliseconds since 1970, found "yesterday""#,
    ),
    (
        r#"{"ts":1700000100000,"sensor":"s01","temperature":"warm","humidity":1}"#,
        r#"column `temperature`: expected float64, found "warm""#,
    ),
    (r#"[1,2,3]"#, r#"not a JSON object: found a list"#),
];

/// Lines that are odd but good.
fn odd() -> [String; 2] {
    [
        // A column that the pipeline does not name.
        r#"{"ts":1700000500000,"sensor":"s01","temperature":50.0,"humidity":1.0,"colour":"red"}"#
            .to_owned(),
        // A null where nothing is computed.
        r#"{"ts":1700000500001,"sensor":"s01","temperature":null,"humidity":1.0}"#.to_owned(),
    ]
}

/// 20,000 good readings; after the first half, bad lines, odd lines and two that come too late.
fn mixed(readings: &[Reading]) -> (String, Vec<Reading>) {
    let (early, later) = readings.split_at(readings.len() / 2);
    let json = |readings: &[Reading]| -> String {
        readings
            .iter()
            .map(|reading| reading.json() + "\n")
            .collect()
    };
    let bad: String = BAD.iter().map(|(line, _)| format!("{line}\n")).collect();
    let late: String = ["s01", "s02"]
        .map(|sensor| {
            let ts = 1_600_000_000_000_i64;
            format!(
                "{{\"ts\":{ts},\"sensor\":\"{sensor}\",\"temperature\":99.0,\"humidity\":1.0}}\n"
            )
        })
        .concat();
    let odd_rows = odd().map(|line| line + "\n").concat();
    let text = [json(early), bad, odd_rows, json(later), late].concat();
    let mut good = readings.to_vec();
    good.push(Reading {
        ts: 1_700_000_500_000,
        sensor: "s01".to_owned(),
        temperature: 50.0,
        humidity: 1.0,
    });
    (text, good)
}

#[test]
fn every_row_is_accounted_for() {
    let (workspace, readings) = (Workspace::new(), readings(11, 20_000));
    let (text, good) = mixed(&readings);
    workspace.write("readings.jsonl", text);
    for parallelism in [1, 4] {
        let run = workspace.succeed(&pipeline("readings.jsonl", "json", parallelism));
        assert_conserved(&run);
        let lines = 20_000 + BAD.len() as u64 + 2 + 2;
        assert_eq!(run.count("readings", "rows read"), lines);
        assert_eq!(run.count("readings", "dead letters"), BAD.len() as u64);
        assert_eq!(run.count("average", "late"), 2);
        assert_same(&workspace.json_lines("out"), &averages(&good));
        assert_eq!(workspace.json_lines("late").len(), 2);
    }
}

#[test]
fn dead_letters_say_what_where_and_why() {
    let (workspace, readings) = (Workspace::new(), readings(12, 1000));
    workspace.write("readings.jsonl", mixed(&readings).0);
    workspace.succeed(&pipeline("readings.jsonl", "json", 2));
    let letters = workspace.json_lines("dead");
    assert_eq!(letters.len(), BAD.len());
    for (index, (letter, (line, reason))) in letters.iter().zip(BAD).enumerate() {
        assert_eq!(letter["stage"], "readings");
        assert_eq!(letter["source"], "readings.jsonl");
        assert_eq!(letter["number"], 501 + index as i64);
        assert_eq!(letter["row"], line);
        assert_eq!(letter["kind"], "row");
        for unknown in [
            "component",
            "function",
            "backtrace",
            "log",
            "columns",
            "raw",
            "event_time",
        ] {
            assert_eq!(letter[unknown], Value::Null);
        }
        assert_eq!(letter["reason"], reason);
    }
}

#[test]
fn a_source_may_skip_bad_rows_or_fail_on_them() {
    let workspace = Workspace::new();
    let good = r#"{"ts":1700000100000,"sensor":"s01","temperature":50.0,"humidity":1.0}"#;
    workspace.write("readings.jsonl", format!("{good}\n{}\n{good}\n", BAD[6].0));
    let with = |policy: &str| {
        let source = "connector = \"file\"";
        pipeline("readings.jsonl", "json", 1)
            .replace(source, &format!("{source}\non_error = \"{policy}\""))
    };
    // Only the first connector is the source's.
    let only_source = |text: String| {
        let (head, tail) = text.split_at(text.find("[stage.hot]").expect("a stage"));
        let tail = tail
            .replace("\non_error = \"skip\"", "")
            .replace("\non_error = \"fail\"", "");
        format!("{head}{tail}")
    };
    let run = workspace.succeed(&only_source(with("skip")));
    assert_eq!(run.count("readings", "skipped"), 1);
    assert!(workspace.json_lines("dead").is_empty());

    std::fs::remove_dir_all(workspace.path("out")).expect("removed");
    let run = workspace.run(&only_source(with("fail")));
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("`readings` refused a row at readings.jsonl:2: "),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("`temperature`"), "{}", run.stderr);
    assert!(
        workspace.list("out").is_empty(),
        "a failed job shows no output"
    );
}

#[test]
fn a_stream_of_nothing_but_bad_rows_stops_the_job() {
    let workspace = Workspace::new();
    workspace.write("readings.jsonl", "broken\n".repeat(1001));
    let run = workspace.run(&pipeline("readings.jsonl", "json", 1));
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("refused 1001 rows in a row, more than `max_dead_letters = 1000` allows"),
        "{}",
        run.stderr
    );
    let text = pipeline("readings.jsonl", "json", 1);
    let patient = text.replace(
        "parallelism = 1",
        "parallelism = 1\nmax_dead_letters = 2000",
    );
    let run = workspace.succeed(&patient);
    assert_eq!(run.count("readings", "dead letters"), 1001);
}

#[test]
fn a_row_that_a_function_refuses_is_a_dead_letter_of_its_stage() {
    let workspace = Workspace::new();
    let line = |account: &str, amount: &str| {
        format!("{{\"ts\":1700000100000,\"account\":\"{account}\",\"amount\":{amount}}}\n")
    };
    // The decoder takes a number beyond the range of a float64 as infinite.
    let rows = [
        line("a", "5.0"),
        line("a", "1e999"),
        line("b", "-7.5"),
        line("a", "-6.0"),
    ];
    workspace.write("transactions.jsonl", rows.concat());
    let run = workspace.succeed(&format!(
        r#"
name = "accounts"
parallelism = 2
[source.transactions]
connector = "file"
path = "transactions.jsonl"
format = "json"
columns = {{ ts = "timestamp", account = "utf8", amount = "float64" }}
event_time = {{ column = "ts", unit = "ms" }}
[stage.low]
from = "transactions"
key = ["account"]
process = "{}#low_balance"
[sink.alerts]
from = "low"
connector = "file"
path = "alerts"
format = "json"
[dead_letters]
connector = "file"
path = "dead"
"#,
        library("bank").display()
    ));
    assert_eq!(run.count("low", "in"), 4);
    assert_eq!(run.count("low", "dead letters"), 1);
    let letters = workspace.json_lines("dead");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["stage"], "low");
    assert_eq!(letters[0]["reason"], "the amount is not a finite number");
    assert_eq!(letters[0]["source"], "transactions.jsonl");
    assert_eq!(letters[0]["number"], 2);
    let component = letters[0]["component"].as_str().expect("a digest");
    assert_eq!(component.len(), 64);
    let row: Value =
        serde_json::from_str(letters[0]["row"].as_str().expect("a row")).expect("JSON");
    assert_eq!(row["account"], "a");
    let mut alerts: Vec<String> = workspace
        .json_lines("alerts")
        .iter()
        .map(|alert| format!("{} {}", alert["account"], alert["balance"]))
        .collect();
    alerts.sort();
    assert_eq!(alerts, ["\"a\" -1.0", "\"b\" -7.5"]);
}

#[test]
fn a_parquet_file_on_which_its_reader_panics_is_told_of_once() {
    let workspace = Workspace::new();
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let record = RecordBatch::try_from_iter_with_nullable([("n", column, true)]).expect("columns");
    let path = workspace.path("in.parquet");
    let file = File::create(&path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, record.schema(), None).expect("a writer");
    writer.write(&record).expect("written");
    writer.close().expect("closed");
    // What Arrow says of the column there: a type that there is none of.
    let mut bytes = std::fs::read(&path).expect("a file");
    let kind = b"AAAAAAQIcAAA";
    let place = bytes.windows(kind.len()).position(|part| part == kind);
    bytes[place.expect("the type of the column") + 6] = b'S';
    workspace.write("in.parquet", bytes);
    let run = workspace.run(
        "name = \"p\"\n[source.p]\nconnector = \"file\"\npath = \"in.parquet\"\nformat = \"parquet\"\n\
         columns = { n = \"int64\" }\n[sink.out]\nfrom = \"p\"\nconnector = \"blackhole\"\n",
    );
    assert_eq!(run.status, 1, "{}", run.stderr);
    let expected = "the reader of Parquet files panicked on it";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    assert!(!run.stderr.contains("panicked at"), "{}", run.stderr);
}
