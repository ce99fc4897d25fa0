//! `tidemill test`: runs scripted cases and shows where they come out otherwise.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    Ending, print, setup,
    talk::{say, say_line},
};
use crate::{
    batch::visible,
    pipeline::{Overrides, Registry},
    test_kit::{Case, CaseError, Failure, RunOptions, find_cases, run},
};

/// Run scripted cases: directories with a pipeline.toml and a steps.jsonl
#[derive(Debug, Args)]
pub(super) struct Test {
    /// Cases, or directories with cases at any depth
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,

    /// Run each case once more with a restart after every step
    #[arg(long)]
    restart_everywhere: bool,

    /// Run each case once with each of these numbers of subtasks
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1024))]
    parallelism: Vec<u16>,
}

/// How a case has ended.
enum Verdict {
    Ok,
    Failed,
    /// It could not be run.
    Invalid,
}

impl Test {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let registry = Registry::new(setup::engine()?);
        let (mut failed, mut invalid, mut all) = (0, 0, 0);
        for directory in &self.directories {
            for case in self.cases(directory, &mut invalid) {
                all += 1;
                let verdict = self.run_case(&case, &registry);
                let word = match verdict {
                    Verdict::Ok => "ok",
                    Verdict::Failed => "FAILED",
                    Verdict::Invalid => "INVALID",
                };
                print(&format!("{word:8}{}\n", case.display()))?;
                failed += usize::from(matches!(verdict, Verdict::Failed));
                invalid += usize::from(matches!(verdict, Verdict::Invalid));
            }
        }
        let mut summary = format!("{} of {all} cases ok", all - failed - invalid.min(all));
        for (count, what) in [(failed, "failed"), (invalid, "cannot be run")] {
            if count > 0 {
                summary.push_str(&format!(", {count} {what}"));
            }
        }
        print(&format!("{summary}\n"))?;
        Ok(match (invalid, failed) {
            (0, 0) => Ending::Done,
            (0, _) => Ending::Failed,
            _ => Ending::Invalid,
        })
    }

    fn cases(&self, directory: &Path, invalid: &mut usize) -> Vec<PathBuf> {
        let reason = match find_cases(directory) {
            Ok(cases) if !cases.is_empty() => return cases,
            Ok(_) => "there is no case: a case is a directory with pipeline.toml and steps.jsonl"
                .to_owned(),
            Err(error) => super::chain(&error.into()),
        };
        *invalid += 1;
        say_line(format_args!("error: {}: {reason}", directory.display()));
        Vec::new()
    }

    fn run_case(&self, directory: &Path, registry: &Registry) -> Verdict {
        let load = |path: &Path, registry: &Registry, overrides: &Overrides| {
            setup::load_for(path, registry, overrides, 1)
        };
        let case = match Case::read(directory, registry, load) {
            Ok(case) => case,
            Err(error) => {
                tell(error);
                return Verdict::Invalid;
            }
        };
        for (how, options) in self.runs() {
            let result = catch_unwind(AssertUnwindSafe(|| run(&case, registry, &options)));
            let result = result.unwrap_or_else(|panic| Err(panicked(&*panic)));
            if let Err(failure) = result {
                let steps = directory.join("steps.jsonl");
                say(visible(&format!("{}:{failure}", steps.display())));
                if !how.is_empty() {
                    say_line(format_args!("  ({how})"));
                }
                say_line("");
                return Verdict::Failed;
            }
        }
        Verdict::Ok
    }

    /// How often a case is run, and how.
    fn runs(&self) -> Vec<(String, RunOptions)> {
        let widths: Vec<usize> = self.parallelism.iter().map(|&width| width.into()).collect();
        let mut runs: Vec<(String, RunOptions)> = Vec::new();
        for restart_everywhere in [false, true] {
            if restart_everywhere && !self.restart_everywhere {
                continue;
            }
            let restarts = match restart_everywhere {
                true => vec!["restarted after every step".to_owned()],
                false => Vec::new(),
            };
            let mut add = |how: Vec<String>, parallelism: Vec<usize>| {
                let options = RunOptions {
                    parallelism,
                    restart_everywhere,
                    ..RunOptions::default()
                };
                runs.push((how.join(", "), options));
            };
            if widths.is_empty() {
                add(restarts.clone(), Vec::new());
            }
            for place in 0..widths.len() {
                let mut turned = widths.clone();
                turned.rotate_left(place);
                let list: Vec<String> = turned.iter().map(usize::to_string).collect();
                let width = match restart_everywhere {
                    true => format!("parallelism {}", list.join(", then ")),
                    false => format!("parallelism {}", widths[place]),
                };
                add([vec![width], restarts.clone()].concat(), turned);
            }
        }
        runs
    }
}

/// Tells why a case cannot be run.
fn tell(error: CaseError) {
    match error {
        CaseError::Pipeline(mistakes) => super::tell_mistakes(&mistakes),
        error => say_line(format_args!("error: {}", super::chain(&error.into()))),
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure {
        line: 1,
        text: format!("panicked: {}\n", text.unwrap_or("without a message")),
    }
}
