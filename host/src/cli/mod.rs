//! The command line: one file a subcommand.
//!
//! Standard output is data, standard error is talk. The only module that names clap and that
//! prints.
mod build;
mod check;
mod checkpoints;
mod compat;
mod compile;
mod dev;
mod failpoint;
mod inspect;
mod interrupt;
mod live;
mod logging;
mod new;
mod progress;
mod replay;
mod run;
mod setup;
mod summary;
#[cfg(unix)]
mod swap;
mod talk;
mod test;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};

use self::talk::say_line;
use crate::{batch::visible, connector::SinkClosed, pipeline::Diagnostics, wasm::CompileOrder};

/// A stream runtime in which all user logic is sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "tidemill", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// How to write the log on standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: logging::LogFormat,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Dev(dev::Dev),
    #[cfg(unix)]
    Swap(swap::Swap),
    #[cfg(unix)]
    Rollback(swap::Rollback),
    Check(check::Check),
    Test(test::Test),
    Replay(replay::Replay),
    Inspect(inspect::Inspect),
    Checkpoints(checkpoints::Checkpoints),
    Compat(compat::Compat),
    #[command(name = CompileOrder::COMMAND)]
    CompileComponent(compile::Compile),
    New(new::New),
    Build(build::Build),
}

/// Writes data to standard output. Whoever reads it may stop reading: that is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(SinkClosed.into()),
        written => written.context("cannot write to standard output"),
    }
}

/// How a command that did not fail has ended.
enum Ending {
    Done,
    /// The user has asked to stop.
    Interrupted,
    /// Something has come out otherwise than it should, and was told.
    Failed,
    /// Something is not valid, and was told.
    Invalid,
}

/// A command that does not fit the pipeline that it is given.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misuse(String);

/// The exit status of a command line or a pipeline that is not valid.
const INVALID: u8 = 2;
/// The exit status after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    logging::start(arguments.log_format);
    let result = match arguments.command {
        Command::Run(run) => run.execute(),
        Command::Dev(dev) => dev.execute(),
        #[cfg(unix)]
        Command::Swap(swap) => swap.execute(),
        #[cfg(unix)]
        Command::Rollback(rollback) => rollback.execute(),
        Command::Check(check) => check.execute(),
        Command::Test(test) => test.execute(),
        Command::Replay(replay) => replay.execute(),
        Command::Inspect(inspect) => inspect.execute(),
        Command::Checkpoints(checkpoints) => checkpoints.execute(),
        Command::Compat(compat) => compat.execute(),
        Command::CompileComponent(compile) => compile.execute(),
        Command::New(new) => new.execute(),
        Command::Build(build) => build.execute(),
    };
    match result {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Interrupted) => ExitCode::from(INTERRUPTED),
        Ok(Ending::Failed) => ExitCode::FAILURE,
        Ok(Ending::Invalid) => ExitCode::from(INVALID),
        Err(error) => fail(&error),
    }
}

/// Tells what went wrong and chooses the exit status.
fn fail(error: &anyhow::Error) -> ExitCode {
    if let Some(mistakes) = error.downcast_ref::<Diagnostics>() {
        tell_mistakes(mistakes);
        return ExitCode::from(INVALID);
    }
    // Whoever read our output has gone: that is not a failure, and nobody is there to be told.
    if error.chain().any(|cause| cause.is::<SinkClosed>()) {
        return ExitCode::SUCCESS;
    }
    say_line(format_args!("error: {}", chain(error)));
    match error.is::<Misuse>() {
        true => ExitCode::from(INVALID),
        false => ExitCode::FAILURE,
    }
}

/// Tells the mistakes of a pipeline.
fn tell_mistakes(mistakes: &Diagnostics) {
    say_line(mistakes.render(io::stderr().is_terminal()));
}

/// An error and its causes, each on a line of its own. What they quote may be anybody's text.
fn chain(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    visible(&causes.join("\n  caused by: ")).into_owned()
}
