//! Scripted cases: a pipeline, what is fed to it, and what must come out of it.
//!
//! A case is run by the same subtasks as any job, on one thread and under a clock that the script sets, so
//! it always does the same. It can be restarted anywhere, at any parallelism. What a case does outside
//! (real files, real time) is not tested here.

mod case;
mod instant;
mod script;
mod step;
mod step_reader;

mod connectors;
mod crashes;
mod stepped;
mod swapping;
mod test_job;
mod totals;

mod difference;
mod expected;
mod matching;
mod row;

mod expectation;
mod look;
mod run;

pub use crate::batch::Value;
pub use case::{Case, CaseError, Reload, find_cases, load_text, load_text_with};
pub use expected::{ExpectedRow, Unit};
pub use row::Row;
pub use run::{Failure, RunOptions, run};
pub use script::{Script, ScriptError};
pub use step::{Expectation, Step};
pub use test_job::{JobOptions, TestJob};
