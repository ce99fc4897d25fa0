//! Why a process that compiles has ended without an answer.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

use rustix::process::Signal;

use super::limits::Cost;
use crate::batch::visible_line;

/// What Rust's standard library says before it aborts a process that gets no memory: nothing else tells that apart
/// from other aborts. If it should say something else one day, that is shown.
const NO_MEMORY: &str = "memory allocation of ";

/// What was too much for the process, or how it has failed otherwise. `words` are what it has said.
pub(super) fn cause(status: ExitStatus, words: &[u8]) -> Result<Cost, String> {
    let words = String::from_utf8_lossy(words);
    let lines = || words.lines().map(str::trim).filter(|line| !line.is_empty());
    let signal = status.signal();
    let is = |wanted: Signal| signal == Some(wanted.as_raw());
    if is(Signal::XCPU) {
        return Ok(Cost::Time);
    }
    if is(Signal::ABORT) && words.contains(NO_MEMORY) {
        return Ok(Cost::Memory);
    }
    let mut reason = match signal {
        Some(_) if is(Signal::KILL) => {
            "the process was killed, perhaps for want of memory".to_owned()
        }
        Some(signal) => format!("the process was ended by signal {signal}"),
        None => format!("the process has ended with {status}"),
    };
    if let Some(last) = lines().next_back() {
        reason.push_str(": ");
        reason.push_str(&visible_line(last));
    }
    Err(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: i32, words: &str, expected: Result<Cost, &str>) {
        let cause = cause(ExitStatus::from_raw(status), words.as_bytes());
        assert_eq!(cause, expected.map_err(str::to_owned));
    }

    #[test]
    fn what_was_too_much_is_told_from_how_it_ends() {
        check(Signal::XCPU.as_raw(), "", Ok(Cost::Time));
        let said = "\nmemory allocation of 96 bytes failed\n";
        check(Signal::ABORT.as_raw(), said, Ok(Cost::Memory));
    }

    #[test]
    fn other_ends_are_failures() {
        check(
            Signal::ABORT.as_raw(),
            "thread 'main' has overflowed its stack\nfatal: \x1b[0m\n\n",
            Err("the process was ended by signal 6: fatal: \\u{1b}[0m"),
        );
        check(
            Signal::KILL.as_raw(),
            "",
            Err("the process was killed, perhaps for want of memory"),
        );
        check(
            101 << 8,
            "it panicked",
            Err("the process has ended with exit status: 101: it panicked"),
        );
    }
}
