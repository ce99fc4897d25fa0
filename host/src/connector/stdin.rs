//! Standard input: one partition, read to its end.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Decoding, Partition, Source, pipe::Pipe, text::TextPartition};
use crate::time::Clock;

/// Standard input.
pub(super) struct StdinSource {
    decoding: Decoding,
    clock: Arc<dyn Clock>,
    opened: AtomicBool,
}

impl StdinSource {
    /// The rows that standard input decodes to.
    pub(super) const fn new(decoding: Decoding, clock: Arc<dyn Clock>) -> Self {
        Self {
            decoding,
            clock,
            opened: AtomicBool::new(false),
        }
    }
}

impl Source for StdinSource {
    fn partitions(&self) -> usize {
        1
    }

    fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>> {
        if self.opened.swap(true, Ordering::Relaxed) {
            return Ok(None);
        }
        let name: Arc<str> = "standard input".into();
        // Nobody can wake a thread that waits for standard input, so nobody waits for it either:
        // it ends with the input or with the process.
        let (pipe, _thread) = Pipe::start(Arc::clone(&name), io::stdin())?;
        let clock = Arc::clone(&self.clock);
        Ok(Some(Box::new(TextPartition::new(
            name,
            pipe,
            &self.decoding,
            clock,
        ))))
    }
}
