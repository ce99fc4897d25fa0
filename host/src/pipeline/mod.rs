//! Pipelines: from the file that a user writes to a plan that cannot be wrong.
//!
//! The text becomes a *spec*, which says what the user wrote and where; the spec becomes a
//! [`Plan`], which says what the runtime does. Both steps collect every mistake they find. What
//! lies outside the file is asked for through an [`Environment`]; nothing here runs a pipeline.

mod build;
mod checkpoint;
mod compare;
mod environment;
mod plan;
mod registry;
mod regular_file;

mod describe;
mod diagnostic;
mod load;
mod outline;
mod overrides;
mod reader;
mod resolve;
mod restart;
mod spec;
mod suggestion;

#[cfg(test)]
mod tests;

#[cfg(any(test, fuzzing))]
#[cfg_attr(
    test,
    expect(unreachable_pub, reason = "only fuzzing calls it from outside")
)]
mod fuzz;

#[cfg(fuzzing)]
pub use fuzz::fuzz_pipeline;

pub use build::{BuildConfig, ShellCommand};
pub use checkpoint::{CheckpointConfig, Location, Place};
pub use compare::{
    FunctionMisfit, Misfit, Part, StageChange, StateFit, check_migration, check_migrations,
    compare, compare_functions, counterpart,
};
pub use diagnostic::{Diagnostic, Diagnostics, Span};
pub use environment::{
    Environment, Libraries, LibraryError, LibraryRef, LoadedLibrary, short_digest,
};
pub use load::{load, load_text, load_text_with, load_with};
pub use outline::{Outline, outline};
pub use overrides::Overrides;
pub use plan::{
    DEAD_LETTERS, LibraryUse, Node, Plan, SinkPlan, SourcePlan, StageLimits, StagePlan, TablePlan,
};
pub use registry::{Registry, WantedLibraries};
pub use regular_file::{MAX_COMPONENT, RegularFile};
pub use restart::RestartPolicy;
