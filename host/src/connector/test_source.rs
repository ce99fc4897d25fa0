//! The rows of a scripted case, as whoever runs it feeds them. What was fed and not read yet outlives
//! the job, so that the next one goes on with it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{
    Decoding, Partition, Read, Source, SourceProgress,
    text::{Bytes, Fill, TextPartition},
};
use crate::time::{Clock, Watermark};

/// Feeds the partitions of a test source. Clones feed the same ones.
#[derive(Clone, Debug)]
pub struct TestFeed {
    name: Arc<str>,
    partitions: Vec<Arc<Mutex<Queue>>>,
}

/// Something that comes through a partition.
#[derive(Clone, Debug)]
pub enum TestInput {
    /// The rows of one batch, each a JSON object on one line.
    Rows(VecDeque<Arc<str>>),
    /// How far event time has come.
    Watermark(Watermark),
    /// The end of the partition.
    End,
}

/// What was fed and not read yet, at one instant.
#[derive(Clone, Debug)]
pub struct TestFeedMark(Vec<Queue>);

#[derive(Clone, Debug, Default)]
struct Queue {
    inputs: VecDeque<TestInput>,
    /// How many rows have been read.
    taken: u64,
}

impl TestFeed {
    /// A feed of so many partitions, of which nothing has come.
    pub fn new(name: &str, partitions: usize) -> Self {
        Self {
            name: name.into(),
            partitions: (0..partitions).map(|_| Arc::default()).collect(),
        }
    }

    /// How many partitions there are.
    pub fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// Feeds a partition; nothing happens if there is none at this place.
    pub fn push(&self, partition: usize, input: TestInput) {
        if let Some(queue) = self.partitions.get(partition) {
            lock(queue).inputs.push_back(input);
        }
    }

    /// What was fed and not read yet.
    pub fn mark(&self) -> TestFeedMark {
        TestFeedMark(self.queues().map(|queue| queue.clone()).collect())
    }

    /// Goes back to where the feed was, as if what was fed since then had not been.
    pub fn rewind(&self, mark: &TestFeedMark) {
        for (mut queue, mark) in self.queues().zip(&mark.0) {
            queue.clone_from(mark);
        }
    }

    /// A source that reads what is fed.
    pub fn source(&self, decoding: &Decoding, clock: Arc<dyn Clock>) -> impl Source + use<> {
        TestSource {
            feed: self.clone(),
            decoding: decoding.clone(),
            clock,
            opened: AtomicUsize::new(0),
        }
    }

    fn queues(&self) -> impl Iterator<Item = MutexGuard<'_, Queue>> {
        self.partitions.iter().map(lock)
    }
}

/// A source that is fed.
struct TestSource {
    feed: TestFeed,
    decoding: Decoding,
    clock: Arc<dyn Clock>,
    /// How many partitions have been opened.
    opened: AtomicUsize,
}

impl Source for TestSource {
    /// The feed knows by itself what has not been read.
    fn resume(&mut self, _: &SourceProgress) -> anyhow::Result<()> {
        Ok(())
    }

    fn partitions(&self) -> usize {
        self.feed.partitions()
    }

    fn next_partition(&self) -> anyhow::Result<Option<Box<dyn Partition>>> {
        let place = self.opened.fetch_add(1, Ordering::Relaxed);
        let Some(queue) = self.feed.partitions.get(place) else {
            return Ok(None);
        };
        let name = match self.feed.partitions() {
            1 => Arc::clone(&self.feed.name),
            _ => format!("{}/{place}", self.feed.name).into(),
        };
        let text = Text::default();
        let clock = Arc::clone(&self.clock);
        let rows = TextPartition::new(name, text.clone(), &self.decoding, clock);
        Ok(Some(Box::new(TestPartition {
            queue: Arc::clone(queue),
            rows: rows.starting_at(lock(queue).taken + 1),
            text,
            batch_rows: self.decoding.batch_rows,
        })))
    }
}

/// A partition that is fed.
struct TestPartition {
    queue: Arc<Mutex<Queue>>,
    /// Decodes what is in `text`.
    rows: TextPartition<Text>,
    text: Text,
    batch_rows: usize,
}

impl Partition for TestPartition {
    fn name(&self) -> &Arc<str> {
        self.rows.name()
    }

    fn read(&mut self) -> anyhow::Result<Read> {
        loop {
            match self.rows.read()? {
                Read::Idle => {}
                read => return Ok(read),
            }
            match self.next() {
                None => return Ok(Read::Idle),
                Some(TestInput::Rows(rows)) => {
                    let mut text = lock(&self.text.0);
                    for row in rows {
                        text.extend_from_slice(row.as_bytes());
                        text.push(b'\n');
                    }
                }
                Some(TestInput::Watermark(watermark)) => return Ok(Read::Watermark(watermark)),
                Some(TestInput::End) => return Ok(Read::End),
            }
        }
    }
}

impl TestPartition {
    /// What comes next, at most as many rows as fit in a batch. The end stays, for the next job to see.
    fn next(&self) -> Option<TestInput> {
        let queue = &mut *lock(&self.queue);
        if let TestInput::Rows(rows) = queue.inputs.front_mut()? {
            let rest = rows.split_off(rows.len().min(self.batch_rows));
            let batch = std::mem::replace(rows, rest);
            if rows.is_empty() {
                queue.inputs.pop_front();
            }
            queue.taken += batch.len() as u64;
            return Some(TestInput::Rows(batch));
        }
        match queue.inputs.front()? {
            TestInput::End => Some(TestInput::End),
            _ => queue.inputs.pop_front(),
        }
    }
}

/// Text that is decoded next.
#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Bytes for Text {
    fn fill(&mut self, buffer: &mut Vec<u8>, _: Duration) -> anyhow::Result<Fill> {
        let mut text = lock(&self.0);
        if text.is_empty() {
            return Ok(Fill::Nothing);
        }
        buffer.append(&mut text);
        Ok(Fill::Some)
    }

    fn taken(&self) -> u64 {
        0
    }
}

/// A panic elsewhere leaves nothing half done behind these locks.
fn lock<T>(mutex: &Arc<Mutex<T>>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
