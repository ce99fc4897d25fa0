//! Writing a checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};

use super::{CheckpointStore, WriteStep};
use crate::checkpoint::{
    contents::{Checkpoint, WriteSummary},
    entries::texts,
    inventory::{Inventory, discarded_name, manifest_name, pack_name},
    manifest::{ComponentsEntry, Manifest, SinkEntry, SourceEntry},
    pack::{Packer, Pieces},
    state_writer::StateWriter,
    storage::ReadError,
};

/// What has been written of a checkpoint.
struct Written {
    summary: WriteSummary,
    pieces: Pieces,
    packs: BTreeSet<String>,
}

impl CheckpointStore {
    /// Writes a checkpoint: first its state, as far as the one before does not hold it already, then its
    /// manifest. Blocks until it is durable. One that could not be written can be written once more.
    ///
    /// # Errors
    ///
    /// If something cannot be written, or the lock was lost: the checkpoint does not count, as far as is
    /// known; it may be complete for the next process if the answer of the medium was lost. Those before it
    /// are what they were.
    pub fn write(&mut self, checkpoint: &Checkpoint) -> anyhow::Result<WriteSummary> {
        let context = format!(
            "cannot write checkpoint {} to `{}`",
            checkpoint.number, self.shown
        );
        self.write_all(checkpoint).context(context)
    }

    fn write_all(&mut self, checkpoint: &Checkpoint) -> anyhow::Result<WriteSummary> {
        let number = checkpoint.number;
        let last = self.complete.last().copied().unwrap_or(0);
        ensure!(number > last, "there is checkpoint {last} already");
        let is_ours = checkpoint.job == self.job;
        ensure!(is_ours, "it is one of another job, `{}`", checkpoint.job);
        let before = match &mut self.tried {
            (tried, times) if *tried == number => {
                *times += 1;
                self.left_behind(number)?
            }
            tried => {
                *tried = (number, 1);
                None
            }
        };
        // Only after what is to be replaced was read: it is not that of somebody who takes over from now on.
        self.check_lock()?;
        let written = self.write_files(checkpoint, before.as_deref())?;
        self.step(WriteStep::Manifest);
        self.complete.insert(number);
        if let Err(error) = self.confirm() {
            self.complete.remove(&number);
            return Err(error);
        }
        self.pieces = written.pieces.reusable();
        self.packs_of.insert(number, written.packs);
        self.step(WriteStep::Complete);
        Ok(written.summary)
    }

    /// The manifest of an attempt that has failed at its very end, or of a process that has lost its lock. It
    /// must not be removed: the request might come late, when the next owner has completed one of the same
    /// number.
    fn left_behind(&self, number: u64) -> anyhow::Result<Option<Vec<u8>>> {
        match self.storage.read(&manifest_name(number), None) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ReadError::Missing) => Ok(None),
            Err(ReadError::Failed(error)) => Err(error),
            Err(ReadError::CutOff | ReadError::Lost(_)) => Ok(Some(Vec::new())),
        }
    }

    fn write_files(
        &self,
        checkpoint: &Checkpoint,
        before: Option<&[u8]>,
    ) -> anyhow::Result<Written> {
        let number = checkpoint.number;
        // Every attempt has a pack of its own: no file is ever changed.
        let attempt = match self.tried.1 {
            1 => self.token.clone(),
            times => format!("{}-{times}", self.token),
        };
        let pack = pack_name(number, &attempt).into();
        let mut writer = StateWriter::new(Packer::new(&*self.storage, pack, &self.pieces));
        let mut states = BTreeMap::new();
        for (name, state) in &checkpoint.snapshot.stages {
            states.insert(name.to_string(), writer.state(state)?);
        }
        let mut sinks = BTreeMap::new();
        for (name, sink) in &checkpoint.snapshot.sinks {
            let entry = SinkEntry {
                held: writer.state(&sink.held)?,
                staged: sink.staged.clone(),
            };
            sinks.insert(name.to_string(), entry);
        }
        let state = writer.finish()?;
        self.step(WriteStep::Data);
        let sources = checkpoint.snapshot.sources.iter();
        let components = checkpoint.components.iter();
        let manifest = Manifest {
            job: checkpoint.job.clone(),
            number,
            created_at: checkpoint.created_at.as_micros(),
            is_complete: checkpoint.is_complete,
            stages: texts(&checkpoint.stages),
            components: components
                .map(|(stage, used)| (stage.to_string(), ComponentsEntry::of(used)))
                .collect(),
            sources: sources
                .map(|(name, source)| (name.to_string(), SourceEntry::of(source)))
                .collect(),
            states,
            sinks,
            packs: state.packs,
            bytes_total: state.pieces.bytes(),
            bytes_written: state.bytes,
        };
        let bytes = manifest.to_bytes()?;
        self.storage.put(&manifest_name(number), &bytes, before)?;
        let packs = manifest.packs.into_iter().map(|pack| pack.name);
        let packs: BTreeSet<String> = packs.collect();
        let manifest_bytes = bytes.len() as u64;
        Ok(Written {
            summary: WriteSummary {
                bytes_written: state.bytes + manifest_bytes,
                bytes_total: manifest.bytes_total + manifest_bytes,
                files: packs.len() + 1,
            },
            pieces: state.pieces,
            packs,
        })
    }

    /// Takes note that the job goes on from a checkpoint, or from the beginning: those after it do not
    /// count any more, since what sinks had made visible for them is undone. Nor does one that was written
    /// and is not known to be complete: sinks drop what they have staged for it. Called whenever a job
    /// starts, before anything is written.
    ///
    /// # Errors
    ///
    /// If that cannot be written, or the lock was lost.
    pub fn go_on_from(&mut self, number: Option<u64>) -> anyhow::Result<()> {
        let first = number.map_or(0, |number| number.saturating_add(1));
        let mut found = Inventory::of(&*self.storage)?;
        let mut later = found.manifests.split_off(&first);
        let counted = self.complete.split_off(&first);
        later.extend(&counted);
        if later.is_empty() {
            return Ok(());
        }
        // What has made them unusable may be in the packs that the next one would refer to.
        self.pieces = Pieces::default();
        let discarded = self.discard(&later, &found.discarded);
        if discarded.is_err() {
            self.complete.extend(counted);
        }
        discarded
    }

    fn discard(
        &mut self,
        numbers: &BTreeSet<u64>,
        discarded: &BTreeSet<u64>,
    ) -> anyhow::Result<()> {
        // Nobody is to take over and count on one of them while they go.
        self.confirm()?;
        for &number in numbers {
            // The name alone says it. Its number is not used again.
            if !discarded.contains(&number) {
                self.storage
                    .put(&discarded_name(number), b"discarded\n", None)?;
            }
        }
        let manifests = numbers.iter().copied().map(manifest_name);
        self.storage.remove(&manifests.collect::<Vec<_>>())
    }

    pub(super) fn check_lock(&mut self) -> anyhow::Result<()> {
        let lock = self.lock.as_mut();
        lock.context("the checkpoints were opened to look at them")?
            .check()
    }

    /// Makes the checkpoints count that are complete, and no other.
    pub(super) fn confirm(&mut self) -> anyhow::Result<()> {
        let lock = self.lock.as_mut();
        lock.context("the checkpoints were opened to look at them")?
            .confirm(&self.complete)
    }
}
