//! The main job gives the answer of the oracle, from every format, cut in any way, at any
//! parallelism.

use std::{fs, fs::File, io::Write, path::Path};

use crate::{
    oracle::{Average, assert_same, averages},
    support::{Reading, Run, Workspace, library, readings},
};

/// The main job over the files `path`, into `out/`.
pub fn pipeline(path: &str, format: &str, parallelism: usize) -> String {
    let source = format!("connector = \"file\"\npath = \"{path}\"\nformat = \"{format}\"");
    pipeline_over(&source, parallelism)
}

/// The main job over a source.
pub fn pipeline_over(source: &str, parallelism: usize) -> String {
    let weather = library("weather");
    let weather = weather.display();
    format!(
        r#"
name = "averages"
parallelism = {parallelism}

[source.readings]
{source}
columns = {{ ts = "timestamp", sensor = "utf8", temperature = "float64", humidity = "float64" }}
event_time = {{ column = "ts", unit = "ms" }}
watermark = {{ delay = "1m" }}

[stage.hot]
from = "readings"
filter = "{weather}#is_hot"
config = {{ threshold = 30.0 }}

[stage.converted]
from = "hot"
map = "{weather}#to_fahrenheit"
args = {{ celsius = "temperature" }}

[stage.average]
from = "converted"
key = ["sensor"]
window = {{ sliding = "20s", slide = "5s" }}
aggregate = [
  {{ call = "std#mean", args = ["temperature"], as = "avg_temperature" }},
  {{ call = "std#mean", args = ["humidity"], as = "avg_humidity" }},
  {{ call = "std#count", as = "readings" }},
]
late = "late_readings"

[sink.averages]
from = "average"
connector = "file"
path = "out"
format = "json"

[sink.late_readings]
connector = "file"
path = "late"
format = "json"

[dead_letters]
connector = "file"
path = "dead"
format = "json"
"#
    )
}

pub fn json(readings: &[Reading]) -> String {
    readings
        .iter()
        .map(|reading| reading.json() + "\n")
        .collect()
}

pub fn csv(readings: &[Reading]) -> String {
    let rows: String = readings
        .iter()
        .map(|reading| reading.csv() + "\n")
        .collect();
    format!("ts,sensor,temperature,humidity\n{rows}")
}

/// Runs the job over `path` at several widths; every time the answer is `expected` and no row is
/// late.
#[track_caller]
fn check(workspace: &Workspace, path: &str, format: &str, expected: &[Average]) {
    for parallelism in [1, 2, 4] {
        let run = workspace.succeed(&pipeline(path, format, parallelism));
        assert_same(&workspace.json_lines("out"), expected);
        assert_conserved(&run);
        assert_eq!(run.count("average", "late"), 0, "{}", run.stderr);
    }
}

/// Every row is somewhere: what goes in comes out, or is counted as what became of it.
#[track_caller]
pub fn assert_conserved(run: &Run) {
    let read = run.count("readings", "rows read");
    let hot = run.count("hot", "in");
    assert_eq!(
        read,
        hot + run.count("readings", "dead letters") + run.count("readings", "skipped")
    );
    let converted = run.count("converted", "in");
    assert_eq!(
        hot,
        converted + run.count("hot", "filtered") + run.count("hot", "dead letters")
    );
    let averaged = run.count("average", "in");
    assert_eq!(converted, averaged + run.count("converted", "dead letters"));
    assert_eq!(run.count("average", "out"), run.count("averages", "rows"));
    assert_eq!(
        run.count("average", "late"),
        run.count("late_readings", "rows")
    );
}

#[test]
fn json_lines_give_the_answer() {
    let (workspace, readings) = (Workspace::new(), readings(1, 20_000));
    workspace.write("readings.jsonl", json(&readings));
    check(&workspace, "readings.jsonl", "json", &averages(&readings));
}

#[test]
fn csv_gives_the_answer() {
    let (workspace, readings) = (Workspace::new(), readings(2, 20_000));
    workspace.write("readings.csv", csv(&readings));
    check(&workspace, "readings.csv", "csv", &averages(&readings));
}

#[test]
fn parquet_gives_the_answer() {
    let (workspace, readings) = (Workspace::new(), readings(3, 20_000));
    workspace.write("readings.jsonl", json(&readings));
    to_parquet(&workspace, "readings.jsonl");
    let path = "parquet/part-00000.parquet";
    check(&workspace, path, "parquet", &averages(&readings));
}

/// Rewrites JSON readings as Parquet, with Tidemill itself.
fn to_parquet(workspace: &Workspace, path: &str) {
    workspace.succeed(&format!(
        r#"
name = "rewrite"
[source.readings]
connector = "file"
path = "{path}"
format = "json"
columns = {{ ts = "timestamp", sensor = "utf8", temperature = "float64", humidity = "float64" }}
event_time = {{ column = "ts", unit = "ms" }}
[sink.parquet]
from = "readings"
connector = "file"
path = "parquet"
format = "parquet"
"#
    ));
}

#[test]
fn compressed_files_give_the_answer() {
    let (workspace, readings) = (Workspace::new(), readings(4, 20_000));
    let expected = averages(&readings);
    let file = File::create(workspace.path("readings.jsonl.gz")).expect("a file");
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(json(&readings).as_bytes()).expect("written");
    gzip.finish().expect("written");
    check(&workspace, "readings.jsonl.gz", "json", &expected);
    let packed = zstd::encode_all(csv(&readings).as_bytes(), 1).expect("compressed");
    workspace.write("readings.csv.zst", packed);
    check(&workspace, "readings.csv.zst", "csv", &expected);
}

#[test]
fn ten_consecutive_files_give_the_answer() {
    let (workspace, readings) = (Workspace::new(), readings(5, 30_000));
    for (index, part) in readings.chunks(3000).enumerate() {
        workspace.write(&format!("in/readings-{index:02}.jsonl"), json(part));
    }
    check(&workspace, "in", "json", &averages(&readings));
    check(
        &workspace,
        "in/readings-*.jsonl",
        "json",
        &averages(&readings),
    );
}

#[test]
fn files_that_interleave_in_time_give_the_answer() {
    let (workspace, readings) = (Workspace::new(), readings(6, 30_000));
    for parts in [2, 5] {
        let folder = format!("in{parts}");
        for part in 0..parts {
            let rows: Vec<Reading> = readings.iter().skip(part).step_by(parts).cloned().collect();
            workspace.write(&format!("{folder}/part-{part}.csv"), csv(&rows));
        }
        check(&workspace, &folder, "csv", &averages(&readings));
    }
}

#[test]
fn parquet_files_are_read_in_the_order_of_their_times() {
    let (workspace, readings) = (Workspace::new(), readings(8, 20_000));
    // Their names tell another order.
    for (name, part) in ["b", "c", "a"].into_iter().zip(readings.chunks(7000)) {
        workspace.write("part.jsonl", json(part));
        to_parquet(&workspace, "part.jsonl");
        let from = workspace.path("parquet/part-00000.parquet");
        fs::create_dir_all(workspace.path("in")).expect("a folder");
        fs::rename(from, workspace.path(&format!("in/{name}.parquet"))).expect("a file");
        fs::remove_dir_all(workspace.path("parquet")).expect("a folder");
    }
    check(&workspace, "in", "parquet", &averages(&readings));
    // They overlap by some seconds, and sums depend on the order of what is added.
    let output = |parallelism| {
        workspace.succeed(&pipeline("in", "parquet", parallelism));
        fs::read(workspace.path("out/part-00000.jsonl")).expect("the output")
    };
    let alone = output(1);
    for parallelism in [2, 3, 7] {
        assert!(output(parallelism) == alone, "at parallelism {parallelism}");
    }
    workspace.succeed(
        r#"
name = "copy"
[source.readings]
connector = "file"
path = "in"
format = "parquet"
columns = { ts = "timestamp", sensor = "utf8", temperature = "float64", humidity = "float64" }
event_time = { column = "ts", unit = "ms" }
watermark = { delay = "0s" }
[sink.copy]
from = "readings"
connector = "file"
path = "copy"
format = "json"
"#,
    );
    let rows = workspace.json_lines("copy");
    let sensors = |row: &serde_json::Value| row["sensor"].as_str().map(str::to_owned);
    let found: Vec<_> = rows.iter().filter_map(sensors).collect();
    let expected: Vec<_> = readings
        .iter()
        .map(|reading| reading.sensor.clone())
        .collect();
    assert!(
        found == expected,
        "the rows are not in the order of their files' times"
    );
}

#[test]
fn the_output_is_the_same_file_at_any_parallelism() {
    let (workspace, readings) = (Workspace::new(), readings(7, 10_000));
    workspace.write("readings.jsonl", json(&readings));
    let output = |parallelism| {
        workspace.succeed(&pipeline("readings.jsonl", "json", parallelism));
        fs::read(workspace.path("out/part-00000.jsonl")).expect("the output")
    };
    let alone = output(1);
    assert_eq!(alone, output(2));
    assert_eq!(alone, output(3));
    assert!(Path::new(&workspace.path("out")).is_dir());
    assert_eq!(workspace.list("out"), ["part-00000.jsonl"]);
}
