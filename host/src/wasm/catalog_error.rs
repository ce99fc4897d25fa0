//! Why a catalog cannot be had.

use thiserror::Error;

use super::call_error::CallError;

/// Why a component's catalog cannot be had.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// The component refuses the configuration.
    #[error("the component refuses its configuration: {0}")]
    Refused(
        /// Its reason.
        String,
    ),
    /// It cannot be instantiated or asked.
    #[error("the component cannot be asked for its catalog")]
    Call(#[source] CallError),
    /// It takes more than any library may take for that, which no limit of a stage changes.
    #[error("the component cannot be asked for its catalog: `configure` {0}: have it do less")]
    TooMuch(
        /// What it takes, and what it may.
        String,
    ),
    /// What it says breaks the contract.
    #[error("the component's catalog is not valid: {0}")]
    Invalid(
        /// The function and what is wrong with it.
        String,
    ),
    /// It says one thing and then another.
    #[error("the component's catalog is not the same for every instance")]
    Unstable,
}

impl CatalogError {
    /// The same of a component that was asked with limits that nobody can raise.
    pub(super) fn with_fixed_limits(self) -> Self {
        match self {
            Self::Call(CallError::Deadline { deadline, .. }) => {
                Self::TooMuch(format!("took longer than {deadline:?}"))
            }
            Self::Call(CallError::OutOfMemory {
                limit,
                current,
                requested,
                ..
            }) => Self::TooMuch(format!(
                "is out of memory, {requested} bytes requested, {current} in use, {limit} allowed"
            )),
            other => other,
        }
    }
}
