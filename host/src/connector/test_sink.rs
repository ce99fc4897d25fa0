//! Keeps the rows of a scripted case for whoever runs it to look at.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Guarantee, Sink};
use crate::batch::Batch;

/// The rows that a test sink has got. Clones see the same ones; they outlive the job.
#[derive(Clone, Debug, Default)]
pub struct TestRows(Arc<Mutex<Vec<Batch>>>);

impl TestRows {
    /// A sink that adds to the rows.
    pub fn sink(&self) -> impl Sink + use<> {
        TestSink(self.clone())
    }

    /// How many batches there are.
    pub fn batches(&self) -> usize {
        self.lock().len()
    }

    /// The batches from the one at `first` on.
    pub fn since(&self, first: usize) -> Vec<Batch> {
        self.lock().get(first..).unwrap_or_default().to_vec()
    }

    /// Takes back all but the first `batches` batches.
    pub fn truncate(&self, batches: usize) {
        self.lock().truncate(batches);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Batch>> {
        // A panic elsewhere cannot have left it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sink that keeps what it gets.
struct TestSink(TestRows);

impl Sink for TestSink {
    fn guarantee(&self) -> Guarantee {
        // Whoever lets a job crash takes its rows back.
        Guarantee::ExactlyOnce
    }

    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        self.0.lock().push(batch.clone());
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        Ok(())
    }
}
