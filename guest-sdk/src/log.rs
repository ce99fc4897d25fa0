//! Lines for the host's log. Natively, in tests, they go to standard error.
//!
//! The host limits lines and bytes; a line for each row is too much for it.

#[cfg(target_arch = "wasm32")]
use crate::bindings::tidemill::udf::log::{Level, write};

/// What only someone who looks for a fault wants to know.
pub fn debug(message: impl AsRef<str>) {
    write(Level::Debug, message.as_ref());
}

/// What happens once in a while and is as it should be.
pub fn info(message: impl AsRef<str>) {
    write(Level::Info, message.as_ref());
}

/// Something is not as it should be, but the function knows what to do.
pub fn warn(message: impl AsRef<str>) {
    write(Level::Warn, message.as_ref());
}

/// Someone has to act.
pub fn error(message: impl AsRef<str>) {
    write(Level::Error, message.as_ref());
}

#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, Debug)]
enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

#[cfg(not(target_arch = "wasm32"))]
fn write(level: Level, message: &str) {
    use std::io::Write as _;
    // A test whose standard error is closed has nobody to tell.
    let _ = writeln!(std::io::stderr(), "{level:?}: {message}");
}

/// Makes a panic say what happened: the trap that follows carries no text.
pub(crate) fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| error(panic.to_string())));
}
