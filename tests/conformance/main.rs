//! Runs the known answers of other engines: their inputs and scripts, our pipelines, their outputs.
//!
//! `cargo run --example conformance -- [FOLDER [CASE…]]`, where `FOLDER` holds the answers and only cases
//! with one of the `CASE`s in their names are run. The answers are not part of this repository: without them there is nothing to run. What belongs to it are the pipelines in
//! `cases/`, how the notation of a case becomes ours (`case.toml` beside the pipeline), and the
//! functions in `udfs/`.
#![expect(unreachable_pub, reason = "a program has no outside")]
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod adapter;
mod case;
mod document;
mod expected_row;
mod known_answers;
mod library;
mod report;
mod script;
mod text_table;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use tidemill::{
    pipeline::Registry,
    wasm::{Engine, EngineOptions},
};

use case::Case;
use known_answers::KnownAnswer;
use report::Report;

fn main() -> anyhow::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.context("the host is not in the repository")?;
    let answers = env::args_os().nth(1).map(PathBuf::from);
    let answers = answers.unwrap_or_else(|| root.join("../shared/cases"));
    if !answers.is_dir() {
        println!(
            "There are no known answers in `{}`, so there is nothing to compare with. Give the folder \
             that has them: `cargo run --example conformance -- FOLDER`.",
            answers.display()
        );
        return Ok(ExitCode::SUCCESS);
    }
    let only: Vec<String> = env::args().skip(2).collect();
    let report = run_all(root, &answers, &only)?;
    println!("{report}");
    Ok(if report.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs every case of which there are answers; of those with a name that has one of `only` in it, if
/// there are some.
fn run_all(root: &Path, answers: &Path, only: &[String]) -> anyhow::Result<Report> {
    let work = root.join("target/conformance");
    let source = root.join("tests/conformance");
    std::fs::create_dir_all(&work).context("cannot make a folder for the cases")?;
    library::build(
        &source.join("udfs"),
        &root.join("target/guests"),
        &work.join("udfs.wasm"),
    )?;
    let engine = Engine::new(&EngineOptions {
        cache_dir: Some(root.join("target/guests/cache")),
        ..EngineOptions::default()
    })?;
    let registry = Registry::new(engine);
    let mut cases = Vec::new();
    for name in known_answers::names(answers)? {
        let answer = KnownAnswer::new(answers.join(&name));
        let found = Case::find(&source.join("cases"), &name)?.into_iter();
        cases.extend(found.map(|case| (answer.clone(), case)));
    }
    cases.retain(|(_, case)| only.is_empty() || only.iter().any(|part| case.name().contains(part)));
    let mut report = Report::new(cases.iter().map(|(_, case)| case.name()));
    println!("{}", report.head());
    for (answer, case) in &cases {
        println!("{}", report.add(case.run(answer, &work, &registry)));
    }
    Ok(report)
}
