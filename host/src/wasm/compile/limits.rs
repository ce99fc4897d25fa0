//! How much compiling a component may take: as much as honest ones of its size need several times over.

use std::{fmt, time::Duration};

use thiserror::Error;

const MIB: u64 = 1 << 20;

/// How many times as long as it may compute a compiler may take by the clock: others compute, too.
const PATIENCE: u32 = 4;

/// So much, and more for each MiB of the component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// For any component.
    pub base: u64,
    /// For each MiB of it.
    pub each_mib: u64,
}

impl Linear {
    fn of(self, size: usize) -> u64 {
        let more = self.each_mib.saturating_mul(size as u64).div_ceil(MIB);
        self.base.saturating_add(more)
    }
}

/// How much compiling a component may take, by its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Memory, in MiB.
    pub memory: Linear,
    /// Computing time of all threads together, in seconds.
    pub time: Linear,
    /// What it is compiled to, in MiB.
    pub code: Linear,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            memory: Linear {
                base: 768,
                each_mib: 64,
            },
            time: Linear {
                base: 30,
                each_mib: 10,
            },
            code: Linear {
                base: 16,
                each_mib: 16,
            },
        }
    }
}

impl CompileLimits {
    /// Bytes of memory.
    pub(super) fn memory(&self, size: usize) -> u64 {
        self.memory.of(size).saturating_mul(MIB)
    }

    /// Seconds of computing.
    pub(super) fn seconds(&self, size: usize) -> u64 {
        self.time.of(size)
    }

    /// How long to wait.
    pub(super) fn patience(&self, size: usize) -> Duration {
        Duration::from_secs(self.seconds(size)).saturating_mul(PATIENCE)
    }

    /// Bytes of code.
    pub(super) fn code(&self, size: usize) -> u64 {
        self.code.of(size).saturating_mul(MIB)
    }

    /// What is to be said of a component of `size` bytes that is over one of them.
    pub(super) fn exceeded(&self, cost: Cost, size: usize) -> CostError {
        let (limit, unit) = match cost {
            Cost::Memory => (self.memory, "MiB"),
            Cost::Time | Cost::Wait => (self.time, "s"),
            Cost::Code => (self.code, "MiB"),
        };
        CostError {
            cost,
            size,
            limit,
            unit,
        }
    }
}

/// What there is too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cost {
    Memory,
    /// Of computing.
    Time,
    /// By the clock.
    Wait,
    Code,
}

/// Compiling a component takes more than one of its size may.
#[derive(Debug, Error, PartialEq, Eq)]
pub struct CostError {
    cost: Cost,
    size: usize,
    limit: Linear,
    unit: &'static str,
}

impl fmt::Display for CostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, unit, .. } = self;
        let most = limit.of(self.size);
        match self.cost {
            Cost::Memory => write!(
                formatter,
                "compiling it takes more than {most} MiB of memory"
            )?,
            Cost::Time => write!(
                formatter,
                "compiling it takes more than {most} s of computing"
            )?,
            Cost::Wait => write!(
                formatter,
                "compiling it takes longer than {} s, {PATIENCE} times what it may compute",
                most.saturating_mul(PATIENCE.into()),
            )?,
            Cost::Code => write!(formatter, "it is compiled to more than {most} MiB of code")?,
        }
        write!(
            formatter,
            "; the limit is {} {unit}, and {} {unit} for each MiB of a component, and this one has {:.1} MiB: ",
            limit.base,
            limit.each_mib,
            self.size as f64 / MIB as f64,
        )?;
        formatter.write_str(match self.cost {
            Cost::Wait => "try it again when the machine has less to do",
            Cost::Memory | Cost::Time | Cost::Code => {
                "leave out what is not needed, and split very large functions"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_with_the_component() {
        let limits = CompileLimits::default();
        assert_eq!(limits.memory(0), 768 * MIB);
        assert_eq!(limits.memory(1), 769 * MIB);
        assert_eq!(limits.memory(30 << 20), (768 + 30 * 64) * MIB);
        assert_eq!(limits.seconds(30 << 20), 330);
        assert_eq!(limits.patience(30 << 20), Duration::from_secs(1320));
        assert_eq!(limits.code(usize::MAX), u64::MAX);
    }

    #[test]
    fn what_exceeds_them_is_told_with_the_rule() {
        let limits = CompileLimits::default();
        let text = |cost| limits.exceeded(cost, 3 << 19).to_string();
        assert_eq!(
            text(Cost::Memory),
            "compiling it takes more than 864 MiB of memory; the limit is 768 MiB, and 64 MiB for each MiB of a \
             component, and this one has 1.5 MiB: leave out what is not needed, and split very large functions"
        );
        assert!(text(Cost::Time).starts_with("compiling it takes more than 45 s of computing; "));
        assert!(text(Cost::Wait).starts_with("compiling it takes longer than 180 s, 4 times"));
        assert!(text(Cost::Code).starts_with("it is compiled to more than 40 MiB of code; "));
    }
}
