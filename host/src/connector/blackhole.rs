//! Nowhere: rows are counted and dropped.

use super::{Guarantee, Sink};
use crate::batch::Batch;

/// Counts rows.
#[derive(Debug, Default)]
pub(super) struct BlackholeSink {
    rows: u64,
}

impl Sink for BlackholeSink {
    fn guarantee(&self) -> Guarantee {
        // What nobody sees, nobody sees twice.
        Guarantee::ExactlyOnce
    }

    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        self.rows += batch.rows() as u64;
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        tracing::debug!(rows = self.rows, "dropped rows");
        Ok(())
    }
}
