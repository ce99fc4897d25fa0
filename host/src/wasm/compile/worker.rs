//! The process that compiles: sets its own limits, reads one component and sends what it has come to.
//!
//! It must not outlive who has started it, however that ends: it watches its input, which closes then.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    process, thread,
};

use anyhow::{Context, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::answer::Answer;
use crate::wasm::engine::config;

/// What a process that compiles is told when it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileOrder {
    /// The bytes of the component.
    pub size: usize,
    /// The most bytes of memory.
    pub memory: u64,
    /// The longest that its threads may compute together.
    pub seconds: u64,
    /// How many threads.
    pub threads: usize,
}

impl CompileOrder {
    /// The first of its words.
    pub const COMMAND: &str = "compile-component";

    /// The command line that says so: a word, and the numbers in the order of the fields.
    pub fn words(&self) -> Vec<OsString> {
        vec![
            Self::COMMAND.into(),
            self.size.to_string().into(),
            self.memory.to_string().into(),
            self.seconds.to_string().into(),
            self.threads.to_string().into(),
        ]
    }
}

/// Compiles the component that comes by `input`, which ends when nobody waits for it any more.
///
/// # Errors
///
/// If the limits cannot be set, or nobody reads what is sent. That a component cannot be compiled is an answer.
pub fn compile_to_order(
    order: &CompileOrder,
    mut input: impl Read + Send + 'static,
    output: impl Write,
) -> anyhow::Result<()> {
    limit(order).context("cannot limit myself")?;
    let mut component = Vec::with_capacity(order.size);
    let most = order.size as u64;
    input.by_ref().take(most).read_to_end(&mut component)?;
    ensure!(component.len() == order.size, "who wanted this has gone");
    let watch = move || {
        // Nothing more is sent, so this is how it ends.
        let _ = io::copy(&mut input, &mut io::sink());
        process::exit(1);
    };
    // Nobody joins it: it waits as long as the process lives.
    thread::Builder::new()
        .name("parent".to_owned())
        .spawn(watch)?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(order.threads)
        .build_global()?;
    let engine = wasmtime::Engine::new(&config());
    let engine = engine.map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let answer = match engine.precompile_component(&component) {
        Ok(code) => Answer::Code(code),
        Err(error) => Answer::Invalid(error.root_cause().to_string()),
    };
    answer.write(output).context("nobody reads the answer")
}

/// Sets limits that no code of this process can raise.
fn limit(order: &CompileOrder) -> anyhow::Result<()> {
    lower(Resource::Core, 0, 0)?;
    lower(Resource::Data, order.memory, order.memory)?;
    // The first ends the process with a signal that says why.
    lower(
        Resource::Cpu,
        order.seconds,
        order.seconds.saturating_add(1),
    )?;
    // Should all memory run out, this process is to go, and not the one that has started it.
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Lowers a limit. One that is lower already stays.
fn lower(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let lower = |now: Option<u64>, wanted| Some(now.map_or(wanted, |now| now.min(wanted)));
    let now = getrlimit(resource);
    let limit = Rlimit {
        current: lower(now.current, current),
        maximum: lower(now.maximum, maximum),
    };
    Ok(setrlimit(resource, limit)?)
}
