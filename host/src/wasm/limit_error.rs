//! What the engine says when a guest goes beyond a limit, in the words of those who set limits.
//!
//! The engine has types for these errors that nobody else can name, so they are known by its words; a test
//! holds it to them.

use wasmtime::component::ResourceTableError;

use super::{
    limits::{Limits, MAX_MEMORIES},
    wasi::MAX_HANDLES,
};

/// What the engine says of a list or a string that is too long.
const FUEL: &str = "fuel allocated for hostcalls has been exhausted";

/// What it says before the number of instances, memories or tables that a component has too many of.
const COUNT: &str = "resource limit exceeded: ";

/// What a guest hands over in a call, and how many bytes of it it may.
#[derive(Clone, Copy, Debug)]
pub(super) enum HandsOver {
    /// What functions come to: the stage says how much.
    Results(usize),
    /// What the library holds.
    Catalog(usize),
}

impl Limits {
    /// What an error of the engine says about a limit, if it does.
    pub(super) fn of_engine(
        &self,
        error: &wasmtime::Error,
        hands_over: HandsOver,
    ) -> Option<String> {
        if let Some(ResourceTableError::Full) = error.downcast_ref() {
            return Some(format!(
                "{} handles requested, {MAX_HANDLES} in use, {MAX_HANDLES} allowed: drop some",
                MAX_HANDLES + 1
            ));
        }
        let cause = error.root_cause().to_string();
        if cause.ends_with(FUEL) {
            return Some(match hands_over {
                HandsOver::Results(bytes) => format!(
                    "hands over more than {bytes} bytes at once, which is all that is allowed \
                     (raise `limits.output_bytes`)"
                ),
                HandsOver::Catalog(bytes) => {
                    format!("its catalog has more than {bytes} bytes, which is all that is allowed")
                }
            });
        }
        let (what, requested) = cause
            .strip_prefix(COUNT)?
            .split_once(" count too high at ")?;
        let what = match what {
            "memory" => {
                return Some(format!(
                    "{requested} memories requested, {MAX_MEMORIES} allowed"
                ));
            }
            "table" => "tables",
            _ => "core instances",
        };
        Some(format!(
            "{requested} {what} requested, {} allowed (raise `limits.instances`)",
            self.instances
        ))
    }
}
