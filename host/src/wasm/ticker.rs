//! The thread whose ticks end calls that take too long.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

/// The time between two ticks, and so how exactly a deadline is met.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// Increments the engine's epoch at every tick until it is dropped.
///
/// Whatever can run a guest keeps it alive: a guest without ticks would run for ever.
#[derive(Debug)]
pub(super) struct Ticker {
    /// Dropped first: that is what ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(super) fn start(engine: wasmtime::Engine) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("wasm-ticker".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    engine.increment_epoch();
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread cannot panic, and there is nobody to tell.
            drop(thread.join());
        }
    }
}

/// How many ticks a call may see so that it gets at least `deadline`.
pub(super) fn ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_nanos().div_ceil(TICK.as_nanos());
    // One more, for the first tick may come at once. Far below the maximum, for the engine adds it
    // to the present epoch.
    u64::try_from(ticks + 1).unwrap_or(u64::MAX).min(1 << 62)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_rounded_up_to_ticks() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(Duration::from_millis(1)), 2);
        assert_eq!(ticks(Duration::from_millis(5)), 2);
        assert_eq!(ticks(Duration::from_secs(1)), 201);
        assert_eq!(ticks(Duration::MAX), 1 << 62);
    }
}
