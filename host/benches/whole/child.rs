//! What another process has used, as the system tells when it has ended.
//!
//! A new process shares its parent's memory until it becomes another program, and the largest resident set counts from
//! its birth. So each one that is measured is started by a small process of its own, this program in another role.

use std::{
    ffi::OsString,
    io::{self, Read as _, Write as _},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use wait4::Wait4 as _;

/// The first argument of this program if it measures a child.
pub(crate) const OPTION: &str = "--measure";

/// What a process has used and said.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Processor time of all its threads, in seconds.
    pub(crate) cpu: f64,
    /// From its start to its end, in seconds.
    pub(crate) wall: f64,
    /// Its largest resident set, in bytes.
    pub(crate) peak: u64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    succeeded: bool,
}

/// Runs a command in a process that does nothing else.
pub(crate) fn run(command: &Command) -> anyhow::Result<Usage> {
    let mut measuring = super::itself()?;
    measuring
        .arg(OPTION)
        .arg(command.get_program())
        .args(command.get_args())
        .stderr(Stdio::inherit());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            measuring.env(name, value);
        }
    }
    let output = measuring.output().context("cannot start this program")?;
    ensure!(output.status.success(), "`{command:?}` cannot be measured");
    let usage: Usage = serde_json::from_slice(&output.stdout)?;
    if !usage.succeeded {
        bail!("`{command:?}` has failed:\n{}", usage.stderr);
    }
    Ok(usage)
}

/// What the process does that measures: runs the command that its arguments are, and writes what it has used.
pub(crate) fn measure(mut arguments: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let program = arguments.next().context("there is nothing to measure")?;
    let started = Instant::now();
    let mut child = Command::new(&program)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    // What jobs say fits into a pipe, so one can be read after the other.
    let mut stdout = String::new();
    let mut stderr = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut stdout)?;
    }
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_string(&mut stderr)?;
    }
    let used = child.wait4()?;
    let usage = Usage {
        cpu: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        wall: started.elapsed().as_secs_f64(),
        peak: used.rusage.maxrss,
        stdout,
        stderr,
        succeeded: used.status.success(),
    };
    serde_json::to_writer(io::stdout(), &usage)?;
    Ok(io::stdout().flush()?)
}
