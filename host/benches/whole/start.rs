//! How long it takes from starting the program to its first row, with compiled code in the cache.

use std::{
    fmt::Write as _,
    fs,
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, ensure};

use super::{
    arguments::Arguments,
    data::START_MILLIS,
    job::Job,
    product::{Pipeline, Product},
};

/// What this is called on the command line.
pub(crate) const NAME: &str = "start";

/// Each job is started so many times for each time that others run.
const STARTS: usize = 8;

/// The milliseconds from starting a job to its first row, sorted.
pub(crate) struct Start {
    pub(crate) job: Job,
    pub(crate) millis: Vec<f64>,
}

/// Starts `A` and `B` on a few rows.
pub(crate) fn measure(
    arguments: &Arguments,
    folder: &Path,
    product: &Product,
) -> anyhow::Result<Vec<Start>> {
    let mut rows = String::new();
    for row in 0..10 {
        let ts = START_MILLIS + row;
        writeln!(
            rows,
            r#"{{"ts":{ts},"sensor":"s{row}","temperature":4{row}.5,"humidity":50}}"#
        )?;
    }
    fs::write(folder.join("start.jsonl"), rows)?;
    let mut starts = Vec::new();
    for job in [Job::A, Job::B] {
        let path = folder.join(format!("start-{job}.toml"));
        let mut command = product.run(&path, &Pipeline::to_stdout(job, "start.jsonl"))?;
        // The first one fills the cache.
        first_row(&mut command)?;
        let millis: anyhow::Result<Vec<f64>> = (0..STARTS * arguments.runs)
            .map(|_| first_row(&mut command))
            .collect();
        let mut millis = millis?;
        millis.sort_by(f64::total_cmp);
        starts.push(Start { job, millis });
    }
    Ok(starts)
}

/// The milliseconds to the first byte that a command writes.
fn first_row(command: &mut Command) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdout = child.stdout.take().context("standard output is a pipe")?;
    let mut rows = vec![0];
    let first = stdout.read_exact(&mut rows);
    let took = started.elapsed().as_secs_f64() * 1e3;
    stdout.read_to_end(&mut rows)?;
    let status = child.wait()?;
    first.context("the job has no rows")?;
    ensure!(status.success(), "the job has failed");
    Ok(took)
}
