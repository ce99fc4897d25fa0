//! Joins: two inputs, which rows meet, and the columns that come out.

use super::*;
use crate::{
    operator::{JoinBound, JoinColumn, JoinKind, JoinWork, Work},
    pipeline::Node,
    time::Duration,
};

/// A second source.
const EVENTS: &str = r#"[source.events]
connector = "file"
path = "events.csv"
format = "csv"
columns = { at = "timestamp", sensor = "utf8", level = "int32", ts = "timestamp" }
event_time = { column = "at", unit = "ms" }
"#;

/// A pipeline with a join of two sources.
pub(super) fn join(keys: &str) -> String {
    format!("{SOURCE}{EVENTS}[stage.it]\nfrom = \"readings\"\n{keys}\n{SINK}")
}

#[track_caller]
fn joined(keys: &str) -> (JoinWork, StagePlan) {
    let stage = stage_of(&join(keys));
    match stage.work.clone() {
        Work::Join(work) => (work, stage),
        other => panic!("it is no `join` stage: {other:?}"),
    }
}

#[test]
fn rows_that_are_near_are_joined() {
    use JoinColumn::{Key, Left, Right};
    let (work, stage) = joined("join = { with = \"events\", on = [\"sensor\"], within = \"5s\" }");
    let near = Duration::from_secs(5);
    let bound = JoinBound::Within {
        before: near,
        after: near,
    };
    assert_eq!((work.bound, work.kind), (bound, JoinKind::Inner));
    assert_eq!((work.left_key, work.right_key), (vec![1], vec![1]));
    assert_eq!(
        work.output,
        [
            Left(0),
            Key(0),
            Left(2),
            Left(3),
            Right(0),
            Right(2),
            Right(3)
        ]
    );
    assert_eq!(
        stage.schema.to_string(),
        "ts: timestamp, sensor: utf8?, temperature: float64?, count: int32?, at: timestamp, level: int32?, events_ts: timestamp?"
    );
    assert!(stage.has_event_time);
    assert_eq!(stage.inputs, [Node::Source(0)]);
    assert_eq!(stage.right_inputs, [Node::Source(1)]);
    assert_eq!(
        stage.right_schema.to_string(),
        "at: timestamp, sensor: utf8?, level: int32?, ts: timestamp?"
    );
}

#[test]
fn the_other_side_of_an_outer_join_may_be_null() {
    for (kind, columns) in [
        (
            "left",
            "ts: timestamp, sensor: utf8?, temperature: float64?, count: int32?, at: timestamp?, level: int32?, events_ts: timestamp?",
        ),
        (
            "right",
            "ts: timestamp?, sensor: utf8?, temperature: float64?, count: int32?, at: timestamp, level: int32?, events_ts: timestamp?",
        ),
        (
            "full",
            "ts: timestamp?, sensor: utf8?, temperature: float64?, count: int32?, at: timestamp?, level: int32?, events_ts: timestamp?",
        ),
    ] {
        let (_, stage) = joined(&format!(
            "join = {{ with = \"events\", on = [\"sensor\"], within = \"5s\", kind = \"{kind}\" }}"
        ));
        assert_eq!(stage.schema.to_string(), columns, "{kind}");
    }
}

#[test]
fn a_key_without_nulls_on_both_sides_is_never_null() {
    let (work, stage) = joined(
        "join = { with = \"events\", on = { ts = \"at\" }, within = \"0s\", kind = \"full\" }",
    );
    // The columns have different names, so each is there as itself.
    assert_eq!((work.left_key, work.right_key), (vec![0], vec![0]));
    assert!(stage.schema.to_string().contains("at: timestamp?"));
    let toml =
        join("join = { with = \"events\", on = [\"ts\"], within = \"0s\", kind = \"full\" }")
            .replace(
                "ts = \"timestamp\" }\nevent_time = { column = \"at\"",
                "ts = \"timestamp\" }\nevent_time = { column = \"ts\"",
            );
    let stage = stage_of(&toml);
    assert!(stage.schema.to_string().starts_with("ts: timestamp, "));
}

#[test]
fn a_bound_can_lie_on_one_side() {
    let (work, _) =
        joined("join = { with = \"events\", within = { before = \"0s\", after = \"10s\" } }");
    let bound = JoinBound::Within {
        before: Duration::ZERO,
        after: Duration::from_secs(10),
    };
    assert_eq!(work.bound, bound);
    assert!(work.left_key.is_empty(), "all rows meet");
}

#[test]
fn the_bounds_of_a_window_come_first() {
    let (_, stage) = joined(
        "join = { with = \"events\", on = [\"sensor\"], window = { tumbling = \"1m\" } }\nkeep = [\"level\", \"sensor\"]",
    );
    assert_eq!(
        stage.schema.to_string(),
        "window_start: timestamp, window_end: timestamp, level: int32?, sensor: utf8?"
    );
    assert!(stage.has_event_time);
}

#[test]
fn a_global_join_has_no_event_time() {
    let (_, stage) = joined(
        "join = { with = \"events\", on = [], window = { global = true } }\nkeep = [\"level\"]",
    );
    assert_eq!(stage.schema.to_string(), "level: int32?");
    assert!(!stage.has_event_time);
}

#[test]
fn inherited_windows_are_there_once() {
    let count = |name: &str, from: &str| {
        format!(
            "[stage.{name}]\nfrom = \"{from}\"\nkey = [\"sensor\"]\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ tumbling = \"1m\" }}\n"
        )
    };
    let stages = count("a", "readings") + &count("b", "events");
    let toml = join("join = { with = \"b\", on = [\"sensor\"], window = { inherited = true }, kind = \"full\" }")
        .replace("from = \"readings\"\njoin", "from = \"a\"\njoin");
    let stage = stage_of(&toml.replace("[stage.it]", &format!("{stages}[stage.it]")));
    assert_eq!(
        stage.schema.to_string(),
        "sensor: utf8?, window_start: timestamp, window_end: timestamp, count: int64?, b_count: int64?"
    );
    assert!(stage.has_event_time);
}

#[test]
fn several_streams_can_be_on_either_side() {
    let toml = format!(
        "{SOURCE}{EVENTS}{}[stage.it]\nfrom = \"readings\"\njoin = {{ with = [\"events\", \"more\"], within = \"5s\" }}\n{SINK}",
        EVENTS.replace("source.events", "source.more")
    );
    let stage = stage_of(&toml);
    assert_eq!(stage.right_inputs, [Node::Source(1), Node::Source(2)]);
    assert!(stage.schema.find("events_sensor").is_some());
}

#[test]
fn a_stream_can_be_joined_with_itself() {
    let stage = stage(
        "join = { with = \"readings\", on = [\"sensor\"], within = \"5s\" }\nkeep = [\"ts\", \"readings_ts\"]",
    );
    assert_eq!(stage.inputs, stage.right_inputs);
    assert_eq!(
        stage.schema.to_string(),
        "ts: timestamp, readings_ts: timestamp"
    );
}

#[test]
fn stages_stand_after_both_of_their_inputs() {
    let toml = format!(
        "{SOURCE}[stage.it]\nfrom = \"readings\"\njoin = {{ with = \"b\", within = \"5s\" }}\n[stage.b]\nfrom = \"readings\"\nfilter = \"weather.wasm#is_hot\"\n{SINK}"
    );
    let plan = load(&toml).expect("it is right");
    assert_eq!(plan.stages[0].name, "b");
    assert_eq!(plan.stages[1].right_inputs, [Node::Stage(0)]);
}

#[test]
fn late_rows_of_a_join_are_those_of_the_left_side() {
    let plan = load(
        &(join("join = { with = \"events\", within = \"5s\" }\nlate = \"late\"")
            + "[sink.late]\nconnector = \"blackhole\"\n"),
    )
    .expect("it is right");
    assert_eq!(plan.sinks[1].schema, plan.sources[0].schema);
}
