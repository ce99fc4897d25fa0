//! The sockets through which people reach a job that runs on their machine.
//!
//! One connection a request: a line of JSON each way. The sockets lie in a folder of the user alone and are
//! named after the pipeline file, so that who knows the file finds the job.

mod client;
mod place;
mod server;
mod slots;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

pub use client::{NobodyListens, ask};
pub use server::Control;

/// What people ask of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// To go over to other components: by stage, where they are. What is not named goes over to what the
    /// files hold.
    Swap(BTreeMap<String, PathBuf>),
    /// To go back to what ran before the latest swap.
    Rollback,
    /// To tell which stages others wait for, in the lines of its answer. That is told at once, whatever else is asked for.
    Busy,
}

/// What the job answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it was done.
    pub done: bool,
    /// What was done, or why it was not.
    pub text: String,
}
