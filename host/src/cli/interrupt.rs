//! Ctrl-C: once to stop in good order, twice to stop now.
//!
//! Nothing limits how long the first takes: the checkpoint that a job stops with waits for its storage, which
//! may hang. The second waits for nobody.

use std::{
    io, process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::Context;
use tokio::runtime;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{INTERRUPTED, talk::say_line};

/// What happens at Ctrl-C, or a request to terminate: the process ends, unless there is a job that can be stopped.
#[derive(Debug)]
pub(super) struct Interrupts(Arc<Mutex<Option<Stop>>>);

/// A job that can be stopped.
#[derive(Debug)]
struct Stop {
    switch: Arc<AtomicBool>,
    /// How it stops, in words.
    stopping: &'static str,
}

impl Interrupts {
    /// Waits for them from now on. `tidy` is called at each of them, before anything else.
    pub(super) fn listen(tidy: impl Fn() + Send + 'static) -> anyhow::Result<Self> {
        let waiting = runtime::Builder::new_current_thread().enable_all().build();
        let waiting = waiting.context("cannot wait for Ctrl-C")?;
        let mut requests = {
            let _entered = waiting.enter();
            Requests::listen().context("cannot wait for Ctrl-C")?
        };
        let job = Arc::<Mutex<Option<Stop>>>::default();
        let stops = Arc::clone(&job);
        // Nobody joins this thread: it waits as long as the process lives.
        thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || {
                loop {
                    waiting.block_on(requests.next());
                    tidy();
                    // Only the first one stops in good order.
                    let stop = stops.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let Some(stop) = stop else {
                        process::exit(INTERRUPTED.into());
                    };
                    stop.switch.store(true, Ordering::Relaxed);
                    say_line(format_args!("{}; once more to stop now", stop.stopping));
                }
            })
            .context("cannot wait for Ctrl-C")?;
        Ok(Self(job))
    }

    /// The next one sets `switch`, and says that the job is `stopping` and how.
    pub(super) fn stop(&self, switch: Arc<AtomicBool>, stopping: &'static str) {
        let stop = Stop { switch, stopping };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop);
    }
}

/// Ctrl-C and requests to terminate. They are listened to from the start on, so that a second one counts also
/// if it comes while the first is being handled.
#[cfg(unix)]
struct Requests {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Requests {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Requests;

#[cfg(not(unix))]
impl Requests {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a handler the system's own way of stopping a process is still there.
        let _ = tokio::signal::ctrl_c().await;
    }
}
