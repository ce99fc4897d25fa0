//! Why a call into a guest has no result.

use std::time::Duration;

use thiserror::Error;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};

use super::{
    check::Malformed,
    limit_error::HandsOver,
    limits::{Exceeded, Limits, MemoryExceeded, TablesExceeded},
    log::Log,
    lower::Mismatch,
    quote::quote,
};

/// Why a call into a guest has no result.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CallError {
    /// The guest's own error for the whole call.
    #[error("{0}")]
    Refused(
        /// What the guest says.
        String,
    ),
    /// The guest has broken down: it panicked, read outside of its memory, ….
    #[error("{message}{}", spoken(complaint))]
    Trap {
        /// What happened.
        message: String,
        /// What the guest itself said was wrong: the message of a panic, mostly.
        complaint: Option<String>,
        /// The functions it happened in, the innermost first.
        frames: Vec<String>,
        /// The last lines the guest has logged or printed in this call.
        log: Vec<String>,
    },
    /// The guest has taken too long.
    #[error("took longer than {deadline:?} (raise `limits.deadline`)")]
    Deadline {
        /// How long a call may take.
        deadline: Duration,
        /// The functions it was in when the time was up, the innermost first.
        frames: Vec<String>,
        /// The last lines the guest has logged or printed in this call.
        log: Vec<String>,
    },
    /// The guest has asked for more memory than it may have.
    #[error(
        "out of memory: {requested} bytes requested, {current} in use, {limit} allowed \
         (raise `limits.memory`)"
    )]
    OutOfMemory {
        /// What it may have, in bytes.
        limit: usize,
        /// What it had.
        current: usize,
        /// What it would have had.
        requested: usize,
        /// The functions that asked for it, the innermost first.
        frames: Vec<String>,
        /// The last lines the guest has logged or printed in this call.
        log: Vec<String>,
    },
    /// A limit is too low for the call.
    #[error("{0}")]
    Limit(
        /// Which.
        Exceeded,
    ),
    /// The answer breaks the contract.
    #[error("malformed answer: {0}")]
    Malformed(
        /// The function, the column, what was expected, what was found.
        String,
    ),
    /// The call does not fit the function: a mistake of the caller's.
    #[error("call does not fit: {0}")]
    Misfit(
        /// What was expected and what was found.
        String,
    ),
    /// The instance has broken down in a call before this one.
    #[error("the instance has broken down before and was not renewed")]
    Poisoned,
}

impl CallError {
    /// Whether the instance cannot be called again before it is renewed.
    pub const fn poisons(&self) -> bool {
        match self {
            Self::Trap { .. }
            | Self::Deadline { .. }
            | Self::OutOfMemory { .. }
            | Self::Poisoned => true,
            Self::Refused(_) | Self::Limit(_) | Self::Malformed(_) | Self::Misfit(_) => false,
        }
    }

    /// Whether the call was not made, because it is to be made with fewer rows at once.
    pub const fn wants_less(&self) -> bool {
        matches!(self, Self::Limit(Exceeded::Arguments { count: 2.., .. }))
    }

    /// Whether there was not enough time, memory or room for the call or its answer: nothing need be wrong with its
    /// rows.
    pub const fn is_lack_of_means(&self) -> bool {
        matches!(
            self,
            Self::OutOfMemory { .. } | Self::Deadline { .. } | Self::Limit(_)
        )
    }

    /// What the guest has logged or printed in the call, the oldest line first.
    pub fn log(&self) -> &[String] {
        match self {
            Self::Trap { log, .. } | Self::Deadline { log, .. } | Self::OutOfMemory { log, .. } => {
                log
            }
            Self::Refused(_)
            | Self::Limit(_)
            | Self::Malformed(_)
            | Self::Misfit(_)
            | Self::Poisoned => &[],
        }
    }

    /// The functions in which the call has ended, as their authors call them, the innermost first; none if it
    /// has not ended in the guest's code.
    pub fn frames(&self) -> &[String] {
        match self {
            Self::Trap { frames, .. }
            | Self::Deadline { frames, .. }
            | Self::OutOfMemory { frames, .. } => frames,
            Self::Refused(_)
            | Self::Malformed(_)
            | Self::Limit(_)
            | Self::Misfit(_)
            | Self::Poisoned => &[],
        }
    }

    /// What an error of the engine means for an instance with these limits.
    pub(super) fn of_engine(
        error: &wasmtime::Error,
        limits: &Limits,
        hands_over: HandsOver,
        log: &Log,
    ) -> Self {
        let complaint = log.complaint();
        let log = log.recent();
        let backtrace = error.downcast_ref::<WasmBacktrace>();
        let frames = backtrace.map(frames).unwrap_or_default();
        if let Some(exceeded) = error.downcast_ref::<MemoryExceeded>() {
            return Self::OutOfMemory {
                limit: exceeded.limit,
                current: exceeded.current,
                requested: exceeded.requested,
                frames,
                log,
            };
        }
        let trap = error.downcast_ref::<Trap>();
        if trap == Some(&Trap::Interrupt) {
            return Self::Deadline {
                deadline: limits.deadline,
                frames,
                log,
            };
        }
        let message = match (trap, error.downcast_ref::<TablesExceeded>()) {
            (Some(trap), _) => describe(*trap),
            (None, Some(exceeded)) => exceeded.to_string(),
            (None, None) => match (limits.of_engine(error, hands_over), backtrace) {
                (Some(exceeded), _) => exceeded,
                (None, Some(_)) => cause(error),
                // Not while the guest was at work, but before or after: its answer is no answer.
                (None, None) => format!("call cannot be completed: {}", cause(error)),
            },
        };
        Self::Trap {
            message,
            complaint,
            frames,
            log,
        }
    }
}

/// The innermost cause of an error.
fn cause(error: &wasmtime::Error) -> String {
    quote(&error.root_cause().to_string(), 512)
}

impl From<Exceeded> for CallError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Limit(exceeded)
    }
}

impl From<Malformed> for CallError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed.0)
    }
}

impl From<Mismatch> for CallError {
    fn from(mismatch: Mismatch) -> Self {
        Self::Misfit(mismatch.0)
    }
}

/// The end of a message.
fn spoken(complaint: &Option<String>) -> String {
    match complaint {
        Some(complaint) => format!(": {complaint}"),
        None => String::new(),
    }
}

/// A trap in the words of its users.
fn describe(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => "trap: unreachable".to_owned(),
        Trap::StackOverflow => "trap: stack overflow".to_owned(),
        Trap::MemoryOutOfBounds => "trap: access outside of its memory".to_owned(),
        Trap::IntegerDivisionByZero => "trap: integer division by zero".to_owned(),
        Trap::IntegerOverflow => "trap: integer overflow".to_owned(),
        Trap::BadConversionToInteger => "trap: number does not fit an integer".to_owned(),
        other => other.to_string().replacen("wasm trap", "trap", 1),
    }
}

/// Frames that are shown.
const MAX_FRAMES: usize = 16;

/// The functions of a backtrace, as their authors call them. One that calls itself stands there
/// once.
fn frames(backtrace: &WasmBacktrace) -> Vec<String> {
    let name = |frame: &FrameInfo| match frame.func_name() {
        Some(name) => quote(&demangle(name), 256),
        None => format!("function {}", frame.func_index()),
    };
    let mut frames: Vec<String> = backtrace.frames().iter().map(name).collect();
    frames.dedup();
    frames.truncate(MAX_FRAMES);
    frames
}

/// `core::panicking::panic_fmt` of `_RNvNtCsgXGp5Oqx2Ny_4core9panicking9panic_fmt`.
fn demangle(name: &str) -> String {
    // The alternate form is the one without a hash.
    format!("{:#}", rustc_demangle::demangle(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::{log::Level, log_budget::LogBudget};

    fn engine_error(error: impl Into<wasmtime::Error>, said: &[&str]) -> CallError {
        let mut log = Log::new(
            "hot".into(),
            LogBudget::new("hot".into(), &Limits::default()),
        );
        for text in said {
            log.write(Level::Error, text);
        }
        let limits = Limits {
            deadline: Duration::from_millis(250),
            ..Limits::default()
        };
        CallError::of_engine(&error.into(), &limits, HandsOver::Results(1), &log)
    }

    #[test]
    fn a_trap_tells_what_the_guest_said() {
        let said = ["hello", "panicked at x.rs:1:2:\nno such city"];
        let error = engine_error(Trap::UnreachableCodeReached, &said);
        assert_eq!(
            error.to_string(),
            "trap: unreachable: panicked at x.rs:1:2: no such city"
        );
        assert_eq!(
            error.log(),
            ["hello", "panicked at x.rs:1:2:", "no such city"]
        );
        assert!(error.poisons());
        let error = engine_error(Trap::IntegerDivisionByZero, &[]);
        assert_eq!(error.to_string(), "trap: integer division by zero");
    }

    #[test]
    fn an_interrupt_is_a_deadline() {
        let error = engine_error(Trap::Interrupt, &["still at it"]);
        assert_eq!(
            error.to_string(),
            "took longer than 250ms (raise `limits.deadline`)"
        );
        assert_eq!(error.log(), ["still at it"]);
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let exceeded = MemoryExceeded {
            limit: 3,
            current: 2,
            requested: 4,
        };
        let error = engine_error(exceeded, &[]);
        assert_eq!(
            error.to_string(),
            "out of memory: 4 bytes requested, 2 in use, 3 allowed (raise `limits.memory`)"
        );
    }

    #[test]
    fn names_are_those_of_the_source() {
        for (mangled, name) in [
            (
                "_RNvNtCsgXGp5Oqx2Ny_4core9panicking9panic_fmt",
                "core::panicking::panic_fmt",
            ),
            (
                "_ZN11probe_guest7exports4call17hc98b52f1d74821d1E",
                "probe_guest::exports::call",
            ),
            ("main.hot", "main.hot"),
        ] {
            assert_eq!(demangle(mangled), name);
        }
    }
}
