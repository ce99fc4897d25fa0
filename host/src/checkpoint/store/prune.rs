//! Removing checkpoints that are not needed any more.

use std::collections::BTreeSet;

use anyhow::Context;

use super::{CheckpointStore, WriteStep, read::reason};
use crate::checkpoint::inventory::{Inventory, discarded_name, manifest_name};

impl CheckpointStore {
    /// Removes all checkpoints but the newest `keep` that are not damaged, and the packs that none refers
    /// to.
    ///
    /// # Errors
    ///
    /// If something cannot be read or removed; it is for the next time. What is kept is whole.
    pub fn prune(&mut self, keep: usize) -> anyhow::Result<()> {
        let context = format!("cannot remove old checkpoints from `{}`", self.shown);
        self.prune_to(keep).context(context)
    }

    fn prune_to(&mut self, keep: usize) -> anyhow::Result<()> {
        self.check_lock()?;
        let inventory = Inventory::of(&*self.storage)?;
        let (mut kept, mut needed) = (0, BTreeSet::new());
        let mut oldest = 0;
        for number in (&self.complete - &inventory.discarded).into_iter().rev() {
            if kept == keep.max(1) {
                break;
            }
            // The packs of a damaged manifest are not known; nobody can use them.
            if let Some(packs) = self.packs_of(number)? {
                needed.extend(packs);
                kept += 1;
                oldest = number;
            }
        }
        if kept < keep.max(1) {
            oldest = 0;
        }
        // Nobody is to take over and count on one of them while they go.
        let kept = self.complete.split_off(&oldest);
        let old = std::mem::replace(&mut self.complete, kept);
        if let Err(error) = self.confirm() {
            self.complete.extend(old);
            return Err(error);
        }
        // Also those that do not count, of a process that had lost its lock.
        self.packs_of = self.packs_of.split_off(&oldest);
        let old = inventory.manifests.range(..oldest).copied();
        let old: Vec<String> = old.map(manifest_name).collect();
        self.storage.remove(&old)?;
        self.step(WriteStep::Pruned);
        let packs = inventory.packs.into_keys();
        let packs = packs.filter(|pack| !needed.contains(pack));
        let discarded = inventory.discarded.range(..oldest).copied();
        let rest: Vec<String> = packs.chain(discarded.map(discarded_name)).collect();
        self.storage.remove(&rest)
    }

    /// The packs that a checkpoint refers to; nothing if its manifest is damaged.
    fn packs_of(&mut self, number: u64) -> anyhow::Result<Option<BTreeSet<String>>> {
        if let Some(packs) = self.packs_of.get(&number) {
            return Ok(Some(packs.clone()));
        }
        match self.manifest(number) {
            Ok(manifest) => {
                let packs = manifest.packs.into_iter().map(|pack| pack.name);
                let packs: BTreeSet<String> = packs.collect();
                self.packs_of.insert(number, packs.clone());
                Ok(Some(packs))
            }
            Err(error) => reason(error).map(|_| None),
        }
    }

    /// Forgets all checkpoints of the job.
    ///
    /// # Errors
    ///
    /// If something cannot be removed.
    pub fn clear(&mut self) -> anyhow::Result<()> {
        let context = format!("cannot remove the checkpoints in `{}`", self.shown);
        self.clear_all().context(context)
    }

    fn clear_all(&mut self) -> anyhow::Result<()> {
        self.check_lock()?;
        let inventory = Inventory::of(&*self.storage)?;
        let before = std::mem::take(&mut self.complete);
        if let Err(error) = self.confirm() {
            self.complete = before;
            return Err(error);
        }
        self.lost = None;
        // Numbers go on growing: sinks may still have what they wrote under the old ones.
        if let Some(greatest) = inventory.greatest
            && !inventory.discarded.contains(&greatest)
        {
            self.storage
                .put(&discarded_name(greatest), b"discarded\n", None)?;
        }
        let manifests = inventory.manifests.iter().chain(&inventory.discarded).rev();
        let manifests: Vec<String> = manifests.copied().map(manifest_name).collect();
        self.storage.remove(&manifests)?;
        let discarded = inventory.discarded.iter().copied();
        let discarded = discarded.filter(|&number| Some(number) != inventory.greatest);
        let packs = inventory.packs.into_keys();
        let rest: Vec<String> = discarded.map(discarded_name).chain(packs).collect();
        self.storage.remove(&rest)?;
        self.pieces = Default::default();
        self.packs_of.clear();
        Ok(())
    }
}
