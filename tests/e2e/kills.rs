//! Jobs that are killed at random moments, again and again: the real binary, real files. Whenever a job is
//! dead, all that can be seen of its sinks is whole and right; in the end it is what an undisturbed job gives.
//!
//! 200 kills are a part of the tests; `TIDEMILL_KILLS=2000` makes that many. A failure tells its seed, which
//! `TIDEMILL_SEED` draws the same moments from again.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant, SystemTime},
};

use flate2::{Compression, write::GzEncoder};
use parquet::file::reader::SerializedFileReader;

use crate::{
    semantics::random::Random,
    support::{Workspace, library},
};

/// The tests below, among which the kills are divided.
const JOBS: usize = 4;

/// A pipeline without its name, its parallelism and its checkpoints, and the sinks to look at: folders in
/// `out`.
struct Job {
    body: String,
    sinks: &'static [&'static str],
}

/// The rows of each sink, sorted.
type Rows = BTreeMap<&'static str, Vec<String>>;

#[test]
fn windows_of_a_generator_survive_kills() {
    let workspace = Workspace::new();
    let body = r#"
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
[sink.windows_out]
from = "windows"
connector = "file"
path = "out/windows"
format = "json"
roll = { size = "2KiB" }
[sink.sensors_out]
from = "sensors"
connector = "file"
path = "out/sensors"
format = "parquet"
[sink.numbered_out]
from = "numbered"
connector = "file"
path = "out/numbered"
format = "csv"
"#;
    let job = Job {
        body: body.to_owned(),
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
    let body = r#"
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
[sink.sessions_out]
from = "sessions"
connector = "file"
path = "out/sessions"
format = "csv"
[sink.late]
connector = "file"
path = "out/late"
format = "json"
[dead_letters]
connector = "file"
path = "out/dead"
format = "parquet"
"#;
    let job = Job {
        body: body.to_owned(),
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
    let body = r#"
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
[sink.totals_out]
from = "totals"
connector = "file"
path = "out/totals"
format = "parquet"
roll = { every = "5ms" }
[sink.counted_out]
from = "counted"
connector = "file"
path = "out/counted"
format = "csv"
[dead_letters]
connector = "file"
path = "out/dead"
format = "json"
"#;
    let [faulty, bank] = ["faulty", "bank"].map(|name| library(name).display().to_string());
    let job = Job {
        body: body.replace("FAULTY", &faulty).replace("BANK", &bank),
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
    let body = r#"
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
[sink.met_out]
from = "met"
connector = "file"
path = "out/met"
format = "json"
[sink.windows_out]
from = "windows"
connector = "file"
path = "out/windows"
format = "parquet"
"#;
    let job = Job {
        body: body.to_owned(),
        sinks: &["met", "windows"],
    };
    kill_and_compare(&workspace, &job);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("compressed");
    encoder.finish().expect("compressed")
}

impl Job {
    /// The pipeline, with checkpoints or without.
    fn pipeline(&self, parallelism: i64, interval: Option<&str>) -> String {
        let checkpoint = interval.map(|interval| {
            format!("[checkpoint]\npath = \"state\"\ninterval = \"{interval}\"\nkeep = 2\n")
        });
        format!(
            "name = \"killed\"\nparallelism = {parallelism}\n{}{}",
            self.body,
            checkpoint.unwrap_or_default()
        )
    }
}

/// Kills a job until it was killed often enough, starting over whenever it has come to its end.
fn kill_and_compare(workspace: &Workspace, job: &Job) {
    let number = |name: &str| {
        env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seed = number("TIDEMILL_SEED").unwrap_or_else(|| {
        let now = SystemTime::UNIX_EPOCH.elapsed().expect("a clock");
        u64::from(now.subsec_nanos())
    });
    let mut random = Random::new(seed);
    let wanted = number("TIDEMILL_KILLS").unwrap_or(200) as usize / JOBS;

    workspace.succeed(&job.pipeline(2, None));
    let expected = Seen::default().look(workspace, job, "undisturbed");
    assert!(expected.values().all(|rows| !rows.is_empty()));
    start_over(workspace);
    let started = Instant::now();
    workspace.succeed(&job.pipeline(3, Some("20ms")));
    let undisturbed = started.elapsed();
    let found = Seen::default().look(workspace, job, "undisturbed");
    assert_same(&found, &expected, "undisturbed, with checkpoints");

    let (mut kills, mut rounds, mut amid) = (0, 0, 0);
    while kills < wanted {
        rounds += 1;
        // Some go over the result of the round before, which stays until there is a new one.
        let is_over_former = rounds > 1 && random.below(3) == 0;
        if !is_over_former {
            start_over(workspace);
        }
        let most = (wanted - kills).min(1 + random.below(12) as usize);
        let told = format!("TIDEMILL_SEED={seed}, round {rounds}");
        let mut seen = Seen::default();
        let mut ended = false;
        for kill in 1..=most {
            // Early more often than late, so that it is killed often before it comes to its end.
            let part = random.choose(&[1, 1, 2, 4]);
            let after = undisturbed.as_micros() as i64 / part;
            let after = Duration::from_micros(random.below(after).unsigned_abs());
            let over = if is_over_former {
                ", over a former result"
            } else {
                ""
            };
            let told = format!("{told}{over}, kill {kill} after {after:?}");
            let option = (is_over_former && kill == 1).then_some("--fresh");
            ended = run_for(workspace, job, option, &mut random, after, &told);
            let visible = seen.look(workspace, job, &told);
            if is_over_former {
                seen = Seen::default();
            } else {
                for (sink, visible) in &visible {
                    assert_part(visible, &expected[sink], &format!("{told}, sink `{sink}`"));
                }
            }
            if ended {
                break;
            }
            kills += 1;
            let is_amid = !is_over_former && visible.values().any(|rows| !rows.is_empty());
            amid += usize::from(is_amid);
        }
        if !ended {
            let run = workspace.run(&job.pipeline(1 + random.below(4), Some("20ms")));
            assert_eq!(run.status, 0, "{told}: {}", run.stderr);
        }
        assert_same(&seen.look(workspace, job, &told), &expected, &told);
    }
    assert!(
        amid >= wanted / 20,
        "only {amid} of {kills} kills came after a checkpoint"
    );
}

fn start_over(workspace: &Workspace) {
    for folder in ["state", "out"] {
        let path = workspace.path(folder);
        if path.exists() {
            fs::remove_dir_all(path).expect("removed");
        }
    }
}

/// Runs a job at a random parallelism and kills it `after` a while. Returns whether it had ended by then.
fn run_for(
    workspace: &Workspace,
    job: &Job,
    option: Option<&str>,
    random: &mut Random,
    after: Duration,
    told: &str,
) -> bool {
    let (parallelism, interval) = (1 + random.below(4), random.choose(&["1ms", "20ms", "50ms"]));
    workspace.write("pipeline.toml", job.pipeline(parallelism, Some(interval)));
    let log = File::create(workspace.path("log")).expect("a file");
    let mut child = workspace
        .tidemill(&["run", "pipeline.toml"])
        .args(option)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the binary runs");
    std::thread::sleep(after);
    child.kill().expect("killed, or ended");
    let status = child.wait().expect("an end");
    // One that was killed has no code.
    if let Some(code) = status.code() {
        assert_eq!(code, 0, "{told}: {}", workspace.read("log"));
    }
    status.success()
}

/// The files that have been seen under their final names, with their contents: they stay as they are.
#[derive(Default)]
struct Seen(BTreeMap<PathBuf, Vec<u8>>);

impl Seen {
    /// The rows that can be seen. Each file must be whole.
    fn look(&mut self, workspace: &Workspace, job: &Job, told: &str) -> Rows {
        let mut rows = Rows::new();
        let mut files = BTreeMap::new();
        for &sink in job.sinks {
            let rows = rows.entry(sink).or_default();
            // The job may have been killed before it made the folder.
            let entries = fs::read_dir(workspace.path("out").join(sink));
            for entry in entries.into_iter().flatten() {
                let path = entry.expect("an entry").path();
                let name = path.file_name().expect("a name").to_string_lossy();
                if name.starts_with("part-") {
                    rows.extend(rows_of(&path, &format!("{told}: {sink}/{name}")));
                    let content = fs::read(&path).expect("a file");
                    files.insert(path, content);
                }
            }
            rows.sort_unstable();
        }
        for (path, content) in &self.0 {
            let same = files.get(path) == Some(content);
            assert!(same, "{told}: {} has gone or changed", path.display());
        }
        self.0 = files;
        rows
    }
}

/// The rows of a file, as lines, if all of them are whole.
fn rows_of(path: &Path, told: &str) -> Vec<String> {
    let extension = path.extension().expect("an extension");
    if extension == "parquet" {
        let file = File::open(path).expect("a file");
        let reader = SerializedFileReader::new(file);
        let reader = reader.unwrap_or_else(|error| panic!("{told}: {error}"));
        let rows = reader.into_iter();
        return rows
            .map(|row| {
                format!(
                    "{:?}",
                    row.unwrap_or_else(|error| panic!("{told}: {error}"))
                )
            })
            .collect();
    }
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{told}: {error}"));
    assert!(text.is_empty() || text.ends_with('\n'), "{told} is cut off");
    let mut lines = text.lines();
    if extension == "csv" {
        let fields = |line: &str| line.split(',').count();
        let header = fields(lines.next().expect("a header"));
        let mut rows = lines.clone();
        assert!(rows.all(|row| fields(row) == header), "{told}:\n{text}");
    } else {
        let is_object = |row| serde_json::from_str::<serde_json::Value>(row).is_ok();
        assert!(lines.clone().all(is_object), "{told}:\n{text}");
    }
    lines.map(str::to_owned).collect()
}

/// How often each row is there.
fn counted(rows: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.as_str()).or_default() += 1;
    }
    counts
}

/// Expects each row of `found` to be in `expected` at least as often.
#[track_caller]
fn assert_part(found: &[String], expected: &[String], told: &str) {
    let expected = counted(expected);
    for (row, count) in counted(found) {
        let expected = expected.get(row).copied().unwrap_or_default();
        assert!(
            count <= expected,
            "{told}: {count} instead of {expected}: {row}"
        );
    }
}

/// Expects no row to be lost and none to be there twice.
#[track_caller]
fn assert_same(found: &Rows, expected: &Rows, told: &str) {
    for (sink, expected) in expected {
        let told = format!("{told}, sink `{sink}`");
        assert_part(&found[sink], expected, &told);
        assert_part(expected, &found[sink], &format!("{told}, lost"));
    }
}
