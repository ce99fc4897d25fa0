//! What a guest may use.

use std::time::Duration;

use thiserror::Error;
use wasmtime::ResourceLimiter;

use super::weight::Unit;

/// What one instance may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory, all memories of the instance together.
    pub memory: usize,
    /// The time a call may take. Met to within some milliseconds.
    pub deadline: Duration,
    /// Bytes that a call may give back.
    pub output_bytes: usize,
    /// Rows that a call of a table or process function may give back.
    pub output_rows: usize,
    /// Lines in each second that go to the host's log.
    pub log_lines: u32,
    /// Bytes in each second that go to the host's log.
    pub log_bytes: usize,
    /// Elements of all tables of the instance together: functions, mostly.
    pub table_elements: usize,
    /// Core instances that the component may be made of, and tables that they may have.
    pub instances: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            deadline: Duration::from_secs(1),
            output_bytes: 128 << 20,
            output_rows: 4 << 20,
            log_lines: 100,
            log_bytes: 64 << 10,
            table_elements: 1 << 20,
            instances: 256,
        }
    }
}

/// The most that a stage may let a component have of them.
pub const MOST_INSTANCES: usize = 4096;
/// The same of table elements. The host needs eight bytes for each.
pub const MOST_TABLE_ELEMENTS: usize = 1 << 24;

/// Memories that a component may have. Each takes gigabytes of address space, whatever is used of it.
pub(super) const MAX_MEMORIES: usize = 16;

/// Keeps an instance within its memory and its tables.
#[derive(Debug)]
pub(super) struct Limiter {
    memory_limit: usize,
    table_limit: usize,
    instances: usize,
    memory: usize,
    table_elements: usize,
}

/// A limit of a stage is too low for a call. Nothing is wrong with the instance.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Exceeded {
    /// A function gives back more rows than it may.
    #[error(
        "function `{function}`: {requested} result rows, {limit} allowed (raise `limits.output_rows`)"
    )]
    OutputRows {
        /// The function.
        function: String,
        /// What it may give back.
        limit: usize,
        /// What it has given back.
        requested: usize,
    },
    /// What a call is made with is larger than it may be.
    #[error("{}, {limit} bytes allowed (raise `limits.memory`)", weighed(*unit, *count, *requested))]
    Arguments {
        /// What there may be fewer of.
        unit: Unit,
        /// How many there are.
        count: usize,
        /// How many bytes they may have.
        limit: usize,
        /// How many they have.
        requested: usize,
    },
}

fn weighed(unit: Unit, count: usize, bytes: usize) -> String {
    match (unit, count) {
        (Unit::Row, 0 | 1) => format!("a row of {bytes} bytes, with its state"),
        (Unit::Group, 0 | 1) => {
            format!("a holistic function needs all rows of a group at once: {bytes} bytes")
        }
        (Unit::Row, _) => format!("{count} rows of {bytes} bytes in one call"),
        (Unit::Group, _) => format!("{count} groups of {bytes} bytes in one call"),
    }
}

/// A guest has asked for more memory than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{requested} bytes of memory requested, {current} in use, {limit} allowed")]
pub(super) struct MemoryExceeded {
    /// What the instance may have, in bytes.
    pub(super) limit: usize,
    /// What it had.
    pub(super) current: usize,
    /// What it would have had.
    pub(super) requested: usize,
}

/// A guest has asked for larger tables than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "{requested} table elements requested, {current} in use, {limit} allowed (raise `limits.table_elements`)"
)]
pub(super) struct TablesExceeded {
    limit: usize,
    current: usize,
    requested: usize,
}

impl Limiter {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self {
            memory_limit: limits.memory,
            table_limit: limits.table_elements,
            instances: limits.instances,
            memory: 0,
            table_elements: 0,
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            // The engine asks before it looks at what the memory may have at most.
            return Ok(false);
        }
        let requested = self.memory.saturating_add(desired.saturating_sub(current));
        if requested > self.memory_limit {
            // An error ends the call with this reason; a refusal would end it with whatever the
            // guest does when it has no memory left, which is to trap without a word.
            return Err(MemoryExceeded {
                limit: self.memory_limit,
                current: self.memory,
                requested,
            }
            .into());
        }
        self.memory = requested;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let growth = desired.saturating_sub(current);
        let requested = self.table_elements.saturating_add(growth);
        if requested > self.table_limit {
            return Err(TablesExceeded {
                limit: self.table_limit,
                current: self.table_elements,
                requested,
            }
            .into());
        }
        self.table_elements = requested;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together() {
        let mut limiter = Limiter::new(&Limits {
            memory: 1000,
            ..Limits::default()
        });
        assert!(limiter.memory_growing(0, 400, None).expect("within"));
        assert!(limiter.memory_growing(0, 500, None).expect("within"));
        let error = limiter.memory_growing(400, 600, None).expect_err("beyond");
        assert_eq!(
            error.to_string(),
            "1100 bytes of memory requested, 900 in use, 1000 allowed"
        );
        assert!(limiter.memory_growing(400, 500, None).expect("within"));
    }

    #[test]
    fn growing_beyond_what_a_memory_declares_takes_nothing() {
        let mut limiter = Limiter::new(&Limits {
            memory: 1000,
            table_elements: 10,
            ..Limits::default()
        });
        assert!(limiter.memory_growing(0, 600, Some(600)).expect("within"));
        assert!(limiter.table_growing(0, 6, Some(6)).expect("within"));
        for _ in 0..10 {
            let memory = limiter.memory_growing(600, 700, Some(600));
            assert!(!memory.expect("the guest's own matter"));
            let table = limiter.table_growing(6, 8, Some(6));
            assert!(!table.expect("the guest's own matter"));
        }
        assert!(limiter.memory_growing(0, 400, None).expect("within"));
        assert!(limiter.table_growing(0, 4, None).expect("within"));
    }

    #[test]
    fn tables_are_limited() {
        let mut limiter = Limiter::new(&Limits::default());
        assert!(limiter.table_growing(0, 1 << 20, None).expect("within"));
        let error = limiter.table_growing(0, 1, None).expect_err("beyond");
        assert_eq!(
            error.to_string(),
            "1048577 table elements requested, 1048576 in use, 1048576 allowed \
             (raise `limits.table_elements`)"
        );
    }
}
