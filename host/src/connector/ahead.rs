//! Threads that work ahead of the one that reads a partition: each is handed pieces of work and gives back what they come
//! to, both in order. How much is handed over, and to whom, is the reader's business.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, bail};

/// A file of fewer bytes than this, as stored, is read before threads would be of use.
pub(super) const WORTHWHILE_BYTES: u64 = 4 * 1024 * 1024;

/// Threads that make an `R` of each `W`. When dropped, they end as soon as they have finished what they have in hand,
/// and are waited for.
pub(super) struct Workers<W, R> {
    workers: Vec<Worker<W, R>>,
}

struct Worker<W, R> {
    work: SyncSender<W>,
    /// An error is what a panic said; it is the last result.
    results: Receiver<Result<R, String>>,
    /// How many pieces it has been handed and has not finished.
    unfinished: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl<W: Send + 'static, R: Send + 'static> Workers<W, R> {
    /// None yet.
    pub(super) const fn none() -> Self {
        Self {
            workers: Vec::new(),
        }
    }

    /// Starts one more thread, which calls `make` with whatever it is handed. At most `pieces` are with it at a time,
    /// those included that it has finished and that have not been taken: then nobody waits for room.
    pub(super) fn start(
        &mut self,
        name: String,
        pieces: usize,
        make: impl FnMut(W) -> R + Send + 'static,
    ) -> anyhow::Result<()> {
        let (work, to_do) = sync_channel(pieces);
        let (done, results) = sync_channel(pieces);
        let unfinished = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&unfinished);
        let thread = thread::Builder::new()
            .name(name)
            .spawn(move || run(&to_do, &done, &left, make))
            .context("cannot start a thread")?;
        self.workers.push(Worker {
            work,
            results,
            unfinished,
            thread,
        });
        Ok(())
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.workers.len()
    }

    /// The worker that has the least to do.
    pub(super) fn idlest(&self) -> usize {
        let unfinished = |worker: &usize| self.workers[*worker].unfinished.load(Ordering::Relaxed);
        (0..self.workers.len())
            .min_by_key(unfinished)
            .unwrap_or_default()
    }

    /// Hands a piece of work over.
    pub(super) fn hand(&self, worker: usize, piece: W) {
        let worker = &self.workers[worker];
        worker.unfinished.fetch_add(1, Ordering::Relaxed);
        // A thread that is gone has panicked, and is asked for its results, too.
        let _gone = worker.work.send(piece);
    }

    /// Waits for the result of the first piece handed to `worker` whose result has not been taken.
    ///
    /// # Errors
    ///
    /// If the thread panicked over it, or over one before.
    pub(super) fn take(&self, worker: usize) -> anyhow::Result<R> {
        match self.workers[worker].results.recv() {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(panic)) => bail!("a thread panicked: {panic}"),
            Err(_) => bail!("a thread is gone that panicked before"),
        }
    }
}

impl<W, R> Drop for Workers<W, R> {
    fn drop(&mut self) {
        // All of them hear that they are not needed before one is waited for.
        let threads: Vec<_> = self.workers.drain(..).map(|worker| worker.thread).collect();
        for thread in threads {
            // Panics have been caught.
            let _joined = thread.join();
        }
    }
}

/// Works until there is nothing more to do or nobody takes what comes of it.
fn run<W, R>(
    to_do: &Receiver<W>,
    done: &SyncSender<Result<R, String>>,
    unfinished: &AtomicUsize,
    mut make: impl FnMut(W) -> R,
) {
    while let Ok(piece) = to_do.recv() {
        let result = panic::catch_unwind(AssertUnwindSafe(|| make(piece)));
        // What it works with may be in no usable state.
        let is_last = result.is_err();
        unfinished.fetch_sub(1, Ordering::Relaxed);
        let sent = done.send(result.map_err(|panic| text(&*panic)));
        if is_last || sent.is_err() {
            return;
        }
    }
}

/// What a panic says.
fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn doubling(workers: usize) -> Workers<u32, u32> {
        let mut all = Workers::none();
        for _ in 0..workers {
            let double = |number: u32| number.checked_mul(2).expect("it is small");
            all.start("double".to_owned(), 2, double).expect("a thread");
        }
        all
    }

    #[test]
    fn results_come_in_the_order_of_the_work() {
        let workers = doubling(3);
        for round in 0..100 {
            for worker in 0..workers.len() {
                workers.hand(worker, round);
                workers.hand(worker, round + 1);
            }
            for worker in 0..workers.len() {
                assert_eq!(workers.take(worker).expect("a number"), 2 * round);
                assert_eq!(workers.take(worker).expect("a number"), 2 * round + 2);
            }
        }
    }

    #[test]
    fn work_goes_to_whoever_has_the_least() {
        let mut workers: Workers<Receiver<()>, ()> = Workers::none();
        for _ in 0..2 {
            let wait = |go: Receiver<()>| go.recv().expect("somebody lets it go");
            workers.start("wait".to_owned(), 2, wait).expect("a thread");
        }
        let (go, first) = sync_channel(1);
        assert_eq!(workers.idlest(), 0);
        workers.hand(0, first);
        assert_eq!(workers.idlest(), 1);
        let (go_too, second) = sync_channel(1);
        workers.hand(1, second);
        go_too.send(()).expect("it waits");
        workers.take(1).expect("it is done");
        assert_eq!(workers.idlest(), 1, "the other one is not done");
        go.send(()).expect("it waits");
        workers.take(0).expect("it is done");
        assert_eq!(workers.idlest(), 0);
    }

    #[test]
    fn a_panic_is_told_in_its_place() {
        let workers = doubling(1);
        workers.hand(0, 1);
        workers.hand(0, u32::MAX);
        assert_eq!(workers.take(0).expect("a number"), 2);
        let error = workers.take(0).expect_err("a panic").to_string();
        assert_eq!(error, "a thread panicked: it is small");
        workers.hand(0, 1);
        let error = workers.take(0).expect_err("nobody").to_string();
        assert_eq!(error, "a thread is gone that panicked before");
    }

    #[test]
    fn threads_end_with_work_in_hand_and_results_that_nobody_takes() {
        let held = Arc::new(());
        let mut workers = Workers::none();
        for _ in 0..4 {
            let holds = Arc::clone(&held);
            let work = move |number: u32| (Arc::clone(&holds), number);
            workers.start("hold".to_owned(), 2, work).expect("a thread");
        }
        for worker in 0..workers.len() {
            workers.hand(worker, 1);
            workers.hand(worker, 2);
        }
        drop(workers);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
