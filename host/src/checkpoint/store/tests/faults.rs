//! Disks that are full, fail, or stop at any instant.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::bail;

use super::*;
use crate::checkpoint::{
    lock::Lock,
    storage::{Directory, Storage, StoredFile, Upload},
};

/// A directory of which an operation that changes something fails, and all after it.
struct Faulty {
    directory: Directory,
    /// How many operations succeed.
    left: Arc<AtomicUsize>,
}

impl Faulty {
    fn pass(&self) -> anyhow::Result<()> {
        let take = |left: usize| left.checked_sub(1);
        match self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        {
            Ok(_) => Ok(()),
            Err(_) => bail!("no space left on device"),
        }
    }
}

struct FaultyUpload<'a> {
    of: &'a Faulty,
    upload: Box<dyn Upload + 'a>,
}

impl Storage for Faulty {
    fn list(&self) -> anyhow::Result<Vec<StoredFile>> {
        self.directory.list()
    }

    fn read(&self, name: &str, range: Option<std::ops::Range<u64>>) -> Result<Vec<u8>, ReadError> {
        self.directory.read(name, range)
    }

    fn put(&self, name: &str, bytes: &[u8], before: Option<&[u8]>) -> anyhow::Result<()> {
        self.pass()?;
        self.directory.put(name, bytes, before)?;
        // What is done and not known to be done.
        self.pass()
    }

    fn create(&self, name: &str) -> anyhow::Result<Box<dyn Upload + '_>> {
        self.pass()?;
        let upload = self.directory.create(name)?;
        Ok(Box::new(FaultyUpload { of: self, upload }))
    }

    fn remove(&self, names: &[String]) -> anyhow::Result<()> {
        self.pass()?;
        self.directory.remove(names)
    }
}

impl Upload for FaultyUpload<'_> {
    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.of.pass()?;
        self.upload.write(bytes)
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        self.of.pass()?;
        self.upload.finish()?;
        self.of.pass()
    }
}

/// A lock that is never lost.
struct Kept;

impl Lock for Kept {
    fn check(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    fn confirm(&mut self, _complete: &BTreeSet<u64>) -> anyhow::Result<()> {
        Ok(())
    }
}

fn faulty(home: &Home, operations: &Arc<AtomicUsize>) -> CheckpointStore {
    let storage = Faulty {
        directory: Directory::new(home.0.path().join("job")),
        left: Arc::clone(operations),
    };
    let lock: Box<dyn Lock> = Box::new(Kept);
    CheckpointStore::new(Arc::new(storage), Some(lock), "job", "here").expect("a store")
}

#[test]
fn a_fault_at_any_step_leaves_a_whole_checkpoint() {
    let mut failed = 0;
    for operations in 0..60 {
        let home = Home::new();
        let mut store = home.open();
        let first = checkpoint(1, vec![table([(1, 1)])]);
        store.write(&first).expect("written");
        drop(store);
        let second = checkpoint(2, vec![table((0..5000).map(|row| (row, 2)))]);
        let third = checkpoint(3, vec![table((0..5000).map(|row| (row, 3)))]);
        let mut store = faulty(&home, &Arc::new(AtomicUsize::new(operations)));
        let results = [
            store.write(&second).map(|_| ()),
            store.prune(1),
            store.write(&third).map(|_| ()),
            store.prune(1),
        ];
        failed += usize::from(results.iter().any(Result::is_err));
        let written = if results[2].is_ok() {
            3
        } else if results[0].is_ok() {
            2
        } else {
            1
        };
        drop(store);
        let store = home.open();
        let found = store
            .latest(None)
            .expect("one is whole")
            .expect("there is one");
        // A checkpoint may be complete although nobody got to know.
        assert!(found.number >= written, "{operations}: {}", found.number);
        let all = [&first, &second, &third];
        check_same(Some(&found), all[found.number as usize - 1]);
        for number in numbers(&store) {
            store.read(number).expect("whole");
        }
    }
    assert!((20..60).contains(&failed), "{failed}");
}

#[test]
fn a_checkpoint_that_could_not_be_written_can_be_written_once_more() {
    let mut failed = 0;
    for operations in 0..30 {
        let home = Home::new();
        let mut store = home.open();
        store
            .write(&checkpoint(1, vec![table([(1, 1)])]))
            .expect("written");
        drop(store);
        let left = Arc::new(AtomicUsize::new(operations));
        let mut store = faulty(&home, &left);
        let second = checkpoint(2, vec![table((0..5000).map(|row| (row, 2)))]);
        if store.write(&second).is_err() {
            failed += 1;
            left.store(2, Ordering::Relaxed);
            assert!(store.write(&second).is_err());
            left.store(usize::MAX, Ordering::Relaxed);
            store.write(&second).expect("written");
        }
        check_same(store.latest(None).expect("one is whole").as_ref(), &second);
        left.store(usize::MAX, Ordering::Relaxed);
        let third = checkpoint(3, vec![table((0..5000).map(|row| (row, 3)))]);
        store.write(&third).expect("written");
        store.prune(1).expect("pruned");
        drop(store);
        check_same(
            home.open().latest(None).expect("one is whole").as_ref(),
            &third,
        );
        assert!(home.names().len() <= 3, "{:?}", home.names());
    }
    assert!((4..30).contains(&failed), "{failed}");
}

#[test]
fn a_checkpoint_that_was_given_up_does_not_come_back() {
    let mut failed = 0;
    for operations in 0..30 {
        let home = Home::new();
        home.open()
            .write(&checkpoint(1, vec![table([(1, 1)])]))
            .expect("written");
        let left = Arc::new(AtomicUsize::new(operations));
        let mut store = faulty(&home, &left);
        let second = checkpoint(2, vec![table((0..5000).map(|row| (row, 2)))]);
        if store.write(&second).is_ok() {
            continue;
        }
        failed += 1;
        // A sink fails, and the job starts again in its process.
        left.store(usize::MAX, Ordering::Relaxed);
        let found = store.latest(None).expect("one is whole");
        let found = found.map(|found| found.number);
        store.go_on_from(found).expect("written");
        drop(store);
        let store = home.open();
        let newest = store.latest(None).expect("one is whole");
        assert_eq!(newest.map(|newest| newest.number), found, "{operations}");
        assert!(store.next_number().expect("readable") >= 2);
    }
    assert!((4..30).contains(&failed), "{failed}");
}

#[test]
fn a_process_that_stops_after_any_step_leaves_a_whole_checkpoint() {
    for stop in [
        WriteStep::Data,
        WriteStep::Manifest,
        WriteStep::Complete,
        WriteStep::Pruned,
    ] {
        let home = Home::new();
        let mut store = home.open();
        store
            .write(&checkpoint(1, vec![table([(1, 1)])]))
            .expect("written");
        let seen = Arc::new(Mutex::new(None));
        let (sink, copy) = (Arc::clone(&seen), home.0.path().to_owned());
        store.on_step(move |step| {
            if step == stop {
                // What a process sees that starts at this instant.
                let here = Location::directory(&copy);
                let reader = CheckpointStore::open_read_only(&here, "job").expect("readable");
                let latest = reader
                    .latest(None)
                    .expect("one is whole")
                    .expect("there is one");
                *sink.lock().expect("not poisoned") = Some(latest.number);
            }
        });
        store
            .write(&checkpoint(2, vec![table([(1, 2)])]))
            .expect("written");
        store.prune(1).expect("pruned");
        let seen = seen
            .lock()
            .expect("not poisoned")
            .expect("the step was seen");
        assert_eq!(seen, if stop == WriteStep::Data { 1 } else { 2 });
    }
}

#[test]
fn a_folder_that_was_removed_is_not_written_to() {
    let home = Home::new();
    let mut store = home.open();
    fs::remove_dir_all(home.0.path().join("job")).expect("removed");
    let other = home.open();
    let error = store
        .write(&checkpoint(1, Vec::new()))
        .expect_err("another job has it");
    assert!(
        format!("{error:#}").contains("its lock file was removed"),
        "{error:#}"
    );
    drop(other);
}
