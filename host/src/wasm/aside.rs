//! Compiling beside a stream.

use anyhow::Context;

/// Threads that compile what is to come while a job runs: one, so that the stream keeps the others.
#[derive(Debug)]
pub struct Aside(rayon::ThreadPool);

impl Aside {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// If there is none left.
    pub fn start() -> anyhow::Result<Self> {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(1);
        let threads = threads.thread_name(|_| "compiling".to_owned()).build();
        threads.map(Self).context("cannot start a thread")
    }

    /// Does something in which components are compiled.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.0.install(work)
    }
}
