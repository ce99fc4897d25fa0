//! Serves those who want components swapped: files that change, people who ask, and versions that fail.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context;

use super::{IsWanted, Report, Swapper};
use crate::{operator::Fault, pipeline::Overrides, runtime::NotSwapped};

/// How often it is looked whether a version has failed, and whether a job that is to be swapped runs.
const POLL: Duration = Duration::from_millis(50);

/// How long what is under way is waited for at the end. Compiling and trials end when they are told to, but a guest
/// that computes does so for as long as its calls may take.
const GRACE: Duration = Duration::from_millis(200);

/// Something that is wanted of a job that runs.
pub enum Request {
    /// Files have changed: it is to go over to what they hold.
    Reload,
    /// It is to go over to other components than the files name.
    Swap {
        /// Which.
        overrides: Overrides,
        /// Who wants it.
        asker: Asker<Option<Report>>,
    },
    /// It is to go back to what ran before the latest swap.
    RollBack {
        /// Who wants it.
        asker: Asker<Report>,
    },
    /// Nobody wants anything any more.
    End,
}

/// Somebody who waits for an answer.
pub struct Asker<T> {
    answer: mpsc::Sender<anyhow::Result<T>>,
    is_there: Box<dyn Fn() -> bool + Send + Sync>,
}

impl<T> Asker<T> {
    /// One who is told through `answer`, as long as `is_there` says so.
    pub fn new(
        answer: mpsc::Sender<anyhow::Result<T>>,
        is_there: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            answer,
            is_there: Box::new(is_there),
        }
    }

    #[cfg(all(test, unix))]
    pub(super) fn is_there(&self) -> bool {
        (self.is_there)()
    }

    /// Does what is asked for, and tells what came of it. Who has gone wants nothing any more: what he cannot be
    /// told is not done behind his back.
    fn serve(&self, act: impl FnOnce(&IsWanted<'_>) -> anyhow::Result<T>) {
        if (self.is_there)() {
            // He may have gone meanwhile.
            let _ = self.answer.send(act(&*self.is_there));
        } else {
            tracing::debug!(target: "swap", "who has asked for a swap has gone: it is not done");
        }
    }
}

/// Who tells people what happens.
pub trait Audience: Send {
    /// Components were swapped.
    fn swapped(&mut self, report: &Report);

    /// Components that were to be swapped are refused; the job goes on as it was.
    fn refused(&mut self, reason: &anyhow::Error);

    /// A version has failed, and what ran before it is back, or cannot be brought back.
    fn taken_back(&mut self, fault: &Fault, report: &anyhow::Result<Report>);
}

/// Swaps components on a thread of its own until it is dropped.
pub struct Service {
    requests: mpsc::Sender<Request>,
    /// Ends what would take long.
    cancelled: Arc<AtomicBool>,
    /// Nothing comes: it is closed when the thread ends.
    ended: mpsc::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// Begins to serve.
    ///
    /// # Errors
    ///
    /// If there is no thread left.
    pub fn start(swapper: Swapper, audience: impl Audience + 'static) -> anyhow::Result<Self> {
        let (requests, inbox) = mpsc::channel();
        let cancelled = swapper.canceller();
        let thread = thread::Builder::new().name("swaps".to_owned());
        let (ends, ended) = mpsc::channel();
        let serve = move || {
            serve(swapper, audience, &inbox);
            drop(ends);
        };
        Ok(Self {
            requests,
            cancelled,
            ended,
            thread: Some(thread.spawn(serve).context("cannot start a thread")?),
        })
    }

    /// The way for requests.
    pub fn requests(&self) -> mpsc::Sender<Request> {
        self.requests.clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
        let _ = self.requests.send(Request::End);
        // A guest that goes on is left to itself: it changes nothing any more, and ends with its deadline or the
        // process.
        let ended = self.ended.recv_timeout(GRACE);
        if let (Err(RecvTimeoutError::Disconnected), Some(thread)) = (ended, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

fn serve(mut swapper: Swapper, mut audience: impl Audience, inbox: &mpsc::Receiver<Request>) {
    // Whether files have changed that have yet to be looked at.
    let mut changed = false;
    // What has failed and could not be taken back yet, since no job runs.
    let mut failed: Option<Fault> = None;
    loop {
        let request = inbox.recv_timeout(POLL);
        if let Ok(Request::End) | Err(RecvTimeoutError::Disconnected) = request {
            return;
        }
        // First: what was lost with a failure is older than what somebody wants now.
        match swapper.catch_up() {
            None => {}
            Some(Ok(report)) => audience.swapped(&report),
            Some(Err(error)) => audience.refused(&error),
        }
        match request {
            Ok(Request::Reload) => changed = true,
            Ok(Request::Swap { overrides, asker }) => asker.serve(|is_wanted| {
                let swapped = swapper.swap_while(overrides, is_wanted);
                if let Ok(Some(report)) = &swapped {
                    audience.swapped(report);
                }
                swapped
            }),
            Ok(Request::RollBack { asker }) => asker.serve(|_| {
                let swapped = swapper.roll_back();
                if let Ok(report) = &swapped {
                    audience.swapped(report);
                }
                swapped
            }),
            Ok(Request::End) | Err(_) => {}
        }
        failed = failed.or_else(|| swapper.fault());
        if let Some(fault) = failed.take() {
            match swapper.take_back(&fault) {
                Err(error) if error.downcast_ref() == Some(&NotSwapped::NoJob) => {
                    failed = Some(fault);
                }
                done => audience.taken_back(&fault, &done),
            }
        }
        // It may be about to start, or to be started again.
        if changed && swapper.is_running() {
            changed = false;
            match swapper.reload() {
                Ok(None) => {}
                Ok(Some(report)) => audience.swapped(&report),
                // It has just failed and may be started again.
                Err(error) if error.downcast_ref() == Some(&NotSwapped::NoJob) => changed = true,
                // It has done what it was for: nobody has to do something about it.
                Err(error) if error.downcast_ref() == Some(&NotSwapped::TooLate) => {
                    tracing::debug!(target: "swap", "not swapped: {error:#}");
                }
                Err(error) => audience.refused(&error),
            }
        }
    }
}
