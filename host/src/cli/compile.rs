//! `tidemill compile-component`: what `tidemill` starts itself as to compile a component. Not for people.

use std::io;

use clap::Args;

use super::Ending;
use crate::wasm::{CompileOrder, compile_to_order};

/// Compile a component from standard input, within limits
#[derive(Debug, Args)]
#[command(hide = true)]
pub(super) struct Compile {
    /// The bytes of the component
    size: usize,

    /// The most bytes of memory
    memory: u64,

    /// The most seconds of computing
    seconds: u64,

    /// How many threads
    threads: usize,
}

impl Compile {
    pub(super) fn execute(&self) -> anyhow::Result<Ending> {
        let order = CompileOrder {
            size: self.size,
            memory: self.memory,
            seconds: self.seconds,
            threads: self.threads,
        };
        compile_to_order(&order, io::stdin(), io::stdout())?;
        Ok(Ending::Done)
    }
}
