//! What a guest may use.

use std::time::Duration;

use thiserror::Error;
use wasmtime::ResourceLimiter;

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
        }
    }
}

/// Table elements of all tables of an instance together: functions, mostly.
const MAX_TABLE_ELEMENTS: usize = 1 << 20;

/// Core instances, memories and tables of a component. Each memory reserves address space.
const MAX_PARTS: usize = 256;

/// Keeps an instance within its memory.
#[derive(Debug)]
pub(super) struct Limiter {
    limit: usize,
    memory: usize,
    table_elements: usize,
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
#[error("{requested} table elements requested, {current} in use, {MAX_TABLE_ELEMENTS} allowed")]
pub(super) struct TablesExceeded {
    current: usize,
    requested: usize,
}

impl Limiter {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
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
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let requested = self.memory.saturating_add(desired.saturating_sub(current));
        if requested > self.limit {
            // An error ends the call with this reason; a refusal would end it with whatever the
            // guest does when it has no memory left, which is to trap without a word.
            return Err(MemoryExceeded {
                limit: self.limit,
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
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current);
        let requested = self.table_elements.saturating_add(growth);
        if requested > MAX_TABLE_ELEMENTS {
            return Err(TablesExceeded {
                current: self.table_elements,
                requested,
            }
            .into());
        }
        self.table_elements = requested;
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_PARTS
    }

    fn tables(&self) -> usize {
        MAX_PARTS
    }

    fn memories(&self) -> usize {
        MAX_PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together() {
        let mut limiter = Limiter::new(1000);
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
    fn tables_are_limited() {
        let mut limiter = Limiter::new(0);
        assert!(limiter.table_growing(0, 1 << 20, None).expect("within"));
        let error = limiter.table_growing(0, 1, None).expect_err("beyond");
        assert_eq!(
            error.to_string(),
            "1048577 table elements requested, 1048576 in use, 1048576 allowed"
        );
    }
}
