//! Stages that several benchmarks run.

/// Means of both measures of each sensor, in sliding windows.
pub(crate) const AVERAGES: &str = r#"
[stage.result]
from = "readings"
key = ["sensor"]
window = { sliding = "20s", slide = "5s" }
aggregate = [
  { call = "std#mean", args = ["temperature"], as = "avg_temperature" },
  { call = "std#mean", args = ["humidity"], as = "avg_humidity" },
]
"#;

/// Readings above the threshold of the library, in other degrees.
pub(crate) const HOT: &str = r#"
[stage.hot]
from = "readings"
filter = "weather.wasm#is_hot"
[stage.result]
from = "hot"
map = "weather.wasm#to_fahrenheit"
args = { celsius = "temperature" }
"#;
