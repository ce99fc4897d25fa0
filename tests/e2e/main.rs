//! Tests against the real binary: what a user types, what a user sees.
#![expect(unreachable_pub, reason = "a test binary has no outside")]

mod architecture;
mod averages;
mod bad_input;
mod bad_pipelines;
#[cfg(target_os = "linux")]
mod bombs;
mod cases;
mod checkpoints;
mod commands;
mod compat;
mod endings;
mod examples;
mod faults;
mod functions;
mod hostile;
mod interrupts;
mod kills;
mod large_files;
mod latency;
mod oracle;
mod plain;
mod poison;
mod recovery;
mod refusals;
mod replay;
mod restarts;
mod sandbox;
mod semantics;
mod simulation;
mod sources;
mod support;
mod swaps;
mod untried;
mod windows;
