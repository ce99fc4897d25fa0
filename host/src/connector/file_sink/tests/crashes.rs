//! A process that is gone after any step, and the one that goes on.
//!
//! Of the second crashes only some are tried; `TIDEMILL_CRASHES=all` tries each.

use std::{env, path::PathBuf};

use super::*;
use crate::connector::file_sink::disk::faults::{Fault, with};

/// What a job does.
#[derive(Clone, Copy)]
enum Deed {
    Write,
    Checkpoint,
}

use Deed::{Checkpoint, Write};

const DEEDS: [Deed; 10] = [
    Checkpoint, Write, Write, Checkpoint, Checkpoint, Write, Write, Checkpoint, Write, Checkpoint,
];

/// What is known of a checkpoint that is complete.
#[derive(Clone)]
struct Manifest {
    number: u64,
    /// How many deeds had been done.
    done: usize,
    transaction: Option<Transaction>,
}

/// A job that is killed now and then.
#[derive(Clone)]
struct Job {
    directory: PathBuf,
    format: Format,
    roll: Roll,
    complete: Vec<Manifest>,
    /// The greatest number that a checkpoint has had.
    number: u64,
}

impl Job {
    /// Goes on from the last complete checkpoint to the end.
    fn run(&mut self) -> anyhow::Result<()> {
        let from = self.complete.last().cloned();
        let mut sink = numbers(&self.directory, self.format, self.roll)?;
        sink.recover(from.as_ref().map(|from| Staged {
            checkpoint: from.number,
            transaction: from.transaction.as_ref(),
        }))?;
        let start = from.map_or(0, |from| from.done);
        for (done, deed) in DEEDS.iter().enumerate().skip(start) {
            match deed {
                Write => sink.write(&batch([done as i64 * 2, done as i64 * 2 + 1]))?,
                Checkpoint => {
                    self.number += 1;
                    let transaction = sink.stage(self.number)?;
                    self.complete.push(Manifest {
                        number: self.number,
                        done: done + 1,
                        transaction: transaction.clone(),
                    });
                    if let Some(transaction) = &transaction {
                        sink.commit(transaction)?;
                    }
                }
            }
        }
        Box::new(sink).finish()
    }

    /// The same, but the process is gone after so many steps. Returns whether it got to the end before.
    fn crash_after(&mut self, steps: usize) -> bool {
        let (result, _) = with(Fault::CrashAfter(steps), || self.run());
        self.check_visible();
        result.is_ok()
    }

    /// Whatever can be read is whole, and no row is there twice.
    #[track_caller]
    fn check_visible(&self) {
        let mut rows = visible(&self.directory, self.format);
        rows.retain(|&row| row != FORMER);
        let all = rows.len();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), all, "{:?}", names(&self.directory));
    }

    #[track_caller]
    fn check_done(&self, what: &str) {
        let write = |(done, deed): (usize, &Deed)| match deed {
            Write => vec![done as i64 * 2, done as i64 * 2 + 1],
            Checkpoint => Vec::new(),
        };
        let expected: Vec<_> = DEEDS.iter().enumerate().flat_map(write).collect();
        assert_eq!(visible(&self.directory, self.format), expected, "{what}");
        let hidden: Vec<_> = names(&self.directory)
            .into_iter()
            .filter(|name| name.starts_with('.'))
            .collect();
        // The lock is the last that goes, and does no harm if it does not.
        let is_lock = |name: &String| name.starts_with(".part-00000.") && name.ends_with(".tmp");
        let may_stay = |name: &String| name == owner::FILE || is_lock(name);
        assert!(hidden.iter().all(may_stay), "{what}: {hidden:?}");
    }

    /// A copy of what is on disk and of what is known.
    fn copy(&self, to: &Path) -> Self {
        for name in names(&self.directory) {
            fs::copy(self.directory.join(&name), to.join(&name)).expect("a file");
        }
        Self {
            directory: to.to_path_buf(),
            ..self.clone()
        }
    }
}

/// A row of a former job.
const FORMER: i64 = -1;

/// A directory with the result of a former job, and what another one has left behind.
fn former(directory: &Path, format: Format, roll: Roll) -> Job {
    let mut sink = numbers(directory, format, roll).expect("a sink");
    sink.write(&batch([FORMER])).expect("rows");
    Box::new(sink).finish().expect("a file");
    let name = names(directory).remove(0);
    let copies = [
        "-0000000001-00000.",
        "-0000000004-00000.",
        "-0000000020-00000.",
    ];
    for copy in copies.map(|number| name.replace("-00000.", number)) {
        fs::copy(directory.join(&name), directory.join(&copy)).expect("a file");
        fs::write(directory.join(format!(".{copy}.staged")), "half").expect("a file");
    }
    fs::write(directory.join(format!(".{name}.tmp")), "half").expect("a file");
    Job {
        directory: directory.to_path_buf(),
        format,
        roll,
        complete: Vec::new(),
        number: 0,
    }
}

/// Every way to go on after a crash: from the last checkpoint, or from the one before it if that one
/// cannot be read.
fn ways(job: &Job) -> [Job; 2] {
    let mut before = job.clone();
    before.complete.pop();
    [job.clone(), before]
}

/// Kills a job after each step, and the one that goes on after each step of a second crash, if
/// `stride` says so.
fn check(format: Format, roll: Roll, stride: usize) {
    let stride = match env::var_os("TIDEMILL_CRASHES") {
        Some(_) => 1,
        None => stride,
    };
    for first in 0.. {
        let directory = tempfile::tempdir().expect("a directory");
        let mut job = former(directory.path(), format, roll);
        let ended = job.crash_after(first);
        for (way, known) in ways(&job).into_iter().enumerate() {
            for second in (first % stride..).step_by(stride) {
                let copy = tempfile::tempdir().expect("a directory");
                let mut job = Job {
                    complete: known.complete.clone(),
                    ..job.copy(copy.path())
                };
                let what = format!("{format:?}: {first} steps, way {way}, {second} steps");
                if job.crash_after(second) {
                    job.check_done(&what);
                    break;
                }
                for mut last in ways(&job) {
                    let copy = tempfile::tempdir().expect("a directory");
                    last = last.copy(copy.path());
                    last.directory = copy.path().to_path_buf();
                    last.run().expect("nothing goes wrong any more");
                    last.check_done(&what);
                }
            }
        }
        if ended {
            return;
        }
    }
}

const SMALL: Roll = Roll {
    size: Some(1),
    every: None,
};

#[test]
fn json_is_exactly_once() {
    check(Format::Json, Roll::default(), 5);
    check(Format::Json, SMALL, 11);
}

#[test]
fn csv_is_exactly_once() {
    check(Format::Csv, Roll::default(), 11);
    check(Format::Csv, SMALL, 13);
}

#[test]
fn parquet_is_exactly_once() {
    check(Format::Parquet, Roll::default(), 13);
    check(Format::Parquet, SMALL, 17);
}
