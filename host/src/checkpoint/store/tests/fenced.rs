//! Requests of a process that has lost its lock, which come late.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::bail;

use super::{
    buckets::{Cloud, some},
    *,
};
use crate::checkpoint::{
    inventory::manifest_name,
    storage::{Bucket, StoredFile, Upload},
};

/// A bucket whose answer to the first manifest of checkpoint 2 is lost. Whatever else is done to that
/// manifest is late: somebody else has taken over and completed a checkpoint of this number.
struct Late {
    bucket: Arc<Bucket>,
    requests: AtomicUsize,
    take_over: Box<dyn Fn() + Send + Sync>,
}

impl Late {
    /// Whether it is the first request.
    fn delay(&self, name: &str) -> bool {
        if name != manifest_name(2) {
            return false;
        }
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        if before == 1 {
            (self.take_over)();
        }
        before == 0
    }
}

impl Storage for Late {
    fn list(&self) -> anyhow::Result<Vec<StoredFile>> {
        self.bucket.list()
    }

    fn read(&self, name: &str, range: Option<std::ops::Range<u64>>) -> Result<Vec<u8>, ReadError> {
        self.bucket.read(name, range)
    }

    fn put(&self, name: &str, bytes: &[u8], before: Option<&[u8]>) -> anyhow::Result<()> {
        let is_lost = self.delay(name);
        self.bucket.put(name, bytes, before)?;
        if is_lost {
            bail!("the answer is lost");
        }
        Ok(())
    }

    fn create(&self, name: &str) -> anyhow::Result<Box<dyn Upload + '_>> {
        self.bucket.create(name)
    }

    fn remove(&self, names: &[String]) -> anyhow::Result<()> {
        for name in names {
            self.delay(name);
        }
        self.bucket.remove(names)
    }
}

#[test]
fn a_late_request_does_not_harm_what_the_next_owner_has_completed() {
    let cloud = Arc::new(Cloud::new());
    cloud.open().write(&some(1)).expect("written");
    let kept = Arc::new(Mutex::new(None));
    let (next, keeper) = (Arc::clone(&cloud), Arc::clone(&kept));
    let take_over = move || {
        next.steal();
        let mut store = next.open();
        // What the other has left behind is in the way at first.
        assert!(store.write(&of_next()).is_err());
        store.write(&of_next()).expect("written");
        *keeper.lock().expect("not poisoned") = Some(store);
    };
    let late = |bucket| Late {
        bucket,
        requests: AtomicUsize::new(0),
        take_over: Box::new(take_over),
    };
    let mut store = cloud.open_with(late);
    assert!(store.write(&some(2)).is_err());
    assert!(store.write(&some(2)).is_err());
    assert!(kept.lock().expect("not poisoned").is_some());
    check_same(
        cloud.reader().latest(None).expect("readable").as_ref(),
        &of_next(),
    );
}

/// Checkpoint 2 of the next owner.
fn of_next() -> Checkpoint {
    checkpoint(2, vec![table([(7, 7)])])
}
