//! A job over several files: readings counted in windows and numbered by key, with rows that are no readings.

use super::{Pipeline, Workspace};

/// The job. Checkpoints are made as fast as can be.
pub fn counted(parallelism: usize) -> Pipeline {
    Pipeline::new("recovery")
        .parallelism(parallelism)
        .with(
            r#"
[source.in]
connector = "file"
path = "in/*.jsonl"
format = "json"
columns = { ts = "timestamp", k = "utf8", v = "int64" }
event_time = { column = "ts", unit = "ms" }
[stage.counts]
from = "in"
key = ["k"]
window = { tumbling = "1s" }
aggregate = [
  { call = "std#count", as = "n" },
  { call = "std#sum", args = ["v"], as = "total" },
]
[stage.numbered]
from = "in"
key = ["k"]
process = "std#row_number"
keep = ["k"]
"#,
        )
        .file_sink("counts", "counts", "json")
        .file_sink("numbered", "numbered", "csv")
        .dead_letters("dead", "json")
        .checkpoints("1ms")
}

/// A workspace with its input.
pub fn counted_input() -> Workspace {
    let workspace = Workspace::new();
    for file in 0..5 {
        let rows = (0..2000).map(|row| {
            let ts = file * 100_000 + row * 50;
            match row % 97 {
                0 => format!("{{\"ts\":\"x{file}-{row}\",\"k\":\"a\",\"v\":1}}\n"),
                _ => format!("{{\"ts\":{ts},\"k\":\"k{}\",\"v\":{row}}}\n", row % 7),
            }
        });
        workspace.write(&format!("in/{file}.jsonl"), rows.collect::<String>());
    }
    workspace
}

/// What can be seen of its sinks.
pub fn counted_result(workspace: &Workspace) -> [Vec<String>; 3] {
    ["counts", "numbered", "dead"].map(|folder| workspace.rows(folder))
}
