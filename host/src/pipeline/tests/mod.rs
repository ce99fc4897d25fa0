//! What users see: the text of every mistake, and plans in words.

mod calls;
mod graph;
mod late;
mod later;
mod libraries;
mod mutations;
mod plans;
mod sections;
mod sources;
mod stages;
mod variables;
mod world;

use std::path::Path;

use super::{Diagnostics, Plan, load_text};
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
