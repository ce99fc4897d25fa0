//! A case of ours: a pipeline, and how the notation of a known answer becomes that of our test kit.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, ensure};
use serde_json::Value;
use tidemill::{
    pipeline::{Overrides, Registry},
    runtime::Order,
    test_kit::{self, RunOptions},
};

use crate::{
    adapter::Adapter,
    document,
    known_answers::KnownAnswer,
    report::{Line, Outcome},
    script,
};

/// A folder with a `pipeline.toml`, or with a `case.toml` that says why there is none; or no folder, of
/// a case that nobody has looked at yet.
#[derive(Debug)]
pub struct Case {
    /// The folder, seen from the one with all cases: the name of the known answer, and more if it has
    /// several cases.
    name: String,
    folder: PathBuf,
}

impl Case {
    /// The cases of the known answer `answer` under `root`, in the order of their names.
    pub fn find(root: &Path, answer: &str) -> anyhow::Result<Vec<Self>> {
        let case = |name: String| Self {
            folder: root.join(&name),
            name,
        };
        let whole = case(answer.to_owned());
        let has = |file| whole.folder.join(file).exists();
        if !whole.folder.is_dir() || has("pipeline.toml") || has("case.toml") {
            return Ok(vec![whole]);
        }
        let mut parts = crate::known_answers::names(&whole.folder)?;
        parts.sort_by_key(|part| (part.len(), part.clone()));
        let parts = parts.iter().map(|part| case(format!("{answer}/{part}")));
        Ok(parts.collect())
    }

    /// The name of the case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs the case each way. `work` is where the library is and where the case is put.
    pub fn run(&self, answer: &KnownAnswer, work: &Path, registry: &Registry) -> Line {
        let outcome = self.outcome(answer, work, registry);
        Line {
            case: self.name.clone(),
            covers: self.covers(answer),
            outcome: outcome.unwrap_or_else(|error| Outcome::Failed(format!("{error:#}"))),
        }
    }

    fn outcome(
        &self,
        answer: &KnownAnswer,
        work: &Path,
        registry: &Registry,
    ) -> anyhow::Result<Outcome> {
        if !self.folder.is_dir() {
            return Ok(Outcome::LeftOut("there is no pipeline for it".to_owned()));
        }
        let adapter = Adapter::read(&self.folder)?;
        if let Some(missing) = adapter.missing {
            return Ok(Outcome::LeftOut(missing));
        }
        let pipeline = self.pipeline()?;
        let steps = script::translate(answer, &adapter, &main_sinks(&pipeline)?)?;
        let folder = self.put(&pipeline, &steps, work)?;
        let load = move |path: &Path, registry: &Registry, overrides: &Overrides| {
            test_kit::load_text_with(path, &pipeline, registry, overrides)
        };
        let case = test_kit::Case::read(&folder, registry, load)?;
        for (manner, options) in manners() {
            let run = || test_kit::run(&case, registry, &options);
            // A panic is told above; the other cases go on.
            let result = catch_unwind(AssertUnwindSafe(run)).map_err(|_| anyhow!("a panic"));
            if let Err(failure) = result? {
                let steps = folder.join("steps.jsonl");
                let place = steps.display();
                return Ok(Outcome::Failed(format!("{manner}: {place}:{failure}")));
            }
        }
        Ok(Outcome::Passed)
    }

    /// What the answer says that it covers, else the comment on top of the pipeline.
    fn covers(&self, answer: &KnownAnswer) -> String {
        let covers = answer.about().unwrap_or_default().covers;
        if !covers.is_empty() {
            return covers.join(", ");
        }
        let pipeline = self.pipeline().unwrap_or_default();
        let comment = pipeline
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# "));
        comment.unwrap_or_default().to_owned()
    }

    fn pipeline(&self) -> anyhow::Result<String> {
        let path = self.folder.join("pipeline.toml");
        fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))
    }

    /// Writes the case as our test kit reads it: `tidemill test` on that folder runs it alone.
    fn put(&self, pipeline: &str, steps: &[Value], work: &Path) -> anyhow::Result<PathBuf> {
        let folder = work.join(&self.name);
        let mut lines = String::new();
        for step in steps {
            lines.push_str(&step.to_string());
            lines.push('\n');
        }
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join("pipeline.toml"), pipeline))
            .and_then(|()| fs::write(folder.join("steps.jsonl"), lines))
            .with_context(|| format!("cannot write to `{}`", folder.display()))?;
        Ok(folder)
    }
}

/// How a case is run: with one subtask a stage and with three; with subtasks that take turns in orders that
/// are drawn; restarted after every step, with as many subtasks and with another number of them.
fn manners() -> [(&'static str, RunOptions); 5] {
    let manner = |parallelism: &[usize], restart_everywhere| RunOptions {
        parallelism: parallelism.to_vec(),
        restart_everywhere,
        order: Order::Fixed,
    };
    let drawn = RunOptions {
        order: Order::drawn(7),
        ..manner(&[3], false)
    };
    [
        ("with one subtask", manner(&[1], false)),
        ("with three subtasks", manner(&[3], false)),
        ("with three subtasks, in other orders", drawn),
        ("with three subtasks, restarted", manner(&[3], true)),
        (
            "with one subtask, restarted with three and back",
            manner(&[1, 3], true),
        ),
    ]
}

/// The sinks of a pipeline that take main output, not late rows.
fn main_sinks(pipeline: &str) -> anyhow::Result<Vec<String>> {
    let document = document::parse(pipeline)?;
    let sinks = document.get("sink").and_then(Value::as_object);
    let sinks = sinks.context("the pipeline has no sinks")?.iter();
    let main = sinks.filter(|(_, sink)| sink.get("from").is_some());
    let names: Vec<String> = main.map(|(name, _)| name.clone()).collect();
    ensure!(!names.is_empty(), "the pipeline has no sink of main output");
    Ok(names)
}
