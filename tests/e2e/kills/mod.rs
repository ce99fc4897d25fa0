//! Jobs that are killed at random moments, again and again: the real binary, real files. Whenever a job is
//! dead, all that can be seen of its sinks is whole and right; in the end it is what an undisturbed job gives.
//!
//! 200 kills are a part of the tests; `TIDEMILL_KILLS=2000` makes that many. A failure tells its seed, which
//! `TIDEMILL_SEED` draws the same moments from again.

mod killing;
mod seen;

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use self::killing::{Job, kill_and_compare};
use crate::{
    semantics::random::Random,
    support::{Pipeline, Workspace, library},
};

#[test]
fn windows_of_a_generator_survive_kills() {
    let workspace = Workspace::new();
    let sections = r#"
[source.in]
connector = "generator"
rows = 4000
rate = 6000
sensors = 7
step = "10ms"
disorder = 0.3
max_disorder = "500ms"
watermark = { delay = "500ms" }
[stage.windows]
from = "in"
key = ["sensor"]
window = { sliding = "2s", slide = "500ms" }
aggregate = [
  { call = "std#count", as = "n" },
  { call = "std#max", args = ["temperature"], as = "hottest" },
  { call = "std#count_distinct", args = ["humidity"], as = "humidities" },
]
[stage.sensors]
from = "windows"
window = { inherited = true }
aggregate = [{ call = "std#sum", args = ["n"], as = "readings" }]
[stage.numbered]
from = "in"
key = ["sensor"]
process = "std#row_number"
keep = ["ts", "sensor"]
"#;
    let job = Job {
        pipeline: Pipeline::new("killed")
            .with(sections)
            .file_sink("windows", "out/windows", "json")
            .with(r#"roll = { size = "2KiB" }"#)
            .file_sink("sensors", "out/sensors", "parquet")
            .file_sink("numbered", "out/numbered", "csv"),
        sinks: &["windows", "sensors", "numbered"],
    };
    kill_and_compare(&workspace, &job);
}

#[test]
fn sessions_late_rows_and_rows_that_cannot_be_decoded_survive_kills() {
    let workspace = Workspace::new();
    let mut random = Random::new(1);
    let rows = (0..12_000).map(|row| {
        let key = (row / 150 + random.below(3)) % 11;
        // One row in thirty is far behind, more than the watermark is.
        let behind = random.below(100) + 5000 * i64::from(random.below(30) == 0);
        match random.below(200) {
            0 => format!("{row},k{key},many\n"),
            _ => format!("{},k{key},{row}\n", 100_000 + row * 10 - behind),
        }
    });
    let text = format!("ts,k,v\n{}", rows.collect::<String>());
    workspace.write("in/rows.csv.gz", gzip(&text));
    let sections = r#"
[source.in]
connector = "file"
path = "in/rows.csv.gz"
format = "csv"
columns = { ts = "timestamp", k = "utf8", v = "int64" }
event_time = { column = "ts", unit = "ms" }
watermark = { delay = "100ms" }
batch_rows = 16
[stage.sessions]
from = "in"
key = ["k"]
window = { session = "150ms" }
aggregate = [
  { call = "std#count", as = "n" },
  { call = "std#sum", args = ["v"], as = "total" },
]
late = "late"
"#;
    let job = Job {
        pipeline: Pipeline::new("killed")
            .with(sections)
            .file_sink("sessions", "out/sessions", "csv")
            .late_sink("late", "out/late", "json")
            .dead_letters("out/dead", "parquet"),
        sinks: &["sessions", "late", "dead"],
    };
    kill_and_compare(&workspace, &job);
}

#[test]
fn states_of_keys_and_rows_that_functions_refuse_survive_kills() {
    let workspace = Workspace::new();
    let mut random = Random::new(2);
    // More files than are open at once.
    for file in 0..20 {
        // A key is in one file only, so its rows come in one order.
        let rows = (0..450).map(|row| {
            let (ts, key, n) = (row * 10, file * 10 + random.below(9), random.below(2000));
            let amount = random.below(800) as f64 / 4.0 - 100.0;
            match (random.below(300), n) {
                (0, _) => format!("{{\"ts\":{ts},\"key\":\"k{key}\",\"amount\":[]}}\n"),
                // Too large to be a number: the function refuses it.
                (1, _) => format!("{{\"ts\":{ts},\"key\":\"k{key}\",\"n\":1,\"amount\":1e999}}\n"),
                // On these it breaks down more slowly than on 13.
                (_, 14..=16) => String::new(),
                _ => format!("{{\"ts\":{ts},\"key\":\"k{key}\",\"n\":{n},\"amount\":{amount}}}\n"),
            }
        });
        let text: String = rows.collect();
        match file % 2 {
            0 => workspace.write(&format!("in/{file}.jsonl.gz"), gzip(&text)),
            _ => workspace.write(&format!("in/{file}.jsonl"), text),
        };
    }
    let sections = r#"
[source.in]
connector = "file"
path = "in/*"
format = "json"
columns = { ts = "timestamp", key = "utf8", n = "int64", amount = "float64" }
event_time = { column = "ts", unit = "ms" }
batch_rows = 32
[stage.totals]
from = "in"
key = ["key"]
process = "FAULTY#running_total"
keep = ["ts", "key"]
[stage.low]
from = "in"
key = ["key"]
process = "BANK#low_balance"
keep = ["ts", "key"]
[stage.counted]
from = "low"
key = ["key"]
process = "BANK#running_count"
"#;
    let [faulty, bank] = ["faulty", "bank"].map(|name| library(name).display().to_string());
    let job = Job {
        pipeline: Pipeline::new("killed")
            .with(&sections.replace("FAULTY", &faulty).replace("BANK", &bank))
            .file_sink("totals", "out/totals", "parquet")
            .with(r#"roll = { every = "5ms" }"#)
            .file_sink("counted", "out/counted", "csv")
            .dead_letters("out/dead", "json"),
        sinks: &["totals", "counted", "dead"],
    };
    kill_and_compare(&workspace, &job);
}

#[test]
fn joins_of_two_sources_survive_kills() {
    let workspace = Workspace::new();
    for (name, format, seed) in [("left", "parquet", 1), ("right", "csv", 2)] {
        workspace.succeed(&format!(
            r#"
name = "{name}"
[source.readings]
connector = "generator"
rows = 9000
seed = {seed}
sensors = 30
step = "20ms"
disorder = 0.2
max_disorder = "1s"
[sink.out]
from = "readings"
connector = "file"
path = "in/{name}"
format = "{format}"
"#
        ));
    }
    let sections = r#"
[source.left]
connector = "file"
path = "in/left"
format = "parquet"
columns = { ts = "timestamp", sensor = "utf8", temperature = "float64" }
event_time = { column = "ts" }
watermark = { delay = "1s" }
batch_rows = 24
[source.right]
connector = "file"
path = "in/right"
format = "csv"
columns = { ts = "timestamp", sensor = "utf8", humidity = "float64" }
event_time = { column = "ts", unit = "rfc3339" }
watermark = { delay = "1s" }
batch_rows = 24
[stage.met]
from = "left"
join = { with = "right", on = ["sensor"], within = "300ms", kind = "left" }
[stage.windows]
from = "left"
join = { with = "right", on = ["sensor"], window = { tumbling = "1s" }, kind = "full" }
"#;
    let job = Job {
        pipeline: Pipeline::new("killed")
            .with(sections)
            .file_sink("met", "out/met", "json")
            .file_sink("windows", "out/windows", "parquet"),
        sinks: &["met", "windows"],
    };
    kill_and_compare(&workspace, &job);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("compressed");
    encoder.finish().expect("compressed")
}
