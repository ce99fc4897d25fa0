//! Ctrl-C: once to stop in good order, twice to stop now.
//!
//! Nothing limits how long the first takes: the checkpoint that a job stops with waits for its storage, which
//! may hang. The second waits for nobody.

use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::Context;
use tokio::runtime;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{INTERRUPTED, talk::say_line};

/// Sets `stop` at the first Ctrl-C (or request to terminate), says that the job is `stopping` and how, and
/// ends the process at the second.
pub(super) fn watch(stop: Arc<AtomicBool>, stopping: &'static str) -> anyhow::Result<()> {
    let waiting = runtime::Builder::new_current_thread().enable_all().build();
    let waiting = waiting.context("cannot wait for Ctrl-C")?;
    let requests = {
        let _entered = waiting.enter();
        Requests::listen().context("cannot wait for Ctrl-C")?
    };
    // Nobody joins this thread: it waits as long as the process lives.
    thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            waiting.block_on(async {
                let mut requests = requests;
                requests.next().await;
                stop.store(true, Ordering::Relaxed);
                say_line(format_args!("{stopping}; once more to stop now"));
                requests.next().await;
            });
            process::exit(INTERRUPTED.into());
        })
        .context("cannot wait for Ctrl-C")?;
    Ok(())
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
