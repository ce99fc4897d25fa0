//! Checkpoints in an object store, and who may write them.

use object_store::{ObjectStore, memory::InMemory, path::Path};

use super::*;
use crate::checkpoint::{
    LockLost,
    inventory::manifest_name,
    lock::{Owner, Pace},
    storage::Bucket,
    store::open::lock_bucket,
};

/// Renewals that no test has to wait for.
const PACE: Pace = Pace {
    renewal: std::time::Duration::from_millis(50),
    patience: std::time::Duration::from_millis(500),
};

/// An object store in memory.
pub(super) struct Cloud(Arc<dyn ObjectStore>);

impl Cloud {
    pub(super) fn new() -> Self {
        Self(Arc::new(InMemory::new()))
    }

    pub(super) fn bucket(&self) -> Arc<Bucket> {
        let prefix = Path::from("jobs/job");
        Arc::new(Bucket::of(Arc::clone(&self.0), prefix, Vec::new()).expect("a runtime"))
    }

    fn try_open(&self) -> anyhow::Result<CheckpointStore> {
        let bucket = self.bucket();
        let lock = lock_bucket(&bucket, &Owner::this_process()?, PACE)?;
        CheckpointStore::new(bucket, Some(Box::new(lock)), "job", "the cloud")
    }

    /// A store whose files go through `storage`, its lock does not.
    pub(super) fn open_with<S: Storage + 'static>(
        &self,
        storage: impl FnOnce(Arc<Bucket>) -> S,
    ) -> CheckpointStore {
        let bucket = self.bucket();
        let owner = Owner::this_process().expect("a token");
        let lock = lock_bucket(&bucket, &owner, PACE).expect("nobody else has it");
        let storage = Arc::new(storage(bucket));
        let store = CheckpointStore::new(storage, Some(Box::new(lock)), "job", "the cloud");
        store.expect("readable")
    }

    pub(super) fn open(&self) -> CheckpointStore {
        self.try_open().expect("nobody else has it")
    }

    pub(super) fn reader(&self) -> CheckpointStore {
        CheckpointStore::new(self.bucket(), None, "job", "the cloud").expect("readable")
    }

    /// Has somebody else take the lock, who never renews it.
    pub(super) fn steal(&self) {
        let bucket = self.bucket();
        let mut owner = Owner::this_process().expect("a token");
        owner.host = "elsewhere".to_owned();
        owner.machine = "elsewhere".to_owned();
        loop {
            let found = bucket.get(LOCK).expect("readable");
            let (complete, version) = match found {
                None => (None, None),
                Some((bytes, version)) => {
                    let record: LockRecord = serde_json::from_slice(&bytes).expect("a record");
                    (record.complete, Some(version))
                }
            };
            let record = LockRecord {
                owner: owner.clone(),
                beat: 0,
                released: false,
                complete,
                newest: None,
            };
            let bytes = serde_json::to_vec(&record).expect("JSON");
            if bucket
                .swap(LOCK, version, &bytes)
                .expect("written")
                .is_some()
            {
                return;
            }
        }
    }
}

pub(super) fn some(number: u64) -> Checkpoint {
    let rows = (0..5000).map(|key| (key, if key < 10 { number as i64 } else { 0 }));
    checkpoint(number, vec![table(rows)])
}

#[test]
fn checkpoints_are_read_back_from_a_bucket() {
    let cloud = Cloud::new();
    let mut store = cloud.open();
    assert!(store.latest(None).expect("readable").is_none());
    for number in 1..=5 {
        store.write(&some(number)).expect("written");
        store.prune(2).expect("pruned");
    }
    assert_eq!(numbers(&store), [4, 5]);
    assert_eq!(numbers(&cloud.reader()), [4, 5]);
    drop(store);
    let mut store = cloud.open();
    check_same(store.latest(None).expect("readable").as_ref(), &some(5));
    assert_eq!(store.next_number().expect("readable"), 6);
    store.clear().expect("cleared");
    assert!(store.latest(None).expect("readable").is_none());
    assert_eq!(store.next_number().expect("readable"), 6);
}

#[test]
fn large_state_is_uploaded_in_parts() {
    let cloud = Cloud::new();
    let mut store = cloud.open();
    let rows = (0..1_000_000).map(|key| (key, i64::from(key)));
    let large = checkpoint(1, vec![table(rows)]);
    store.write(&large).expect("written");
    check_same(store.latest(None).expect("readable").as_ref(), &large);
}

#[test]
fn objects_that_are_cut_off_or_gone_are_noticed() {
    let cloud = Cloud::new();
    let mut store = cloud.open();
    store.write(&some(1)).expect("written");
    store.write(&some(2)).expect("written");
    let bucket = cloud.bucket();
    let file = bucket.list().expect("readable").into_iter();
    let mut packs = file.filter(|file| file.name.starts_with("state-0000000002"));
    let pack = packs.next().expect("a pack").name;
    let bytes = bucket.read(&pack, None).expect("readable");
    for end in [0, 1, bytes.len() - 1] {
        bucket.remove(std::slice::from_ref(&pack)).expect("removed");
        bucket.put(&pack, &bytes[..end], None).expect("written");
        let reason = format!("{:#}", store.read(2).expect_err("cut off"));
        assert!(reason.contains(&format!("`{pack}` is cut off")), "{reason}");
        check_same(store.latest(None).expect("readable").as_ref(), &some(1));
    }
    bucket.remove(std::slice::from_ref(&pack)).expect("removed");
    let reason = format!("{:#}", store.read(2).expect_err("gone"));
    assert!(reason.contains(&format!("`{pack}` is missing")), "{reason}");
}

#[test]
fn a_manifest_that_counts_and_is_gone_is_named() {
    let cloud = Cloud::new();
    let mut store = cloud.open();
    store.write(&some(1)).expect("written");
    store.write(&some(2)).expect("written");
    drop(store);
    cloud.bucket().remove(&[manifest_name(2)]).expect("removed");
    let listed = cloud.reader().list().expect("a list");
    let reason = listed[1].contents.as_ref().expect_err("it is gone");
    assert_eq!(reason, "`checkpoint-0000000002.json` is missing");
    let mut store = cloud.open();
    check_same(store.latest(None).expect("readable").as_ref(), &some(1));
    store.go_on_from(Some(1)).expect("written");
    assert_eq!(store.next_number().expect("readable"), 3);
    drop(store);
    cloud.bucket().remove(&[manifest_name(1)]).expect("removed");
    for store in [cloud.open(), cloud.reader()] {
        let error = store.latest(None).expect_err("the job must not start over");
        let error = format!("{error:#}");
        assert!(
            error.contains("checkpoint 1: `checkpoint-0000000001.json` is missing"),
            "{error}"
        );
    }
    cloud.open().clear().expect("cleared");
    assert!(cloud.open().latest(None).expect("readable").is_none());
}

#[test]
fn an_object_that_is_in_the_way_is_told_and_stays() {
    let bucket = Cloud::new().bucket();
    bucket.put("a", b"1", None).expect("written");
    bucket.put("a", b"1", None).expect("it is there already");
    bucket.put("a", b"2", Some(b"1")).expect("replaced");
    for before in [None, Some(&b"1"[..])] {
        let error = bucket.put("a", b"3", before).expect_err("in the way");
        let error = format!("{error:#}");
        assert!(error.contains("there is another object `a`"), "{error}");
    }
    assert_eq!(bucket.read("a", None).expect("readable"), b"2");
}

#[test]
fn what_a_process_that_has_lost_its_lock_has_left_is_removed_in_time() {
    let cloud = Arc::new(Cloud::new());
    let mut store = cloud.open();
    store.write(&some(1)).expect("written");
    let thief = Arc::clone(&cloud);
    store.on_step(move |now| {
        if now == WriteStep::Manifest {
            thief.steal();
        }
    });
    assert!(store.write(&some(2)).is_err());
    drop(store);
    let mut store = cloud.open();
    for number in 3..=4 {
        store.write(&some(number)).expect("written");
        store.prune(1).expect("pruned");
    }
    let left = cloud.bucket().list().expect("readable").into_iter();
    let left = left.filter(|file| file.name.starts_with("checkpoint-"));
    let left: Vec<String> = left.map(|file| file.name).collect();
    assert_eq!(left, [manifest_name(4)]);
}

#[test]
fn a_living_owner_keeps_others_out() {
    let cloud = Cloud::new();
    let mut first = cloud.open();
    let error = cloud.try_open().expect_err("somebody has it");
    let expected = format!("it is in use by process {} on host", std::process::id());
    assert!(format!("{error:#}").contains(&expected), "{error:#}");
    first.write(&some(1)).expect("still ours");
    drop(first);
    check_same(
        cloud.open().latest(None).expect("readable").as_ref(),
        &some(1),
    );
}

#[test]
fn the_lock_of_an_owner_that_is_not_heard_of_is_taken_over() {
    let cloud = Cloud::new();
    cloud.open().write(&some(1)).expect("written");
    cloud.steal();
    let store = cloud.open();
    check_same(store.latest(None).expect("readable").as_ref(), &some(1));
}

#[test]
fn a_process_that_has_lost_its_lock_completes_nothing() {
    let cloud = Arc::new(Cloud::new());
    for step in [WriteStep::Data, WriteStep::Manifest] {
        let mut store = cloud.open();
        let number = store.next_number().expect("readable");
        store.write(&some(number)).expect("written");
        let thief = Arc::clone(&cloud);
        store.on_step(move |now| {
            if now == step {
                thief.steal();
            }
        });
        let error = store
            .write(&some(number + 1))
            .expect_err("the lock was stolen");
        assert!(
            format!("{error:#}").contains("the lock was lost to process"),
            "{error:#}"
        );
        assert!(error.is::<LockLost>(), "the job is to end");
        // Its manifest is there and does not count, for nobody.
        let names = cloud.bucket().list().expect("readable").into_iter();
        let mut names = names.map(|file| file.name);
        assert!(names.any(|name| name == manifest_name(number + 1)));
        check_same(
            cloud.reader().latest(None).expect("readable").as_ref(),
            &some(number),
        );
        assert!(store.write(&some(number + 2)).is_err());
        assert!(store.prune(1).is_err());
        drop(store);
        let next = cloud.open();
        check_same(next.latest(None).expect("readable").as_ref(), &some(number));
        assert_eq!(next.next_number().expect("readable"), number + 2);
    }
}

#[test]
fn a_lock_that_cannot_be_read_is_taken_over_and_all_checkpoints_count() {
    let cloud = Cloud::new();
    cloud.open().write(&some(1)).expect("written");
    let bucket = cloud.bucket();
    let (_, version) = bucket.get(LOCK).expect("readable").expect("a lock");
    bucket.swap(LOCK, Some(version), b"{").expect("written");
    check_same(
        cloud.reader().latest(None).expect("readable").as_ref(),
        &some(1),
    );
    check_same(
        cloud.open().latest(None).expect("readable").as_ref(),
        &some(1),
    );
    bucket.remove(&[LOCK.to_owned()]).expect("removed");
    check_same(
        cloud.open().latest(None).expect("readable").as_ref(),
        &some(1),
    );
}
