//! Asks a job for something.

use std::{
    fmt,
    io::{BufRead, BufReader, ErrorKind, Read, Take, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};

use super::{
    Answer, Order,
    place::{check, folders, names},
};

/// After so long people want to know why nothing happens.
const SOON: Duration = Duration::from_secs(2);

/// Longer answers are no job's.
const MAX_ANSWER: u64 = 16 << 20;

/// No job can be reached.
#[derive(Debug)]
pub struct NobodyListens {
    file: PathBuf,
    /// Where it was looked.
    folders: Vec<PathBuf>,
    /// Why it was not looked elsewhere.
    unfit: Vec<String>,
}

impl fmt::Display for NobodyListens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            folders,
            unfit,
        } = self;
        write!(
            formatter,
            "no job runs `{}` on this machine",
            file.display()
        )?;
        if !folders.is_empty() {
            let folders = folders
                .iter()
                .map(|folder| format!("`{}`", folder.display()));
            let folders: Vec<String> = folders.collect();
            write!(formatter, ": none listens in {}", folders.join(" or "))?;
        }
        for reason in unfit {
            write!(formatter, "; not looked into: {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NobodyListens {}

/// Asks the job that runs the pipeline in `file`, and waits for its answer. The file need not be there any more.
/// If the answer takes a while, `on_wait` is called, and again when others than before hold the job up: with the names of
/// these stages.
///
/// # Errors
///
/// [`NobodyListens`] if no job runs it, or what keeps it from answering.
pub fn ask(
    file: &Path,
    order: &Order,
    mut on_wait: impl FnMut(&[String]),
) -> anyhow::Result<Answer> {
    let mut reader = say(file, order)?;
    let mut told: Option<Vec<String>> = None;
    let mut answer = Vec::new();
    while let Err(error) = reader.read_until(b'\n', &mut answer) {
        let is_late = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        if !is_late {
            return Err(error).context("the job does not answer");
        }
        let busy = busy(file);
        let is_news = |told: &Vec<String>| !busy.is_empty() && busy != *told;
        if told.as_ref().is_none_or(is_news) {
            on_wait(&busy);
            told = Some(busy);
        }
    }
    ensure!(!answer.is_empty(), "the job has ended before it answered");
    serde_json::from_slice(&answer)
        .context("the job answers in other words: is it another version?")
}

/// Says what is wanted; the answer can be read from what is returned, which waits for a short while.
fn say(file: &Path, order: &Order) -> anyhow::Result<BufReader<Take<UnixStream>>> {
    let mut stream = reach(file)?;
    let mut line = serde_json::to_string(order)?;
    line.push('\n');
    stream
        .write_all(line.as_bytes())
        .context("the job does not listen")?;
    stream.set_read_timeout(Some(SOON))?;
    Ok(BufReader::new(stream.take(MAX_ANSWER)))
}

/// The stages that hold the job up; none if it does not tell.
fn busy(file: &Path) -> Vec<String> {
    let answer = || -> anyhow::Result<Answer> {
        let mut line = Vec::new();
        say(file, &Order::Busy)?.read_until(b'\n', &mut line)?;
        Ok(serde_json::from_slice(&line)?)
    };
    // A job of another version does not know the question.
    let answer = answer().ok().filter(|answer| answer.done);
    let text = answer.map(|answer| answer.text).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// A connection to the job.
fn reach(file: &Path) -> anyhow::Result<UnixStream> {
    let names = names(file).context("there is no current folder")?;
    let mut nobody = NobodyListens {
        file: file.to_owned(),
        folders: Vec::new(),
        unfit: Vec::new(),
    };
    for folder in folders() {
        // Most users have only one of them.
        if folder.symlink_metadata().is_ok()
            && let Err(error) = check(&folder)
        {
            nobody.unfit.push(format!("{error:#}"));
            continue;
        }
        for name in &names {
            let path = folder.join(name);
            match UnixStream::connect(&path) {
                Ok(stream) => return Ok(stream),
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::NotFound | ErrorKind::ConnectionRefused
                    ) => {}
                Err(error) => {
                    let what = format!("cannot reach the job at `{}`", path.display());
                    return Err(error).context(what);
                }
            }
        }
        nobody.folders.push(folder);
    }
    Err(nobody.into())
}
