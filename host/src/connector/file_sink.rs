//! Files in a directory of their own.
//!
//! Rows go to hidden files, which take their names only when they are whole and stay so: without
//! checkpoints when the job has succeeded, with checkpoints when the checkpoint after the last of their
//! rows is complete. Whoever reads the directory sees each row once, and never half a file. What a former
//! job has left there stays until there is something to take its place. Exactly once.

mod directory;
mod disk;
mod names;
mod owner;
mod part_writer;
mod transactions;

use std::{path::Path, time::Duration};

use anyhow::{Context as _, bail};

pub(super) use self::transactions::{can_settle, has_rows, is_staged_at, settle};
use self::{
    directory::{Directory, HiddenFile},
    names::Part,
    owner::Owner,
    part_writer::PartWriter,
    transactions::Transactions,
};
use super::{Format, Guarantee, Roll, Sink, Staged, Transaction};
use crate::batch::{Batch, Schema};

/// The files that rows are written to.
pub(super) struct FileSink {
    format: Format,
    schema: Schema,
    roll: Roll,
    /// The file that is being written.
    current: Option<PartWriter>,
    /// Files that nobody may read yet, in the order of their rows, but the first one of a job without
    /// checkpoints: that is the one by which the directory is locked.
    hidden: Vec<HiddenFile>,
    /// How many hidden files there have been.
    made: usize,
    /// `None` if there are no checkpoints.
    transactions: Option<Transactions>,
    directory: Directory,
}

impl FileSink {
    /// Opens a sink that leaves its files in `directory`, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// If the directory cannot be written to, or another job is writing to it.
    pub(super) fn open(
        directory: &Path,
        format: Format,
        roll: Roll,
        schema: &Schema,
    ) -> anyhow::Result<Self> {
        let extension = match format {
            Format::Json => "jsonl",
            Format::Csv => "csv",
            Format::Parquet => "parquet",
            Format::Lines => bail!("files can be written as json, csv or parquet"),
        };
        let directory = Directory::open(directory, extension)?;
        let path = directory.join(&names::visible(None, 0, extension));
        let first = PartWriter::new(path, directory.first()?, format, schema)?;
        Ok(Self {
            format,
            schema: schema.clone(),
            roll,
            current: Some(first),
            hidden: Vec::new(),
            made: 1,
            transactions: None,
            directory,
        })
    }

    /// Begins another file.
    fn begin(&mut self) -> anyhow::Result<PartWriter> {
        let name = names::temporary(self.made, self.directory.extension);
        let path = self.directory.join(&name);
        let (hidden, file) = HiddenFile::create(path.clone())?;
        self.made += 1;
        self.hidden.push(hidden);
        PartWriter::new(path, file, self.format, &self.schema)
    }

    /// Completes the file that is being written.
    fn close(&mut self) -> anyhow::Result<()> {
        self.current.take().map_or(Ok(()), PartWriter::close)
    }

    /// Makes the files of a job without checkpoints visible, in place of those of a former job. The one
    /// that tells others to stay away is the last.
    fn publish(mut self) -> anyhow::Result<()> {
        let directory = &mut self.directory;
        let name = |index| names::visible(None, index, directory.extension);
        let own: Vec<_> = (0..=self.hidden.len()).map(name).collect();
        for (file, name) in self.hidden.iter_mut().zip(&own[1..]) {
            file.rename(&directory.join(name))?;
        }
        directory.publish_first(&own[0])?;
        // Only now, and for good, so that there is never no result at all.
        directory.sync()?;
        if Owner::at(directory.path())?.is_some() {
            Owner::new()?.claim(directory)?;
        }
        let is_old = |name: &str| Part::of(name).is_some() || names::is_staged(name);
        for old in directory.names(is_old)? {
            if !own.contains(&old) {
                directory.remove(&old)?;
            }
        }
        directory.sync()
    }

    /// Makes visible what has not been yet, after the last checkpoint. A job that has written nothing
    /// leaves an empty file.
    fn complete(&mut self) -> anyhow::Result<()> {
        let Some(mut transactions) = self.transactions.take() else {
            return Ok(());
        };
        let next = transactions.last() + 1;
        let rest = transactions.stage(&self.directory, next, self.hidden.drain(..))?;
        transactions.commit(&self.directory, &rest)?;
        if transactions.nothing_to_show(&self.directory)? {
            self.begin()?.close()?;
            let empty = transactions.stage(&self.directory, next - 1, self.hidden.drain(..))?;
            transactions.commit(&self.directory, &empty)?;
        }
        Ok(())
    }
}

impl Sink for FileSink {
    fn guarantee(&self) -> Guarantee {
        Guarantee::ExactlyOnce
    }

    fn recover(&mut self, from: Option<Staged<'_>>) -> anyhow::Result<()> {
        // A file begins with its first row from now on. The one that was begun stays as the lock.
        self.current = None;
        self.transactions = Some(Transactions::recover(&self.directory, from)?);
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        if batch.rows() == 0 {
            return Ok(());
        }
        let roll = self.roll;
        let is_full = |file: &PartWriter| {
            let age = file.age();
            age.is_some_and(|age| roll.is_due(file.bytes(), age))
        };
        if self.current.as_ref().is_some_and(is_full) {
            self.close()?;
        }
        let mut current = match self.current.take() {
            Some(current) => current,
            None => self.begin()?,
        };
        current.write(batch)?;
        self.current = Some(current);
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        // Nobody sees the rows before the file is whole.
        Ok(())
    }

    fn stage(&mut self, checkpoint: u64) -> anyhow::Result<Option<Transaction>> {
        self.close()?;
        let transactions = self.transactions.as_mut().context(NOT_TOLD)?;
        let staged = transactions.stage(&self.directory, checkpoint, self.hidden.drain(..))?;
        Ok(Some(staged))
    }

    fn commit(&mut self, transaction: &Transaction) -> anyhow::Result<()> {
        let transactions = self.transactions.as_mut().context(NOT_TOLD)?;
        transactions.commit(&self.directory, transaction)
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        self.close()?;
        if self.transactions.is_some() {
            return self.complete();
        }
        self.publish()
    }
}

const NOT_TOLD: &str = "the sink has not been told that there are checkpoints";

impl Roll {
    /// Whether a file is to be followed by another one.
    fn is_due(self, bytes: u64, age: Duration) -> bool {
        let large = self.size.is_some_and(|size| bytes >= size);
        large || self.every.is_some_and(|every| age >= Duration::from(every))
    }
}

#[cfg(test)]
mod tests;
