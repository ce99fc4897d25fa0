//! Listens for what people want of a job.

use std::{
    fmt, fs,
    io::{ErrorKind, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    Answer, Order,
    place::{folders, is_left_over, make, names, reserve, tidy},
    slots::Slots,
};
use crate::{
    batch::visible_line,
    pipeline::Overrides,
    reload::{Asker, Report, Request},
    runtime::{NotSwapped, Swaps},
};

/// Longer requests are nobody's.
const MAX_REQUEST: usize = 1 << 20;

/// Who has not said what he wants after so long is not listened to any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// A stage that has been at one thing for longer holds others up.
const LONG: Duration = Duration::from_secs(1);

/// How many connections are served at the same time. Others wait until one is done, or has worn the patience out.
const MOST: usize = 64;

/// How long nobody is listened to when the system has no room for one more connection.
const REST: Duration = Duration::from_millis(100);

/// Sockets that are listened to until it is dropped.
#[derive(Debug)]
pub struct Control {
    paths: Vec<PathBuf>,
}

/// Another job of the same file is listening.
#[derive(Debug)]
struct Taken;

impl fmt::Display for Taken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("another job runs this pipeline file already")
    }
}

impl std::error::Error for Taken {}

impl Control {
    /// Listens for what people want of the job of the pipeline in `file`, and hands it to `requests`. What is only to be
    /// told of the job is found by `job`.
    ///
    /// # Errors
    ///
    /// If there can be no socket, or another job of this file listens.
    pub fn start(file: &Path, requests: &Sender<Request>, job: &Swaps) -> anyhow::Result<Self> {
        let mut errors = Vec::new();
        for folder in folders() {
            match Self::start_in(&folder, file, requests, job) {
                Ok(control) => return Ok(control),
                Err(error) if error.is::<Taken>() => return Err(error),
                Err(error) => errors.push(format!("{error:#}")),
            }
        }
        bail!("{}", errors.join("; "))
    }

    /// The same, with sockets in `folder`.
    pub(super) fn start_in(
        folder: &Path,
        file: &Path,
        requests: &Sender<Request>,
        job: &Swaps,
    ) -> anyhow::Result<Self> {
        make(folder)?;
        let names = names(file).context("there is no current folder")?;
        let reserved = reserve(folder);
        let reserved =
            reserved.with_context(|| format!("cannot write into `{}`", folder.display()))?;
        tidy(folder);
        let mut control = Self { paths: Vec::new() };
        let slots = Slots::new(MOST);
        for name in names {
            let path = folder.join(name);
            let listener = match listen(&path) {
                Ok(listener) => listener,
                // By the path that leads here now, a job may have been started when it led elsewhere.
                Err(error) if !control.paths.is_empty() => {
                    tracing::debug!("the job has no second name: {error:#}");
                    continue;
                }
                Err(error) => return Err(error),
            };
            control.paths.push(path);
            let (requests, job) = (requests.clone(), job.clone());
            let slots = Arc::clone(&slots);
            // Nobody joins it: it waits as long as the process lives.
            thread::Builder::new()
                .name("control".to_owned())
                .spawn(move || accept(&listener, &requests, &job, &slots))
                .context("cannot start a thread")?;
        }
        drop(reserved);
        Ok(control)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        for path in &self.paths {
            // Another job may find it left over and take it away.
            let _ = fs::remove_file(path);
        }
    }
}

/// Listens at `path`; a socket that nobody listens to any more is replaced.
fn listen(path: &Path) -> anyhow::Result<UnixListener> {
    let shown = path.display();
    let bound = match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            if UnixStream::connect(path).is_ok() {
                return Err(Taken.into());
            }
            ensure!(
                is_left_over(path),
                "what is at `{shown}` is no socket; remove it"
            );
            fs::remove_file(path).with_context(|| format!("cannot remove `{shown}`"))?;
            UnixListener::bind(path)
        }
        bound => bound,
    };
    bound.with_context(|| format!("cannot listen at `{shown}`"))
}

/// Takes connections for ever, each on a thread of its own.
fn accept(listener: &UnixListener, requests: &Sender<Request>, job: &Swaps, slots: &Arc<Slots>) {
    for stream in listener.incoming() {
        let slot = slots.take();
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!("no connection: {error}");
                thread::sleep(REST);
                continue;
            }
        };
        let (requests, job) = (requests.clone(), job.clone());
        let served = thread::Builder::new()
            .name("request".to_owned())
            .spawn(move || {
                if let Err(error) = serve(stream, &requests, &job) {
                    tracing::debug!("a request was not understood: {error:#}");
                }
                drop(slot);
            });
        if let Err(error) = served {
            tracing::debug!("no thread for a request: {error}");
            thread::sleep(REST);
        }
    }
}

/// Serves one connection.
fn serve(mut stream: UnixStream, requests: &Sender<Request>, job: &Swaps) -> anyhow::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let line = request(&mut stream, Instant::now() + PATIENCE)?;
    let answer = match serde_json::from_slice(&line) {
        Ok(order) => obey(order, requests, job, &stream),
        Err(_) if line.len() >= MAX_REQUEST => Answer {
            done: false,
            text: format!("this job does not listen to more than {MAX_REQUEST} bytes"),
        },
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

/// Reads a line, or as much as a request may have.
fn request(stream: &mut UnixStream, until: Instant) -> anyhow::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut some = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        ensure!(!left.is_zero(), "it has not come in time");
        stream.set_read_timeout(Some(left))?;
        let count = match stream.read(&mut some) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        line.extend_from_slice(&some[..count]);
        let is_whole = count == 0 || some[..count].contains(&b'\n');
        if is_whole || line.len() >= MAX_REQUEST {
            return Ok(line);
        }
    }
}

/// Hands a request on and waits for what comes of it.
fn obey(order: Order, requests: &Sender<Request>, job: &Swaps, stream: &UnixStream) -> Answer {
    let outcome = match order {
        Order::Swap(components) => {
            let overrides = components
                .iter()
                .fold(Overrides::default(), |all, (stage, path)| {
                    all.component(stage, path)
                });
            hand_on(requests, stream, |asker| Request::Swap { overrides, asker })
        }
        Order::Rollback => {
            let outcome = hand_on(requests, stream, |asker| Request::RollBack { asker });
            outcome.map(Some)
        }
        Order::Busy => {
            return Answer {
                done: true,
                text: job.busy(LONG).join("\n"),
            };
        }
    };
    answer(outcome)
}

fn hand_on<T>(
    requests: &Sender<Request>,
    stream: &UnixStream,
    request: impl FnOnce(Asker<T>) -> Request,
) -> anyhow::Result<T> {
    let stream = stream.try_clone()?;
    let (answer, answered) = mpsc::channel();
    let asker = Asker::new(answer, move || !has_gone(&stream));
    let sent = requests.send(request(asker));
    let outcome = sent.ok().and_then(|()| answered.recv().ok());
    outcome.unwrap_or_else(|| Err(anyhow!("the job has ended")))
}

/// Whether nobody is at the other end of a connection any more.
fn has_gone(stream: &UnixStream) -> bool {
    // A closed connection is told whatever is asked for.
    let mut asked = [PollFd::new(stream, PollFlags::empty())];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let told = poll(&mut asked, Some(&at_once)).is_ok_and(|count| count > 0);
    told && asked[0]
        .revents()
        .intersects(PollFlags::HUP | PollFlags::ERR)
}

fn answer(outcome: anyhow::Result<Option<Report>>) -> Answer {
    match outcome {
        Ok(Some(report)) => Answer {
            done: true,
            text: visible_line(&report.to_string()).into_owned(),
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
