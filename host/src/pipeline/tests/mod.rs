//! What users see: the text of every mistake, and plans in words.

mod builds;
mod calls;
mod checkpoints;
mod compare;
mod emission;
mod graph;
mod join_mistakes;
mod joins;
mod late;
mod latency;
mod later;
mod libraries;
mod lookups;
mod mutations;
mod overrides;
mod plans;
mod processes;
mod restart;
mod sandbox;
mod scripts;
mod sections;
mod sinks;
mod sources;
mod stages;
mod tables;
mod tops;
mod traffic;
mod updates;
mod variables;
mod windows;
mod world;

use std::path::Path;

use super::{Diagnostics, Plan, StagePlan, load_text};
use crate::batch::Schema;
use world::World;

/// The start of most files: a source that is right.
const SOURCE: &str = r#"name = "weather"
[source.readings]
connector = "file"
path = "readings.jsonl"
format = "json"
columns = { ts = "timestamp", sensor = "utf8", temperature = "float64", count = "int32" }
event_time = { column = "ts", unit = "ms" }
"#;

/// The end of most files: a sink for stage `it`.
const SINK: &str = r#"[sink.out]
from = "it"
connector = "stdout"
"#;

/// Loads the file `weather.toml` with the text `toml`.
fn load(toml: &str) -> Result<Plan, Diagnostics> {
    let world = World;
    world.with(|environment| load_text(Path::new("weather.toml"), toml, environment))
}

/// Loads a file and compares its mistakes with `expected`.
#[track_caller]
fn check(toml: &str, expected: &str) {
    let found = match load(toml) {
        Ok(plan) => plan.to_string(),
        Err(mistakes) => mistakes.to_string(),
    };
    let expected = expected.strip_prefix('\n').unwrap_or(expected);
    assert_eq!(found.trim_end(), expected.trim_end(), "found:\n{found}\n");
}

/// Does the same with a stage `it` between a source and a sink.
#[track_caller]
fn check_stage(stage: &str, expected: &str) {
    check(
        &format!("{SOURCE}[stage.it]\nfrom = \"readings\"\n{stage}\n{SINK}"),
        expected,
    );
}

/// Does the same with a stage `it` that counts rows, of which the other keys are given.
#[track_caller]
fn check_count(keys: &str, expected: &str) {
    check_stage(
        &format!("aggregate = [{{ call = \"std#count\" }}]\n{keys}"),
        expected,
    );
}

/// The stage `it` of a pipeline that is right.
#[track_caller]
fn stage_of(toml: &str) -> StagePlan {
    let plan = load(toml).unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"));
    let mut stages = plan.stages.into_iter();
    let it = stages.find(|stage| stage.name == "it");
    it.expect("there is a stage `it`")
}

/// The stage `it` between a source and a sink, which is right.
#[track_caller]
fn stage(keys: &str) -> StagePlan {
    stage_of(&format!(
        "{SOURCE}[stage.it]\nfrom = \"readings\"\n{keys}\n{SINK}"
    ))
}

/// The names of columns by their places.
fn named(places: &[usize], schema: &Schema) -> Vec<String> {
    let fields = schema.fields();
    places
        .iter()
        .map(|place| fields[*place].name.clone())
        .collect()
}
