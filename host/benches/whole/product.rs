//! The product: pipeline files, run by the binary that is released.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{
    data::{Data, Files, START_MILLIS},
    guests,
    job::{Format, Job},
    stages::{AVERAGES, HOT},
    totals::Totals,
};

/// The binary and what it needs.
pub(crate) struct Product {
    binary: PathBuf,
    /// Where it keeps compiled code.
    cache: PathBuf,
}

/// A job as the product runs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pipeline {
    pub(crate) job: Job,
    pub(crate) format: Format,
    pub(crate) files: Files,
    pub(crate) parallelism: usize,
    pub(crate) cores: Cores,
}

/// Which cores a job may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cores {
    /// The first one: threads of one subtask would run side by side otherwise, too.
    One,
    All,
}

/// Where the rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Nowhere,
    Folder,
    Stdout,
}

/// The folder that rows go to.
const RESULTS: &str = "results";

/// The folder of checkpoints.
const STATE: &str = "state";

impl Product {
    /// Builds the component that jobs call, and copies the binary: a build meanwhile would exchange it.
    pub(crate) fn prepare(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        fs::write(folder.join("weather.wasm"), guests::component("weather"))?;
        let built = Path::new(env!("CARGO_BIN_EXE_tidemill"));
        let binary = folder.join(built.file_name().context("a binary has a name")?);
        fs::copy(built, &binary).with_context(|| format!("cannot copy `{}`", built.display()))?;
        Ok(Self {
            binary,
            cache: folder.join("code"),
        })
    }

    /// `tidemill run` of a pipeline that is written to `path`.
    pub(crate) fn run(&self, path: &Path, text: &str) -> anyhow::Result<Command> {
        fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
        let mut command = Command::new(&self.binary);
        command
            .arg("run")
            .arg(path)
            .env("TIDEMILL_CACHE", &self.cache);
        Ok(command)
    }

    pub(crate) fn command(
        &self,
        data: &Data<'_>,
        pipeline: &Pipeline,
        to: To,
    ) -> anyhow::Result<Command> {
        let path = data.folder().join(format!("{}.toml", pipeline.job));
        let mut command = self.run(&path, &pipeline.text(to))?;
        if pipeline.job == Job::D {
            command.arg("--fresh");
        }
        Ok(match pipeline.cores {
            Cores::All => command,
            Cores::One => on_one_core(&command),
        })
    }

    /// Runs a pipeline and adds up what it writes.
    pub(crate) fn add_up(&self, data: &Data<'_>, pipeline: &Pipeline) -> anyhow::Result<Totals> {
        let results = data.folder().join(RESULTS);
        clear(&results)?;
        let output = self.command(data, pipeline, To::Folder)?.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the job has failed:\n{said}");
        let told = Pipeline::totals(&said)?;
        let mut totals = Totals {
            late: told.late,
            ..Totals::default()
        };
        for entry in fs::read_dir(&results)? {
            let path = entry?.path();
            if path
                .extension()
                .is_none_or(|extension| extension != "parquet")
            {
                continue;
            }
            for rows in ParquetRecordBatchReaderBuilder::try_new(File::open(&path)?)?.build()? {
                let rows = rows?;
                totals.rows += rows.num_rows() as u64;
                totals.add(&rows, pipeline.job.results())?;
            }
        }
        clear(&results)?;
        clear(&data.folder().join(STATE))?;
        ensure!(
            totals.rows == told.rows,
            "{} rows were written, and {} are told",
            totals.rows,
            told.rows
        );
        Ok(totals)
    }
}

/// The same command, on the first core: `taskset` becomes the program that it runs.
fn on_one_core(command: &Command) -> Command {
    let mut pinned = Command::new("taskset");
    pinned.args(["--cpu-list", "0"]).arg(command.get_program());
    pinned.args(command.get_args());
    let set = command.get_envs();
    pinned.envs(set.filter_map(|(name, value)| Some((name, value?))));
    pinned
}

impl Pipeline {
    fn text(&self, to: To) -> String {
        let Self {
            job,
            format,
            files,
            parallelism,
            ..
        } = self;
        let folder = Data::folder_of(*format, *files);
        let columns: Vec<_> = job.columns().iter().map(|name| column(name)).collect();
        format!(
            "name = \"whole-{job}\"\nparallelism = {parallelism}\n{source}{stages}{sink}",
            source = source(&folder, *format, &columns.join(", ")),
            stages = stages(*job),
            sink = sink(to),
        )
    }

    /// Job `job` over a file `name` beside the pipeline, to standard output.
    pub(crate) fn to_stdout(job: Job, name: &str) -> String {
        let columns: Vec<_> = job.columns().iter().map(|name| column(name)).collect();
        format!(
            "name = \"start-{job}\"\nparallelism = 1\n{source}{stages}{sink}",
            source = source(name, Format::Json, &columns.join(", ")),
            stages = stages(job).replace("../weather.wasm", "weather.wasm"),
            sink = sink(To::Stdout),
        )
    }

    /// What a job says of its rows at its end.
    fn totals(said: &str) -> anyhow::Result<Totals> {
        let numbers = |line: &str, what: &str| {
            let (before, _) = line.split_once(what)?;
            let number = before.rsplit(' ').next()?.replace(',', "");
            number.parse().ok()
        };
        let is_sink = |line: &&str| line.split_whitespace().take(2).eq(["out", "sink"]);
        let sink = said.lines().find(is_sink);
        let rows = sink.and_then(|line| numbers(line, " rows"));
        ensure!(
            !said.contains(" dead letters") && !said.contains(" skipped"),
            "the job could not use all rows:\n{said}"
        );
        Ok(Totals {
            rows: rows.with_context(|| format!("the job does not tell its rows:\n{said}"))?,
            late: said.lines().filter_map(|line| numbers(line, " late")).sum(),
            sum: 0.0,
        })
    }
}

/// Makes `rows` readings, the first of them at `first`, and writes them to the folder `path`.
pub(crate) fn readings(rows: u64, seed: u64, first: u64, format: Format, path: &str) -> String {
    let start = START_MILLIS + first;
    format!(
        r#"
name = "readings"
parallelism = 1
[source.sensors]
connector = "generator"
rows = {rows}
seed = {seed}
sensors = 1000
start = {start}
step = "1ms"
disorder = 0.05
max_disorder = "5s"
[stage.in_millis]
from = "sensors"
map = "../weather.wasm#epoch_millis"
[sink.readings]
from = "in_millis"
connector = "file"
path = "{path}"
format = "{format}"
"#
    )
}

fn column(name: &str) -> String {
    let kind = match name {
        "ts" => "timestamp",
        "sensor" => "utf8",
        _ => "float64",
    };
    format!("{name} = \"{kind}\"")
}

fn source(path: &str, format: Format, columns: &str) -> String {
    format!(
        r#"
[source.readings]
connector = "file"
path = "{path}"
format = "{format}"
columns = {{ {columns} }}
event_time = {{ column = "ts", unit = "ms" }}
watermark = {{ delay = "1m" }}
"#
    )
}

fn stages(job: Job) -> String {
    match job {
        // The library is beside the folder of the job.
        Job::A => HOT.replace("weather.wasm", "../weather.wasm"),
        Job::B => AVERAGES.to_owned(),
        Job::C => TUMBLING.to_owned(),
        Job::D => format!("{AVERAGES}[checkpoint]\npath = \"{STATE}\"\ninterval = \"1s\"\n"),
    }
}

fn sink(to: To) -> String {
    let sink = match to {
        To::Nowhere => "connector = \"blackhole\"",
        To::Folder => &format!("connector = \"file\"\npath = \"{RESULTS}\"\nformat = \"parquet\""),
        To::Stdout => "connector = \"stdout\"",
    };
    format!("[sink.out]\nfrom = \"result\"\n{sink}\n")
}

const TUMBLING: &str = r#"
[stage.result]
from = "readings"
key = ["sensor"]
window = { tumbling = "1m" }
aggregate = [
  { call = "std#count", as = "readings" },
  { call = "std#mean", args = ["temperature"], as = "mean" },
  { call = "std#max", args = ["temperature"], as = "max" },
]
"#;

/// Removes a folder that may not be there.
fn clear(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if folder.exists() => {
            Err(error).with_context(|| format!("cannot remove `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}
