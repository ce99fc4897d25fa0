//! Faults of the file system that tests make up, on their own thread.

use std::{cell::RefCell, io, path::Path};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::connector::file_sink) enum Fault {
    /// The process is gone after so many steps.
    CrashAfter(usize),
    /// The disk is full after so many writes.
    FullAfter(usize),
}

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    steps: Vec<String>,
    writes: usize,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Does `work` with a fault. Returns what it gives and the steps that it took.
pub(in crate::connector::file_sink) fn with<T>(
    fault: Fault,
    work: impl FnOnce() -> T,
) -> (T, Vec<String>) {
    let state = State {
        fault: Some(fault),
        ..State::default()
    };
    STATE.set(state);
    let done = work();
    (done, STATE.take().steps)
}

/// Whether a fault is made up, even if it has not come yet.
pub(super) fn armed() -> bool {
    STATE.with_borrow(|state| state.fault.is_some())
}

pub(super) fn step(what: &str, path: &Path) -> io::Result<()> {
    STATE.with_borrow_mut(|state| {
        let Some(fault) = state.fault else {
            return Ok(());
        };
        state.writes += usize::from(what == "write");
        let failed = match fault {
            Fault::CrashAfter(steps) => {
                (state.steps.len() >= steps).then_some(io::ErrorKind::Other)
            }
            Fault::FullAfter(writes) => {
                (what == "write" && state.writes > writes).then_some(io::ErrorKind::StorageFull)
            }
        };
        if let Some(kind) = failed {
            return Err(kind.into());
        }
        let name = path
            .file_name()
            .map_or_else(String::new, |name| format!(" {}", name.to_string_lossy()));
        state.steps.push(format!("{what}{name}"));
        Ok(())
    })
}
