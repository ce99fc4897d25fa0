//! Reading checkpoints, and passing over those that are damaged.

use anyhow::{Context, bail};

use super::CheckpointStore;
use crate::checkpoint::{
    contents::{Checkpoint, Listed},
    damage::{Damage, NewerFormat},
    inventory::manifest_name,
    manifest::Manifest,
    state_reader::{StateReader, damage},
};

impl CheckpointStore {
    /// All checkpoints that there are, the oldest first. Their state is not looked at.
    ///
    /// # Errors
    ///
    /// If the location cannot be read.
    pub fn list(&self) -> anyhow::Result<Vec<Listed>> {
        let inventory = self.inventory()?;
        let mut listed = Vec::new();
        for number in inventory.manifests {
            let contents = match self.manifest(number) {
                Ok(manifest) => Ok(manifest.overview()?),
                Err(error) if error.is::<NewerFormat>() => Err(format!("{error:#}")),
                Err(error) => Err(reason(error)?),
            };
            listed.push(Listed {
                number,
                is_discarded: false,
                contents,
            });
        }
        for number in inventory.discarded {
            listed.push(Listed {
                number,
                is_discarded: true,
                contents: Err("the job went on without it".to_owned()),
            });
        }
        listed.sort_by_key(|listed| listed.number);
        Ok(listed)
    }

    /// The newest checkpoint that is whole, or the one with the number `from`. Each one that is passed
    /// over because it is damaged is named in the log. A job that goes on from it
    /// [says so](Self::go_on_from).
    ///
    /// # Errors
    ///
    /// If the location cannot be read, or there are or were checkpoints and none of them is whole, or there is
    /// no whole one with the number `from`, or the newest one is of a newer version of tidemill.
    pub fn latest(&self, from: Option<u64>) -> anyhow::Result<Option<Checkpoint>> {
        if let Some(number) = from {
            let checkpoint = self.read(number);
            let checkpoint =
                checkpoint.with_context(|| format!("cannot go on from checkpoint {number}"))?;
            return Ok(Some(checkpoint));
        }
        let inventory = self.inventory()?;
        if inventory.manifests.is_empty()
            && let Some(lost) = self.complete.last().copied().or(self.lost)
        {
            bail!(
                "there was checkpoint {lost} of `{}` in `{}`, and the manifest of every checkpoint is \
                 gone: give them back, or start over with `--fresh`, which replaces what was written",
                self.job,
                self.shown
            );
        }
        let mut damaged = Vec::new();
        for &number in inventory.manifests.iter().rev() {
            match self.read(number) {
                Ok(checkpoint) => return Ok(Some(checkpoint)),
                Err(error) => {
                    let reason = reason(error)?;
                    tracing::warn!(
                        checkpoint = number, place = %self.shown, %reason,
                        "the checkpoint is damaged: the one before it is looked at",
                    );
                    damaged.push(format!("checkpoint {number}: {reason}"));
                }
            }
        }
        if damaged.is_empty() {
            return Ok(None);
        }
        bail!(
            "none of the checkpoints of `{}` in `{}` is whole; `--fresh` starts over\n  {}",
            self.job,
            self.shown,
            damaged.join("\n  ")
        )
    }

    /// Reads a checkpoint and checks every byte of it.
    ///
    /// # Errors
    ///
    /// [`Damage`] if it is not what was written; any other error if it cannot be read now.
    pub fn read(&self, number: u64) -> anyhow::Result<Checkpoint> {
        let file = manifest_name(number);
        let manifest = self.manifest(number)?;
        let pieces = StateReader::open(&*self.storage, &file, &manifest)?;
        manifest.checkpoint(|state| pieces.state(state))
    }

    pub(super) fn manifest(&self, number: u64) -> anyhow::Result<Manifest> {
        let file = manifest_name(number);
        let bytes = self.storage.read(&file, None);
        let bytes = bytes.map_err(|error| damage(&file, error))?;
        let manifest = Manifest::from_bytes(&file, &bytes)?;
        if manifest.number != number || manifest.job != self.job {
            let what = format!(
                "is that of checkpoint {} of `{}`",
                manifest.number, manifest.job
            );
            return Err(Damage::new(&file, what).into());
        }
        Ok(manifest)
    }
}

/// What is wrong with a checkpoint that is damaged.
///
/// # Errors
///
/// If the error says nothing of the checkpoint.
pub(super) fn reason(error: anyhow::Error) -> anyhow::Result<String> {
    match error.downcast_ref::<Damage>() {
        Some(_) => Ok(format!("{error:#}")),
        None => Err(error),
    }
}
