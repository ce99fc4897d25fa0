//! Compiling components in processes of their own, which have limits: what a compiler makes of hostile bytes
//! may take any time and any memory, and must cost nothing but the component.
//!
//! Why it is done like this: `docs/adr/0017-compilers-in-processes-of-their-own.md`.

mod answer;
mod conversation;
mod ending;
mod limits;
mod worker;

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use conversation::Conversation;
pub use limits::{CompileLimits, CostError, Linear};
pub use worker::{CompileOrder, compile_to_order};

use super::load_error::LoadError;

/// The program that compiles components, and how much it may take for that.
#[derive(Clone, Debug)]
pub struct Compiler {
    program: PathBuf,
    limits: CompileLimits,
}

impl Compiler {
    /// Compiles with `program`, which is to do [`compile_to_order`] by the words that [`CompileOrder::words`] makes.
    pub const fn new(program: PathBuf, limits: CompileLimits) -> Self {
        Self { program, limits }
    }

    /// Compiles with the program that this process runs, also if its file was replaced since: for `tidemill` itself.
    ///
    /// # Errors
    ///
    /// If the system does not tell which that is.
    pub fn own() -> io::Result<Self> {
        let running = Path::new("/proc/self/exe");
        let program = match running.exists() {
            true => running.to_owned(),
            false => std::env::current_exe()?,
        };
        Ok(Self::new(program, CompileLimits::default()))
    }

    /// Compiles a component, unless it is not wanted any more: `is_wanted` is asked again and again.
    pub(super) fn compile(
        &self,
        component: &[u8],
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Made, LoadError> {
        let order = CompileOrder {
            size: component.len(),
            memory: self.limits.memory(component.len()),
            seconds: self.limits.seconds(component.len()),
            threads: threads(),
        };
        let worker = self.command(&order).spawn().map_err(|error| {
            let program = self.program.display();
            LoadError::Compiler(format!("cannot start `{program}`: {error}"))
        })?;
        let conversation = Conversation::begin(worker, component, &self.limits)?;
        conversation.go_on(is_wanted).map(Made)
    }

    fn command(&self, order: &CompileOrder) -> Command {
        let words: Vec<OsString> = order.words();
        let mut command = Command::new(&self.program);
        command
            .arg0("tidemill")
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for us to handle.
            .process_group(0);
        command
    }
}

/// On how many threads to compile: those of the pool that we are in, or all there are.
fn threads() -> usize {
    match rayon::current_thread_index() {
        Some(_) => rayon::current_num_threads(),
        None => thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Code that a process of this very program has just made. Made by [`Compiler::compile`] only.
pub(super) struct Made(Vec<u8>);

impl Made {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
