//! What a lock tells of its owner.

use std::{collections::BTreeSet, env, fmt, fs, process};

use serde::{Deserialize, Serialize};

use crate::time::{Clock, SystemClock, Timestamp};

/// A process that owns a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::checkpoint) struct Owner {
    /// The name of its machine.
    pub(in crate::checkpoint) host: String,
    /// Its number there.
    pub(in crate::checkpoint) pid: u32,
    /// When it took the lock, in microseconds.
    since: i64,
    /// What tells its machine from all others while it runs; empty if that cannot be told.
    #[serde(default)]
    pub(in crate::checkpoint) machine: String,
    /// No other owner has the same.
    pub(in crate::checkpoint) token: String,
}

/// What stands in the file of a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::checkpoint) struct LockRecord {
    pub(in crate::checkpoint) owner: Owner,
    /// Grows while the owner lives, where that cannot be seen otherwise.
    #[serde(default)]
    pub(in crate::checkpoint) beat: u64,
    /// Whether the owner has let go of it.
    #[serde(default)]
    pub(in crate::checkpoint) released: bool,
    /// The checkpoints that count; all of them if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::checkpoint) complete: Option<BTreeSet<u64>>,
    /// The newest checkpoint that was made, where `complete` does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::checkpoint) newest: Option<u64>,
}

impl Owner {
    /// This process, from now on.
    pub(in crate::checkpoint) fn this_process() -> anyhow::Result<Self> {
        Ok(Self {
            host: host_name(),
            pid: process::id(),
            machine: machine(),
            since: SystemClock.now().as_micros(),
            token: token()?,
        })
    }
}

/// As in `process 123 on host a since 2026-01-01T00:00:00Z`.
impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = Timestamp::from_micros(self.since);
        let Self { host, pid, .. } = self;
        write!(formatter, "process {pid} on host `{host}` since {since}")
    }
}

/// Letters that nobody else comes up with.
pub(in crate::checkpoint) fn token() -> anyhow::Result<String> {
    Ok(format!("{:016x}", getrandom::u64()?))
}

/// What a machine is told apart by: this start of it, and the numbers that its processes have here.
pub(super) fn machine() -> String {
    let start = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let numbers = fs::read_link("/proc/self/ns/pid");
    match (start, numbers) {
        (Ok(start), Ok(numbers)) => format!("{} {}", start.trim(), numbers.display()),
        _ => String::new(),
    }
}

fn host_name() -> String {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let read = |path| fs::read_to_string(path).ok();
    let variables = ["HOSTNAME", "COMPUTERNAME"];
    let names = files.into_iter().filter_map(read);
    let mut names = names.chain(variables.into_iter().filter_map(|name| env::var(name).ok()));
    let found = names.find_map(|name| {
        let name = name.trim();
        (!name.is_empty()).then(|| name.to_owned())
    });
    found.unwrap_or_else(|| "unknown".to_owned())
}
