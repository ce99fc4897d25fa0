//! What is asked for on the command line.

use std::{env, ffi::OsString, path::PathBuf};

use anyhow::{bail, ensure};
use clap::Parser;

use super::{case::Case, start};

/// Says how many rows there are if the command line does not.
const ROWS: &str = "TIDEMILL_BENCH_ROWS";

/// Whole jobs against native twins
#[derive(Debug, Parser)]
#[command(name = "whole", after_help = after_help())]
struct Options {
    /// Only what has all these words in its name
    words: Vec<String>,

    /// How many readings there are [default: $TIDEMILL_BENCH_ROWS, or else 10000000]
    #[arg(long)]
    rows: Option<u64>,

    /// How often each side runs
    #[arg(long, default_value_t = 5)]
    runs: usize,

    /// A million rows and three runs
    #[arg(long, conflicts_with_all = ["rows", "runs"])]
    quick: bool,

    /// Write the figures to a file instead of behind the table, an object a line
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// What `cargo bench` says to all benchmarks
    #[arg(long, hide = true)]
    _bench: bool,
}

/// What is to be measured.
pub(crate) struct Arguments {
    words: Vec<String>,
    pub(crate) rows: u64,
    pub(crate) runs: usize,
    pub(crate) json: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn read(arguments: impl Iterator<Item = OsString>) -> anyhow::Result<Self> {
        let name = OsString::from("whole");
        let options = Options::parse_from([name].into_iter().chain(arguments));
        let rows = match (options.quick, options.rows, env::var(ROWS)) {
            (true, ..) => 1_000_000,
            (false, Some(rows), _) => rows,
            (false, None, Ok(rows)) => rows.parse()?,
            (false, None, Err(_)) => 10_000_000,
        };
        let runs = if options.quick { 3 } else { options.runs };
        ensure!(
            rows >= 1000 && rows.is_multiple_of(10),
            "there must be at least 1000 rows, and as many in each of 10 files, not {rows}"
        );
        ensure!(runs > 0, "each side must run at least once");
        Ok(Self {
            words: options.words,
            rows,
            runs,
            json: options.json,
        })
    }

    /// The cases that are asked for.
    pub(crate) fn cases(&self) -> anyhow::Result<Vec<Case>> {
        let mut cases = Case::all();
        cases.retain(|case| self.has(&case.to_string()));
        if cases.is_empty() && !self.has(start::NAME) {
            bail!("nothing is called `{}`; {}", self.words.join(" "), names());
        }
        Ok(cases)
    }

    /// Whether something of this name is asked for.
    pub(crate) fn has(&self, name: &str) -> bool {
        let has = |word: &String| name.split(' ').any(|part| part.eq_ignore_ascii_case(word));
        self.words.iter().all(has)
    }
}

fn after_help() -> String {
    let mut names = names();
    names.replace_range(..1, "T");
    names
}

fn names() -> String {
    let names: Vec<_> = Case::all().iter().map(|case| format!("`{case}`")).collect();
    format!("there are {} and `{}`", names.join(", "), start::NAME)
}
