//! The examples under `udfs/` run as they stand there, on less data, and give what a program finds that
//! computes the same the slow and obvious way.

mod toll;
mod trading;
mod web;

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::support::{Run, Workspace, library, root};

/// A row of a CSV file by the names of its columns.
type Row = BTreeMap<String, String>;

/// A folder of `udfs/` with its component, copied to where its output does no harm.
struct Example {
    name: &'static str,
    workspace: Workspace,
}

impl Example {
    /// The folder `udfs/NAME`, and `rows` readings from `start` on as its data.
    #[track_caller]
    fn with_data(name: &'static str, rows: &str, start: &str) -> Self {
        let example = Self::new(name);
        let replaced = |line: &str| match line.split_once(" = ") {
            Some(("rows", _)) => format!("rows = {rows}\n"),
            Some(("start", _)) => format!("start = \"{start}\"\n"),
            _ => format!("{line}\n"),
        };
        let data: String = example.pipeline("data").lines().map(replaced).collect();
        example.run_as("data", &data);
        example
    }

    fn new(name: &'static str) -> Self {
        let workspace = Workspace::new();
        let copy = workspace.path("udfs").join(name);
        copy_folder(&root().join("udfs").join(name), &copy);
        fs::copy(library(name), copy.join(format!("{name}.wasm"))).expect("a copy");
        Self { name, workspace }
    }

    /// The text of a pipeline.
    fn pipeline(&self, job: &str) -> String {
        self.workspace
            .read(&format!("udfs/{}/{job}.toml", self.name))
    }

    /// Runs a job of the folder as it is.
    #[track_caller]
    fn run(&self, job: &str) -> Run {
        self.run_as(job, &self.pipeline(job))
    }

    /// Runs a job of the folder with another text.
    #[track_caller]
    fn run_as(&self, job: &str, text: &str) -> Run {
        let path = format!("udfs/{}/{job}.toml", self.name);
        self.workspace.write(&path, text);
        let run = self.workspace.output(&["run", &path]);
        assert_eq!(run.status, 0, "{job}: {}", run.stderr);
        run
    }

    /// The rows of a folder of the output, of JSON lines.
    #[track_caller]
    fn json(&self, folder: &str) -> Vec<Value> {
        let folder = format!("target/demo/{}/{folder}", self.name);
        self.workspace.json_lines(&folder)
    }

    /// The rows of a folder of the output, of CSV. No value there has a comma.
    #[track_caller]
    fn csv(&self, folder: &str) -> Vec<Row> {
        let path = format!("target/demo/{}/{folder}/part-00000.csv", self.name);
        let text = self.workspace.read(&path);
        let mut lines = text.lines();
        let heading: Vec<&str> = lines.next().expect("a heading").split(',').collect();
        let row = |line: &str| -> Row {
            let values = line.split(',').map(str::to_owned);
            heading
                .iter()
                .map(|&name| name.to_owned())
                .zip(values)
                .collect()
        };
        lines.map(row).collect()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// Microseconds since 1970 of a timestamp; `None` if it is none.
fn micros(text: &str) -> Option<i64> {
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(instant.as_microsecond())
}

/// A column of a JSON row that is text.
fn text<'a>(row: &'a Value, column: &str) -> Option<&'a str> {
    row.get(column)?.as_str()
}

/// The names of the examples.
const NAMES: [&str; 3] = ["toll", "trading", "web"];

#[test]
fn all_cases_are_as_they_should_be() {
    for name in NAMES {
        let example = Example::new(name);
        let folder = format!("udfs/{name}/cases");
        let run = example.workspace.output(&["test", &folder]);
        assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn cases_try_the_stages_of_the_jobs() {
    for name in NAMES {
        let folder = root().join("udfs").join(name);
        for case in fs::read_dir(folder.join("cases")).expect("a folder of cases") {
            let case = case.expect("an entry").path();
            let job = case.file_name().expect("a name").to_string_lossy();
            let tried = stages(&case.join("pipeline.toml"));
            let run = stages(&folder.join(format!("{job}.toml")));
            assert_eq!(tried, run, "{}", case.display());
        }
    }
}

/// The sections of stages of a pipeline, without the paths of components.
fn stages(pipeline: &Path) -> Vec<String> {
    let text = fs::read_to_string(pipeline).expect("a pipeline");
    let text = text.replace("../../", "");
    let sections = text.split("\n[").map(|section| section.trim().to_owned());
    sections
        .filter(|section| section.starts_with("stage."))
        .collect()
}
