//! What is said to people, on standard error.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Says `text` on standard error. Whoever read it may have gone: that is no reason to stop a job.
pub(super) fn say(text: impl Display) {
    let _nobody_listens = write!(io::stderr(), "{text}");
}

/// Says `text` on a line of its own.
pub(super) fn say_line(text: impl Display) {
    say(format_args!("{text}\n"));
}

/// Standard error for the log, which would panic if it could not be written.
pub(super) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _nobody_listens = io::stderr().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _nobody_listens = io::stderr().flush();
        Ok(())
    }
}
