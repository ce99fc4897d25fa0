//! The log on standard error.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::talk::Log;

/// How lines of the log are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    Text,
    /// For machines: a JSON object a line
    Json,
}

/// Sends the log to standard error: warnings, what guests say, and swaps; `TIDEMILL_LOG` asks for more or
/// less, as in `TIDEMILL_LOG=debug`.
pub(super) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("TIDEMILL_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,guest=info,swap=info,compile=info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Log);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
