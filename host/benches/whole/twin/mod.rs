//! The jobs by hand: what somebody would write who needs just this one, over the same readers, on one thread.
//!
//! It goes by the rules of the product: a watermark that stays a minute behind and moves after a batch, windows made of
//! slices, rows counted as late. It has neither the checks nor the order of the results.

mod hot;
mod input;
mod measures;
mod output;
mod sensors;
mod windows;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    path::PathBuf,
    process::Command,
};

use anyhow::Context as _;

use self::{
    input::Batches,
    measures::{Hottest, Means},
    output::Output,
    windows::Windows,
};
use super::{
    job::{Format, Job},
    totals::Totals,
};

/// The first argument of this program if it is a twin.
pub(crate) const OPTION: &str = "--twin";

/// An argument of a twin that adds up the results.
const SUM: &str = "--sum";

/// The command that does a job over some files.
pub(crate) fn command(
    job: Job,
    format: Format,
    files: &[PathBuf],
    adds_up: bool,
) -> anyhow::Result<Command> {
    let mut command = super::itself()?;
    command
        .arg(OPTION)
        .args([job.to_string(), format.to_string()]);
    if adds_up {
        command.arg(SUM);
    }
    command.args(files);
    Ok(command)
}

/// What the process does that is a twin.
pub(crate) fn main(arguments: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let mut arguments = arguments.peekable();
    let mut word = || {
        let argument = arguments
            .next()
            .context("a twin needs a job and a format")?;
        argument.into_string().ok().context("this is no word")
    };
    let (job, format) = (word()?.parse()?, word()?.parse()?);
    let adds_up = arguments.next_if(|argument| argument == SUM).is_some();
    let batches = Batches::new(format, job, arguments.map(PathBuf::from).collect());
    let totals = run(job, batches, Output::new(job, adds_up))?;
    serde_json::to_writer(io::stdout(), &totals)?;
    Ok(io::stdout().flush()?)
}

fn run(job: Job, batches: Batches, output: Output) -> anyhow::Result<Totals> {
    match job {
        Job::A => hot::run(batches, output),
        Job::B | Job::D => Windows::<Means, 2>::new(5_000, 20_000).run(batches, output),
        Job::C => Windows::<Hottest, 1>::new(60_000, 60_000).run(batches, output),
    }
}
