//! What a guest has to say: `tidemill:udf/log`, and what it prints.
//!
//! Goes to the host's log, limited in lines and bytes, with the last lines kept so that a failure
//! can show them.

use std::{collections::VecDeque, mem, sync::Arc};

use wasmtime::component::{ComponentType, Lift, Linker, Lower, WasmStr};

use super::{
    contract::{PACKAGE, VERSION},
    log_budget::LogBudget,
    quote::quote,
    sandbox::Sandbox,
};

/// How important a line is to the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "guests make them")]
pub(super) enum Level {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// Bytes of a line that are kept.
const MAX_LINE: usize = 2048;

/// Bytes that are taken at once.
const MAX_TEXT: usize = 256 << 10;

/// Lines that are taken at once.
const MAX_LINES: usize = 1000;

/// Lines of an error that are shown together.
const COMPLAINT_LINES: usize = 4;

/// Lines of a call that a failure can show.
const KEPT_LINES: usize = 8;

/// The log of one instance.
#[derive(Debug)]
pub(super) struct Log {
    stage: Arc<str>,
    budget: LogBudget,
    recent: VecDeque<String>,
    /// The last error of this call, on one line: where a panic ends up.
    complaint: Option<String>,
    /// What the guest has printed since the last end of a line.
    printed: Vec<u8>,
    /// Whether the guest has ever printed anything: then its panics are printed, too.
    prints: bool,
}

impl Log {
    pub(super) fn new(stage: Arc<str>, budget: LogBudget) -> Self {
        Self {
            stage,
            budget,
            recent: VecDeque::new(),
            complaint: None,
            printed: Vec::new(),
            prints: false,
        }
    }

    /// Forgets the lines of the call before.
    pub(super) fn begin_call(&mut self) {
        self.recent.clear();
        self.complaint = None;
    }

    /// The last lines of this call, the oldest first.
    pub(super) fn recent(&self) -> Vec<String> {
        self.recent.iter().cloned().collect()
    }

    /// What the guest says is wrong, on one line: its last error in this call, or else the last
    /// lines it has printed.
    pub(super) fn complaint(&self) -> Option<String> {
        let printed = || {
            let first = self.recent.len().saturating_sub(COMPLAINT_LINES);
            let lines: Vec<&str> = self.recent.range(first..).map(String::as_str).collect();
            (self.prints && !lines.is_empty()).then(|| lines.join(" "))
        };
        self.complaint.clone().or_else(printed)
    }

    /// Takes what the guest says, which may be of several lines.
    pub(super) fn write(&mut self, level: Level, text: &str) {
        if level == Level::Error {
            let lines: Vec<&str> = text.lines().take(COMPLAINT_LINES).collect();
            self.complaint = Some(quote(&lines.join(" "), MAX_LINE));
        }
        for line in text.lines().take(MAX_LINES) {
            self.line(level, quote(line, MAX_LINE));
        }
    }

    /// Takes what the guest prints, which need not end where a line does.
    pub(super) fn print(&mut self, bytes: &[u8]) {
        self.prints = true;
        for (index, piece) in bytes.split(|&byte| byte == b'\n').enumerate() {
            if index > 0 {
                self.end_line();
            }
            let room = MAX_LINE.saturating_sub(self.printed.len());
            let kept = piece.get(..room).unwrap_or(piece);
            self.printed.extend_from_slice(kept);
        }
    }

    /// Ends a call: what was printed without an end of line is a line, too.
    pub(super) fn end_call(&mut self) {
        if !self.printed.is_empty() {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let printed = mem::take(&mut self.printed);
        let line = String::from_utf8_lossy(&printed);
        self.line(Level::Info, quote(&line, MAX_LINE));
    }

    fn line(&mut self, level: Level, line: String) {
        if self.budget.admits(line.len()) {
            let stage = &*self.stage;
            match level {
                Level::Debug => tracing::debug!(target: "guest", stage, "{line}"),
                Level::Info => tracing::info!(target: "guest", stage, "{line}"),
                Level::Warn => tracing::warn!(target: "guest", stage, "{line}"),
                Level::Error => tracing::error!(target: "guest", stage, "{line}"),
            }
        }
        if self.recent.len() == KEPT_LINES {
            self.recent.pop_front();
        }
        self.recent.push_back(line);
    }
}

/// As much of a text as is taken at once.
fn start(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

/// Adds `tidemill:udf/log` to what components can import.
pub(super) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(&format!("{PACKAGE}/log@{VERSION}"))?;
    instance.func_wrap(
        "write",
        |mut store: wasmtime::StoreContextMut<'_, Sandbox>, (level, message): (Level, WasmStr)| {
            // Owned, for the log and the guest's memory belong to the same store.
            let message = start(&message.to_str(&store)?).to_owned();
            store.data_mut().log().write(level, &message);
            Ok(())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::limits::Limits;

    fn log() -> Log {
        let budget = LogBudget::new("hot".into(), &Limits::default());
        Log::new("hot".into(), budget)
    }

    #[test]
    fn the_last_lines_of_a_call_are_kept() {
        let mut log = log();
        for number in 0..20 {
            log.write(Level::Info, &format!("line {number}\nand more"));
        }
        let recent = log.recent();
        assert_eq!(recent.len(), KEPT_LINES);
        assert_eq!(recent.last().map(String::as_str), Some("and more"));
        log.begin_call();
        assert_eq!(log.recent(), Vec::<String>::new());
    }

    #[test]
    fn what_is_printed_is_put_together_to_lines() {
        let mut log = log();
        log.print(b"one\ntw");
        log.print(b"o\nthree");
        assert_eq!(log.recent(), ["one", "two"]);
        log.end_call();
        assert_eq!(log.recent(), ["one", "two", "three"]);
        log.end_call();
        assert_eq!(log.recent().len(), 3);
    }

    #[test]
    fn a_complaint_is_the_last_error_or_what_was_printed() {
        let mut log = log();
        log.write(Level::Info, "hello");
        assert_eq!(log.complaint(), None);
        log.write(Level::Error, "panicked at x.rs:1:2:\nno such city\x07");
        log.write(Level::Info, "goodbye");
        let complaint = log.complaint();
        assert_eq!(
            complaint.as_deref(),
            Some("panicked at x.rs:1:2: no such city\\u{7}")
        );
        log.begin_call();
        log.print(b"thread panicked\nno such city\n");
        let complaint = log.complaint();
        assert_eq!(complaint.as_deref(), Some("thread panicked no such city"));
    }
}
