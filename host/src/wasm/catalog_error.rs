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
