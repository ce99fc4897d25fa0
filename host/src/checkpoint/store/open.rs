//! Opening the folder of a job.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context;

use super::CheckpointStore;
use crate::{
    checkpoint::{
        inventory::Inventory,
        lock::{FileLock, Lock, ObjectLock, Owner, Pace, token},
        pack::Pieces,
        storage::{Bucket, Directory, Storage},
    },
    pipeline::{Location, Place},
};

impl CheckpointStore {
    /// Opens the checkpoints of `job` to write some. No other process can do so until the store is
    /// dropped or its process has died. Blocks, like all methods; not to be called from async code.
    ///
    /// # Errors
    ///
    /// If another process has opened them, naming it, or the location cannot be written to.
    pub fn open(location: &Location, job: &str) -> anyhow::Result<Self> {
        let context = || format!("cannot use the checkpoints of `{job}` in `{location}`");
        let owner = Owner::this_process()?;
        let (storage, lock): (Arc<dyn Storage>, Box<dyn Lock>) = match location.place() {
            Place::Directory(path) => {
                let path = path.join(job);
                let directory = Directory::new(path.clone());
                directory.make().with_context(context)?;
                let lock = FileLock::take(&path, owner).with_context(context)?;
                directory.sweep().with_context(context)?;
                (Arc::new(directory), Box::new(lock))
            }
            Place::Url(url) => {
                let bucket = Bucket::open(url, &location.to_string(), job);
                let bucket = Arc::new(bucket.with_context(context)?);
                let lock = lock_bucket(&bucket, &owner, Pace::USUAL).with_context(context)?;
                (bucket, Box::new(lock))
            }
        };
        Self::new(storage, Some(lock), job, &location.to_string()).with_context(context)
    }

    /// Opens the checkpoints of `job` to look at them, whoever may write to them meanwhile.
    ///
    /// # Errors
    ///
    /// If the location cannot be read.
    pub fn open_read_only(location: &Location, job: &str) -> anyhow::Result<Self> {
        let storage: Arc<dyn Storage> = match location.place() {
            Place::Directory(path) => Arc::new(Directory::new(path.join(job))),
            Place::Url(url) => Arc::new(Bucket::open(url, &location.to_string(), job)?),
        };
        Self::new(storage, None, job, &location.to_string())
    }

    pub(super) fn new(
        storage: Arc<dyn Storage>,
        lock: Option<Box<dyn Lock>>,
        job: &str,
        shown: &str,
    ) -> anyhow::Result<Self> {
        let mut store = Self {
            storage,
            lock,
            job: job.to_owned(),
            shown: shown.to_owned(),
            token: token()?,
            complete: Default::default(),
            lost: None,
            pieces: Pieces::default(),
            packs_of: BTreeMap::new(),
            tried: (0, 0),
            on_step: None,
        };
        let found = Inventory::of(&*store.storage)?;
        store.complete = found.manifests;
        if let Some(record) = store.record()? {
            let mut newest = record.newest;
            if let Some(recorded) = record.complete {
                newest = newest.max(recorded.last().copied());
                store.complete = &recorded - &found.discarded;
            }
            store.lost = newest.filter(|_| store.complete.is_empty());
        }
        Ok(store)
    }
}

/// Takes the lock of a part of a bucket.
pub(super) fn lock_bucket(
    bucket: &Arc<Bucket>,
    owner: &Owner,
    pace: Pace,
) -> anyhow::Result<ObjectLock> {
    ObjectLock::take(bucket, owner, pace, || {
        Ok(Inventory::of(&**bucket)?.manifests)
    })
}
