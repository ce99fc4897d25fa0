//! What a job that is driven by hand writes down, and how it goes on from there.

use super::{TestJob, totals::Totals};
use crate::{checkpoint::Checkpoint as Written, connector::TestFeedMark, time::Watermark};

/// What was written down for a crash to go back to.
pub(super) struct Kept {
    /// None at the start.
    pub(super) job: Option<Written>,
    pub(super) feeds: Vec<TestFeedMark>,
    /// How many batches each sink had got.
    pub(super) sinks: Vec<usize>,
    pub(super) dead_letters: usize,
    pub(super) totals: Totals,
    pub(super) reached: Vec<Watermark>,
}

impl TestJob {
    /// Drops the job and goes on with another one, with what it knew, with `parallelism` subtasks if that
    /// is said. A crash goes back to here.
    ///
    /// # Errors
    ///
    /// If what it knew cannot be written down or taken up.
    pub fn restart(&mut self, parallelism: Option<usize>) -> anyhow::Result<()> {
        let written = self.reopen(parallelism)?;
        self.keep(written);
        Ok(())
    }

    /// Writes down what the job knows, for a crash to go back to.
    ///
    /// # Errors
    ///
    /// If what it knows cannot be written down.
    pub fn checkpoint(&mut self) -> anyhow::Result<()> {
        let written = self.job()?.checkpoint()?;
        self.keep(written);
        Ok(())
    }

    fn keep(&mut self, written: Written) {
        self.kept = Kept {
            job: Some(written),
            feeds: self
                .connectors
                .feeds
                .iter()
                .map(|feed| feed.mark())
                .collect(),
            sinks: self
                .connectors
                .sinks
                .iter()
                .map(|sink| sink.batches())
                .collect(),
            dead_letters: self.connectors.dead_letters.batches(),
            totals: self.totals(),
            reached: self.reached.clone(),
        };
        self.since.clear();
    }

    /// As [`restart`](Self::restart), but a crash goes back to where it would have gone before.
    ///
    /// # Errors
    ///
    /// If what it knew cannot be written down or taken up.
    pub fn reopen(&mut self, parallelism: Option<usize>) -> anyhow::Result<Written> {
        let job = self.job()?;
        let written = job.checkpoint()?;
        self.earlier = self.totals();
        self.plan.parallelism = parallelism.unwrap_or(self.plan.parallelism);
        self.open(Some(written.clone()))?;
        Ok(written)
    }

    /// What a [crash](Self::crash) goes back to.
    pub(super) const fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Loses the job and all that has come out of it since the last [`restart`](Self::restart) or
    /// [`checkpoint`](Self::checkpoint), since a component was last swapped, or since the start, goes on with
    /// another one from there, and feeds again what was fed since. The clock and the tables stay as they are.
    ///
    /// # Errors
    ///
    /// If what it knew cannot be taken up, or the job fails.
    pub fn crash(&mut self) -> anyhow::Result<()> {
        let connectors = &self.connectors;
        for (feed, mark) in connectors.feeds.iter().zip(&self.kept.feeds) {
            feed.rewind(mark);
        }
        for (sink, &batches) in connectors.sinks.iter().zip(&self.kept.sinks) {
            sink.truncate(batches);
        }
        connectors.dead_letters.truncate(self.kept.dead_letters);
        self.earlier = self.kept.totals.clone();
        self.reached = self.kept.reached.clone();
        let written = self.kept.job.clone();
        self.open(written)?;
        for (source, partition, input) in std::mem::take(&mut self.since) {
            self.feed(source, partition, input)?;
        }
        Ok(())
    }
}
