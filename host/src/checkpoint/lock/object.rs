//! A lock in an object store: an object that its owner renews while it lives.
//!
//! Every change of the object is made on the condition that it still is what it was, so that of two
//! processes that believe to own it only one can go on. The object also says which checkpoints count: a
//! process that was thought dead and comes back can write files, and completes nothing with them.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use object_store::UpdateVersion;

use super::{LOCK, Lock, LockLost, LockRecord, Owner};
use crate::checkpoint::storage::Bucket;

/// How often a lock is renewed, and when it is nobody's any more.
#[derive(Clone, Copy, Debug)]
pub(in crate::checkpoint) struct Pace {
    /// How long after a renewal comes the next.
    pub(in crate::checkpoint) renewal: Duration,
    /// How long a process watches a lock that is not renewed before it takes it over.
    pub(in crate::checkpoint) patience: Duration,
}

impl Pace {
    /// That of real jobs.
    pub(in crate::checkpoint) const USUAL: Self = Self {
        renewal: Duration::from_secs(5),
        patience: Duration::from_secs(20),
    };
}

/// A lock on a part of a bucket.
pub(in crate::checkpoint) struct ObjectLock {
    held: Arc<Held>,
    renewal: Option<Renewal>,
    /// How long to wait at most until it is released.
    parting: Duration,
}

/// What renews a lock until `stop` is dropped, and releases it then.
struct Renewal {
    stop: Sender<()>,
    /// Disconnected when it has ended.
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

struct Held {
    bucket: Arc<Bucket>,
    state: Mutex<State>,
}

struct State {
    record: LockRecord,
    version: UpdateVersion,
    /// Who has the lock now, if it was lost.
    lost: Option<String>,
}

impl ObjectLock {
    /// Takes the lock. If somebody has it, waits to see whether they are alive. `complete` gives the
    /// checkpoints that count if nobody has said so.
    pub(in crate::checkpoint) fn take(
        bucket: &Arc<Bucket>,
        owner: &Owner,
        pace: Pace,
        complete: impl Fn() -> anyhow::Result<BTreeSet<u64>>,
    ) -> anyhow::Result<Self> {
        // Whoever is faster each time is alive.
        for _ in 0..10 {
            let found = bucket.get(LOCK)?;
            let (before, known) = match found {
                None => (None, None),
                Some((bytes, version)) => {
                    let record = serde_json::from_slice::<LockRecord>(&bytes).ok();
                    let version = wait_for(bucket, record.as_ref(), version, pace)?;
                    (Some(version), record.and_then(|record| record.complete))
                }
            };
            let record = LockRecord {
                owner: owner.clone(),
                beat: 0,
                released: false,
                complete: Some(known.map_or_else(&complete, Ok)?),
                newest: None,
            };
            let bytes = serde_json::to_vec(&record)?;
            if let Some(version) = bucket.swap(LOCK, before, &bytes)? {
                return Self::start(bucket, record, version, pace);
            }
            // A request that was tried again may find what the first attempt has written.
            if let Some((found, version)) = bucket.get(LOCK)?
                && found == bytes
            {
                return Self::start(bucket, record, version, pace);
            }
        }
        bail!("other processes are taking it at the same time")
    }

    fn start(
        bucket: &Arc<Bucket>,
        record: LockRecord,
        version: UpdateVersion,
        pace: Pace,
    ) -> anyhow::Result<Self> {
        let held = Arc::new(Held {
            bucket: Arc::clone(bucket),
            state: Mutex::new(State {
                record,
                version,
                lost: None,
            }),
        });
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let renewing = Arc::clone(&held);
        let thread = thread::Builder::new()
            .name("checkpoint lock".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(pace.renewal) == Err(RecvTimeoutError::Timeout) {
                    // What fails now may succeed the next time; a lock that is lost is told when it is
                    // needed.
                    if let Err(error) = renewing.change(|record| record.beat += 1) {
                        tracing::debug!(%error, "the lock of the checkpoints was not renewed");
                    }
                }
                renewing.release();
                drop(end);
            });
        let thread = match thread {
            Ok(thread) => thread,
            // It would be taken for that of a dead process while the job runs.
            Err(error) => {
                held.release();
                return Err(error).context("cannot start the thread that renews the lock");
            }
        };
        Ok(Self {
            held,
            renewal: Some(Renewal {
                stop,
                ended,
                thread,
            }),
            parting: pace.patience / 4,
        })
    }
}

impl Held {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the record, if the lock is still ours.
    fn change(&self, change: impl FnOnce(&mut LockRecord)) -> anyhow::Result<()> {
        let mut state = self.state();
        let mut record = state.record.clone();
        change(&mut record);
        let bytes = serde_json::to_vec(&record)?;
        // More than once only if an answer was lost on its way.
        for _ in 0..5 {
            self.look(&state)?;
            let version = state.version.clone();
            if let Some(version) = self.bucket.swap(LOCK, Some(version), &bytes)? {
                state.version = version;
                state.record = record;
                return Ok(());
            }
            self.find_out(&mut state)?;
            if state.record == record {
                return Ok(());
            }
        }
        bail!("the lock cannot be renewed")
    }

    fn release(&self) {
        if let Err(error) = self.change(|record| record.released = true) {
            tracing::debug!(%error, "the lock of the checkpoints was not released");
        }
    }

    fn look(&self, state: &State) -> anyhow::Result<()> {
        match &state.lost {
            Some(owner) => Err(LockLost(owner.clone()).into()),
            None => Ok(()),
        }
    }

    /// Looks whose lock it is.
    fn find_out(&self, state: &mut State) -> anyhow::Result<()> {
        let Some((bytes, version)) = self.bucket.get(LOCK)? else {
            state.lost = Some("somebody who has removed it".to_owned());
            return self.look(state);
        };
        let found = serde_json::from_slice::<LockRecord>(&bytes).ok();
        match found {
            Some(found) if found.owner.token == state.record.owner.token => {
                state.record = found;
                state.version = version;
            }
            Some(found) => state.lost = Some(found.owner.to_string()),
            None => state.lost = Some("somebody who does not say who they are".to_owned()),
        }
        self.look(state)
    }
}

impl Lock for ObjectLock {
    fn check(&mut self) -> anyhow::Result<()> {
        let mut state = self.held.state();
        self.held.look(&state)?;
        self.held.find_out(&mut state)
    }

    fn confirm(&mut self, complete: &BTreeSet<u64>) -> anyhow::Result<()> {
        self.held
            .change(|record| record.complete = Some(complete.clone()))
    }
}

/// Lets go of the lock. If the server does not answer, nobody waits for it: the lock is anybody's soon.
impl Drop for ObjectLock {
    fn drop(&mut self) {
        let Some(Renewal {
            stop,
            ended,
            thread,
        }) = self.renewal.take()
        else {
            return;
        };
        drop(stop);
        if ended.recv_timeout(self.parting) == Err(RecvTimeoutError::Timeout) {
            tracing::debug!("the lock of the checkpoints was not released in time");
        } else if thread.join().is_err() {
            tracing::warn!("the thread that renews the lock of the checkpoints has panicked");
        }
    }
}

/// Waits until a lock is nobody's; returns the version that it then is of.
fn wait_for(
    bucket: &Bucket,
    record: Option<&LockRecord>,
    version: UpdateVersion,
    pace: Pace,
) -> anyhow::Result<UpdateVersion> {
    if record.is_some_and(|record| record.released || is_dead(&record.owner)) {
        return Ok(version);
    }
    let owner = record.map_or_else(
        || "a process that does not say who it is".to_owned(),
        |record| record.owner.to_string(),
    );
    tracing::info!(%owner, "waiting to see whether the owner of the checkpoints is alive");
    let start = Instant::now();
    while start.elapsed() < pace.patience {
        thread::sleep(pace.renewal / 5);
        let (bytes, now) = bucket.get(LOCK)?.context("the lock was removed just now")?;
        if now.e_tag != version.e_tag {
            let record = serde_json::from_slice::<LockRecord>(&bytes).ok();
            if record.is_some_and(|record| record.released) {
                return Ok(now);
            }
            bail!("it is in use by {owner}");
        }
    }
    tracing::warn!(%owner, "the owner of the checkpoints is not heard of any more: taking over");
    Ok(version)
}

/// Whether a process is known to have died. Only the machine that it ran on can tell.
fn is_dead(owner: &Owner) -> bool {
    if owner.machine.is_empty() || owner.machine != super::owner::machine() {
        return false;
    }
    // Processes of other users may be alive and not be seen.
    let mounts = fs::read_to_string("/proc/self/mountinfo");
    if mounts.map_or(true, |mounts| hides_processes(&mounts)) {
        return false;
    }
    match fs::read_to_string(format!("/proc/{}/stat", owner.pid)) {
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        // A process that nobody has asked about since it died.
        Ok(stat) => stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X'])),
    }
}

/// Whether `/proc` may not show all processes, as the list of mounts says.
fn hides_processes(mounts: &str) -> bool {
    let mut proc = mounts
        .lines()
        .filter(|line| line.split(' ').nth(4) == Some("/proc"));
    proc.any(|line| {
        let mut options = line.split([' ', ',']);
        options.any(|option| {
            let hidden = option.strip_prefix("hidepid=");
            hidden.is_some_and(|hidden| !["0", "off"].contains(&hidden))
        })
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use object_store::{
        ObjectStore,
        memory::InMemory,
        path::Path,
        throttle::{ThrottleConfig, ThrottledStore},
    };

    use super::*;

    #[test]
    fn a_process_is_dead_when_its_machine_says_so() {
        let mut owner = Owner::this_process().expect("a token");
        assert!(!is_dead(&owner), "it runs");
        let mut child = Command::new("true").spawn().expect("a process");
        owner.pid = child.id();
        // It ends, and nobody asks about it.
        let start = Instant::now();
        while !is_dead(&owner) {
            assert!(start.elapsed() < Duration::from_secs(60), "it has ended");
            thread::yield_now();
        }
        child.wait().expect("it has ended");
        assert!(is_dead(&owner), "it is gone");
        for machine in ["", "elsewhere"] {
            owner.machine = machine.to_owned();
            assert!(!is_dead(&owner), "nobody can tell");
        }
    }

    #[test]
    fn a_process_that_may_be_hidden_is_not_taken_for_dead() {
        let mounts = |options: &str| {
            format!(
                "25 1 0:22 / / rw - ext4 /dev/sda rw\n\
                 26 25 0:23 / /proc rw,nosuid - proc proc rw{options}\n"
            )
        };
        for hidden in [
            ",hidepid=2",
            ",gid=4,hidepid=invisible",
            ",hidepid=1",
            ",hidepid=4",
        ] {
            assert!(hides_processes(&mounts(hidden)), "{hidden}");
        }
        for seen in ["", ",hidepid=0", ",hidepid=off,gid=4"] {
            assert!(!hides_processes(&mounts(seen)), "{seen}");
        }
    }

    #[test]
    fn nobody_waits_for_a_server_that_does_not_answer_to_release_a_lock() {
        let pace = Pace {
            renewal: Duration::from_secs(60),
            patience: Duration::from_millis(400),
        };
        let store = Arc::new(ThrottledStore::new(
            InMemory::new(),
            ThrottleConfig::default(),
        ));
        let bucket = Bucket::of(
            Arc::clone(&store) as Arc<dyn ObjectStore>,
            Path::from("job"),
            Vec::new(),
        );
        let bucket = Arc::new(bucket.expect("a runtime"));
        let owner = Owner::this_process().expect("a token");
        let lock = ObjectLock::take(&bucket, &owner, pace, || Ok(BTreeSet::new()));
        let lock = lock.expect("nobody has it");
        store.config_mut(|config| config.wait_put_per_call = Duration::from_secs(600));
        let start = Instant::now();
        drop(lock);
        assert!(start.elapsed() < Duration::from_secs(60));
    }
}
