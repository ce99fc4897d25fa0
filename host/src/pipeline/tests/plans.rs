//! Plans that are right.

use super::*;
use crate::{
    batch::DataType,
    connector::SourceConfig,
    operator::{AggregateWork, OutputColumn, Work},
    pipeline::{LibraryRef, Node},
    time::Duration,
    window::WindowKind,
};

/// A file that uses most of what there is.
pub(super) const WHOLE: &str = include_str!("weather.toml");

#[test]
fn a_plan_is_described_in_words() {
    check(
        WHOLE,
        r"
pipeline weather
  parallelism   2
  dead letters  to files; more than 50 in a row stop the job

source readings
  reads         file readings/*.jsonl (2 files), json
  event time    ts in ms, watermark 1m behind, files at most 5m apart, at most 1h ahead of the clock
  on error      skip
  columns       ts           timestamp
                sensor       utf8?
                temperature  float64?
                humidity     float32?

stage hot
  from          readings
  exchange      none
  filter        is_hot(temperature: float64) -> hot: boolean of weather.wasm (0123456789ab)
                temperature = temperature
  limits        64MiB of memory, 1s a call
  on error      dead-letter
  columns       ts           timestamp
                sensor       utf8?
                temperature  float64?
                humidity     float32?

stage converted
  from          hot
  exchange      none
  map           to_fahrenheit(celsius: float64) -> fahrenheit: float64 of weather.wasm (0123456789ab)
                celsius = temperature
  limits        64MiB of memory, 1s a call
  on error      fail
  columns       ts           timestamp
                sensor       utf8?
                temperature  float64?
                humidity     float32?
                fahrenheit   float64?

stage average
  from          converted
  exchange      hash exchange on sensor
  window        sliding 20s every 5s, in event time
  emits         when a window closes
  aggregate     mean(value: float64) -> mean: float64? of std (0123456789ab)
                value = temperature
  aggregate     mean(value: float64) -> mean: float64? of std (0123456789ab)
                value = humidity as float64
  aggregate     count() -> count: int64 of std (0123456789ab)
  late rows     to late_readings
  limits        128MiB of memory, 500ms a call
  on error      dead-letter
  columns       sensor           utf8?
                window_start     timestamp
                window_end       timestamp
                avg_temperature  float64?
                avg_humidity     float64?
                count            int64

stage alarms
  from          converted
  exchange      hash exchange on sensor
  process       jumps(temperature: float64) -> alarm: utf8 of weather.wasm (0123456789ab)
                temperature = temperature
  limits        64MiB of memory, 1s a call
  on error      dead-letter
  columns       ts      timestamp
                sensor  utf8?
                alarm   utf8?

sink averages
  from          average
  exchange      gather
  writes        file out/averages, parquet
  columns       sensor           utf8?
                window_start     timestamp
                window_end       timestamp
                avg_temperature  float64?
                avg_humidity     float64?
                count            int64

sink late_readings
  from          late rows of average
  exchange      gather
  writes        file out/late, csv
  columns       ts           timestamp
                sensor       utf8?
                temperature  float64?
                humidity     float32?
                fahrenheit   float64?

sink alarms_out
  from          alarms
  exchange      gather
  writes        stdout, json
  columns       ts      timestamp
                sensor  utf8?
                alarm   utf8?
",
    );
}

#[test]
fn a_source_can_go_straight_to_a_sink() {
    check(
        "name = \"a\"\n[source.lines]\nconnector = \"stdin\"\nformat = \"lines\"\n[sink.out]\nfrom = \"lines\"\nconnector = \"stdout\"\n",
        r"
pipeline a
  parallelism   4
  dead letters  counted and logged; more than 1000 in a row stop the job

source lines
  reads         stdin, lines
  event time    none
  on error      dead-letter
  columns       line  utf8

sink out
  from          lines
  exchange      gather
  writes        stdout, json
  columns       line  utf8
",
    );
}

#[test]
fn stages_stand_after_those_they_read() {
    let stage = |name: &str, from: &str| {
        format!("[stage.{name}]\nfrom = \"{from}\"\nfilter = \"weather.wasm\"\n")
    };
    let stages = stage("it", "b") + &stage("a", "readings") + &stage("b", "a");
    let plan = load(&format!("{SOURCE}{stages}{SINK}")).expect("it is right");
    let names: Vec<&str> = plan
        .stages
        .iter()
        .map(|stage| stage.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "it"]);
    assert_eq!(plan.stages[0].inputs, [Node::Source(0)]);
    assert_eq!(plan.stages[2].inputs, [Node::Stage(1)]);
    assert_eq!(plan.sinks[0].inputs, [Node::Stage(2)]);
    assert_eq!(plan.parallelism, 4, "as many as there are cores");
    assert_eq!(plan.max_dead_letters, 1000);
    assert_eq!(plan.libraries.len(), 1);
}

#[test]
fn a_library_is_there_once_for_each_configuration() {
    let stage = |name: &str, from: &str, config: &str| {
        format!("[stage.{name}]\nfrom = \"{from}\"\nfilter = \"weather.wasm\"\nconfig = {config}\n")
    };
    let stages = [
        stage("a", "readings", "{ b = 1, a = [true, 1.5, \"x\"] }"),
        stage("b", "a", "{ a = [true, 1.5, \"x\"], b = 1 }"),
        stage("it", "b", "{}"),
    ];
    let plan = load(&format!("{SOURCE}{}{SINK}", stages.concat())).expect("it is right");
    let configs: Vec<&str> = plan
        .libraries
        .iter()
        .map(|used| used.config.as_str())
        .collect();
    assert_eq!(configs, [r#"{"a":[true,1.5,"x"],"b":1}"#, "{}"]);
    let reference = LibraryRef::File("weather.wasm".into());
    assert_eq!(plan.libraries[0].reference, reference);
}

#[test]
fn a_result_replaces_the_column_of_its_name() {
    let plan = load(&format!(
        "{SOURCE}[stage.it]\nfrom = \"readings\"\nmap = \"weather.wasm#upper\"\n{SINK}"
    ))
    .expect("it is right");
    let Work::Map { output, .. } = &plan.stages[0].work else {
        panic!("it is a map");
    };
    use OutputColumn::{Input, Result};
    assert_eq!(output, &[Input(0), Result(0), Input(2), Input(3)]);
    assert_eq!(
        plan.stages[0].schema.to_string(),
        "ts: timestamp, sensor: utf8?, temperature: float64?, count: int32?"
    );
}

#[test]
fn keep_chooses_columns_of_the_input() {
    let plan = load(&format!("{SOURCE}[stage.it]\nfrom = \"readings\"\nmap = \"weather.wasm#upper\"\nkeep = [\"count\", \"ts\"]\n{SINK}")).expect("it is right");
    assert_eq!(
        plan.stages[0].schema.to_string(),
        "count: int32?, ts: timestamp, sensor: utf8?"
    );
}

#[test]
fn the_narrowest_overload_is_chosen() {
    let plan = load(&format!("{SOURCE}[stage.it]\nfrom = \"readings\"\naggregate = [{{ call = \"std#sum\", args = [\"count\"] }}, {{ call = \"std#bounds\", args = {{ value = \"temperature\" }}, as = \"t\" }}]\nwindow = {{ sliding = \"20s\", slide = \"30s\", offset = \"1s\" }}\n{SINK}")).expect("it is right");
    let Work::Aggregate(AggregateWork {
        calls, window, key, ..
    }) = &plan.stages[0].work
    else {
        panic!("it is an aggregate");
    };
    assert_eq!(calls[0].arguments[0].cast, Some(DataType::Int64));
    assert_eq!(calls[1].arguments[0].cast, None);
    assert!(key.is_empty());
    assert_eq!(window.to_string(), "sliding 20s every 30s, offset 1s");
    assert_eq!(
        plan.stages[0].schema.to_string(),
        "window_start: timestamp, window_end: timestamp, sum: int64?, t_least: float64?, t_most: float64?"
    );
    assert!(plan.stages[0].has_event_time);
}

#[test]
fn a_global_window_has_no_bounds_and_no_event_time() {
    let plan = load(&format!("{SOURCE}[stage.it]\nfrom = \"readings\"\nkey = [\"sensor\"]\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ global = true }}\nemit = \"final\"\nallowed_lateness = \"0s\"\n{SINK}")).expect("it is right");
    assert_eq!(
        plan.stages[0].schema.to_string(),
        "sensor: utf8?, count: int64"
    );
    assert!(!plan.stages[0].has_event_time);
    assert!(matches!(
        plan.stages[0].work,
        Work::Aggregate(AggregateWork {
            window: WindowKind::Global,
            ..
        })
    ));
}

#[test]
fn a_generator_is_set_up() {
    let plan = load("name = \"a\"\n[source.it]\nconnector = \"generator\"\nseed = 7\nrows = 10\nstart = 2026-01-01T00:00:00Z\nstep = \"250ms\"\ndisorder = 0.25\nmax_disorder = \"2s\"\nbatch_rows = 5\nwatermark = { delay = \"2s\" }\n[sink.out]\nfrom = \"it\"\nconnector = \"blackhole\"\n").expect("it is right");
    let SourceConfig::Generator(config) = &plan.sources[0].config else {
        panic!("it is a generator");
    };
    assert_eq!((config.seed, config.rows, config.rate), (7, Some(10), None));
    assert_eq!(
        (config.start_millis, config.step_millis),
        (1_767_225_600_000, 250)
    );
    assert_eq!((config.disorder, config.batch_rows), (0.25, 5));
    assert!(plan.sources[0].event_time);
    assert_eq!(plan.sources[0].delay, Duration::from_secs(2));
    assert_eq!(plan.sources[0].max_drift, Duration::from_secs(62));
}
