//! Standard input: one partition, read to its end.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::ensure;

use super::{Decoding, Partition, Source, SourceProgress, pipe::Pipe, text::TextPartition};
use crate::time::Clock;

/// What people call it.
const NAME: &str = "standard input";

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
    /// Only a job that had read all of it can go on.
    fn resume(&mut self, before: &SourceProgress) -> anyhow::Result<()> {
        let name = Arc::from(NAME);
        let ended = before.finished.contains(&name);
        ensure!(ended, "what came through {name} cannot be read again");
        *self.opened.get_mut() = true;
        Ok(())
    }

    fn partitions(&self) -> usize {
        1
    }

    fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>> {
        if self.opened.swap(true, Ordering::Relaxed) {
            return Ok(None);
        }
        let name: Arc<str> = NAME.into();
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
