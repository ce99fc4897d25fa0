//! Ctrl-C: once to stop in good order, twice to stop now.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::Context;
use tokio::runtime;

use super::{INTERRUPTED, talk::say_line};

/// Sets `stop` at the first Ctrl-C (or request to terminate) and ends the process at the second.
pub(super) fn watch(stop: Arc<AtomicBool>) -> anyhow::Result<()> {
    let waiting = runtime::Builder::new_current_thread().enable_all().build();
    let waiting = waiting.context("cannot wait for Ctrl-C")?;
    // Nobody joins this thread: it waits as long as the process lives.
    thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            waiting.block_on(async {
                interrupted().await;
                stop.store(true, Ordering::Relaxed);
                say_line("stopping; once more to stop now");
                interrupted().await;
            });
            process::exit(INTERRUPTED.into());
        })
        .context("cannot wait for Ctrl-C")?;
    Ok(())
}

/// Waits for Ctrl-C or a request to terminate.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without handlers the system's own way of stopping a process is still there.
    let _ = tokio::signal::ctrl_c().await;
}
