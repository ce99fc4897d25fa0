//! The socket through which people reach a job that runs on their machine.
//!
//! One connection a request: a line of JSON each way. The socket lies in a folder of the user alone and is
//! named after the pipeline file, so that who knows the file finds the job.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, DirBuilder},
    io::{self, BufRead, BufReader, ErrorKind, Write},
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};

use super::{Report, Request};
use crate::{pipeline::Overrides, runtime::NotSwapped};

/// What people ask of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// To go over to other components: by stage, where they are. What is not named goes over to what the
    /// files hold.
    Swap(BTreeMap<String, PathBuf>),
    /// To go back to what ran before the latest swap.
    Rollback,
}

/// What the job answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it was done.
    pub done: bool,
    /// What was done, or why it was not.
    pub text: String,
}

/// Longer requests are nobody's.
const MAX_REQUEST: u64 = 1 << 20;

/// Who does not say what he wants for so long is not listened to any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// A socket that is listened to until it is dropped.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
}

impl Control {
    /// Listens for what people want of the job of the pipeline in `file`, and hands it to `requests`.
    ///
    /// # Errors
    ///
    /// If there can be no socket, or another job of this file listens.
    pub fn start(file: &Path, requests: mpsc::Sender<Request>) -> anyhow::Result<Self> {
        let path = socket(file)?;
        let listener = listen(&path)?;
        // Nobody joins it: it waits as long as the process lives.
        thread::Builder::new()
            .name("control".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    if let Err(error) = serve(&stream, &requests) {
                        tracing::debug!("a request was not understood: {error:#}");
                    }
                }
            })
            .context("cannot start a thread")?;
        Ok(Self { path })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Another job may find it left over and take it away.
        let _ = fs::remove_file(&self.path);
    }
}

/// Asks the job that runs the pipeline in `file`, and waits for its answer.
///
/// # Errors
///
/// If no job runs it, or it does not answer.
pub fn ask(file: &Path, order: &Order) -> anyhow::Result<Answer> {
    let path = socket(file)?;
    let stream = UnixStream::connect(&path);
    let mut stream = stream.map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
            anyhow!("no job runs `{}` on this machine", file.display())
        }
        _ => anyhow!(error).context(format!("cannot reach the job at `{}`", path.display())),
    })?;
    let mut line = serde_json::to_string(order)?;
    line.push('\n');
    stream
        .write_all(line.as_bytes())
        .context("the job does not listen")?;
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .context("the job does not answer")?;
    ensure!(!answer.is_empty(), "the job has ended before it answered");
    serde_json::from_str(&answer).context("the job answers in other words: is it another version?")
}

/// Where the job of a pipeline file listens.
fn socket(file: &Path) -> anyhow::Result<PathBuf> {
    let whole = fs::canonicalize(file);
    let whole = whole.with_context(|| format!("cannot read the pipeline `{}`", file.display()))?;
    let mut name = blake3::hash(whole.as_os_str().as_encoded_bytes())
        .to_hex()
        .to_string();
    // The system allows about a hundred bytes for the whole path.
    name.truncate(24);
    Ok(own_folder()?.join(format!("{name}.sock")))
}

/// A folder that only this user can enter.
fn own_folder() -> anyhow::Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let folder = match env::var_os("XDG_RUNTIME_DIR") {
        Some(folder) => PathBuf::from(folder).join("tidemill"),
        None => env::temp_dir().join(format!("tidemill-{user}")),
    };
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            let what = format!("cannot make the folder `{}`", folder.display());
            return Err(anyhow!(error).context(what));
        }
        _ => {}
    }
    let found = fs::symlink_metadata(&folder)?;
    let is_own = found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0;
    ensure!(
        is_own,
        "others can enter the folder `{}`; remove it",
        folder.display()
    );
    Ok(folder)
}

/// Listens at `path`; a socket that nobody listens to any more is replaced.
fn listen(path: &Path) -> anyhow::Result<UnixListener> {
    let bound = match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            if UnixStream::connect(path).is_ok() {
                bail!("another job runs this pipeline file already");
            }
            fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        bound => bound,
    };
    bound.with_context(|| format!("cannot listen at `{}`", path.display()))
}

/// Serves one connection.
fn serve(mut stream: &UnixStream, requests: &mpsc::Sender<Request>) -> anyhow::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(io::Read::take(stream, MAX_REQUEST)).read_line(&mut line)?;
    let answer = match serde_json::from_str(&line) {
        Ok(order) => obey(order, requests),
        Err(error) => Answer {
            done: false,
            text: format!("this job does not understand that: {error}"),
        },
    };
    let mut line = serde_json::to_string(&answer)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    Ok(())
}

/// Hands a request on and waits for what comes of it.
fn obey(order: Order, requests: &mpsc::Sender<Request>) -> Answer {
    let outcome = match order {
        Order::Swap(components) => {
            let overrides = components
                .iter()
                .fold(Overrides::default(), |all, (stage, path)| {
                    all.component(stage, path)
                });
            let (answer, answered) = mpsc::channel();
            let sent = requests.send(Request::Swap { overrides, answer });
            sent.ok().and_then(|()| answered.recv().ok())
        }
        Order::Rollback => {
            let (answer, answered) = mpsc::channel();
            let sent = requests.send(Request::RollBack { answer });
            let answered = sent.ok().and_then(|()| answered.recv().ok());
            answered.map(|outcome| outcome.map(Some))
        }
    };
    answer(outcome.unwrap_or_else(|| Err(anyhow!("the job has ended"))))
}

fn answer(outcome: anyhow::Result<Option<Report>>) -> Answer {
    match outcome {
        Ok(Some(report)) => Answer {
            done: true,
            text: report.to_string(),
        },
        Ok(None) => Answer {
            done: true,
            text: "nothing to swap: that is what runs".to_owned(),
        },
        Err(error) if error.downcast_ref() == Some(&NotSwapped::NoJob) => Answer {
            done: false,
            text: format!("not swapped: {error:#}; what the job has said tells why"),
        },
        Err(error) => Answer {
            done: false,
            text: format!("refused, the job goes on as it was: {error:#}"),
        },
    }
}
