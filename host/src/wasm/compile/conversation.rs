//! Giving a component to the process that compiles it, and waiting for its answer as long as there is sense in
//! that. The process never outlives the conversation.

use std::{
    io::{self, ErrorKind, Read, Write},
    os::fd::AsFd,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_setfl},
};

use super::{
    answer::{Answer, Part},
    ending,
    limits::{CompileLimits, Cost},
};
use crate::wasm::load_error::LoadError;

/// How often it is asked whether the component is still wanted.
const LOOK: Duration = Duration::from_millis(20);

/// How often it is looked whether a process that has closed its output has ended.
const SOON: Duration = Duration::from_millis(2);

/// Bytes that are read at once: what a pipe holds.
const PIECE: usize = 64 << 10;

/// The most that is kept of what the process says on its way out.
const MAX_WORDS: usize = 16 << 10;

/// A process that is ended with the conversation.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) struct Conversation<'a> {
    limits: &'a CompileLimits,
    component: &'a [u8],
    /// How much of the component is sent.
    sent: usize,
    /// Stays open to the end: the process ends when it closes.
    input: ChildStdin,
    /// Nothing any more if the process has closed it.
    output: Option<ChildStdout>,
    answer: Vec<u8>,
    errors: Option<ChildStderr>,
    words: Vec<u8>,
    until: Instant,
    // Ended last: by then its pipes may be closed.
    worker: Worker,
}

impl<'a> Conversation<'a> {
    pub(super) fn begin(
        mut child: Child,
        component: &'a [u8],
        limits: &'a CompileLimits,
    ) -> Result<Self, LoadError> {
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let worker = Worker(child);
        let (Some(input), Some(output), Some(errors)) = pipes else {
            return Err(lost("it has no pipes"));
        };
        for pipe in [input.as_fd(), output.as_fd(), errors.as_fd()] {
            fcntl_setfl(pipe, OFlags::NONBLOCK).map_err(lost)?;
        }
        Ok(Self {
            limits,
            component,
            sent: 0,
            input,
            output: Some(output),
            answer: Vec::new(),
            errors: Some(errors),
            words: Vec::new(),
            until: Instant::now() + limits.patience(component.len()),
            worker,
        })
    }

    /// Goes on until there is code, or a reason why there is none.
    pub(super) fn go_on(mut self, is_wanted: &dyn Fn() -> bool) -> Result<Vec<u8>, LoadError> {
        let most = self.limits.code(self.component.len());
        while self.output.is_some() {
            self.check(is_wanted)?;
            self.wait().map_err(lost)?;
            self.send();
            self.hear().map_err(lost)?;
            match Answer::read(&mut self.answer, most) {
                Part::Some(None) => {}
                Part::Some(Some(length)) => {
                    let more = length.saturating_sub(self.answer.len());
                    // With room for the last look, which finds nothing.
                    self.answer.reserve_exact(more.saturating_add(PIECE));
                }
                Part::Whole(Answer::Code(code)) => return Ok(code),
                Part::Whole(Answer::Invalid(reason)) => return Err(LoadError::Invalid(reason)),
                Part::TooLong => return Err(self.exceeded(Cost::Code)),
                Part::Odd => return Err(lost("what it sends is no answer")),
            }
        }
        let status = self.end(is_wanted)?;
        Err(match ending::cause(status, &self.words) {
            Ok(cost) => self.exceeded(cost),
            Err(reason) => LoadError::Compiler(reason),
        })
    }

    fn check(&self, is_wanted: &dyn Fn() -> bool) -> Result<(), LoadError> {
        if !is_wanted() {
            return Err(LoadError::Unwanted);
        }
        match Instant::now() < self.until {
            true => Ok(()),
            false => Err(self.exceeded(Cost::Wait)),
        }
    }

    /// Waits until something can be sent or heard, or it is time to look around.
    fn wait(&self) -> io::Result<()> {
        let mut awaited = Vec::with_capacity(3);
        if self.sent < self.component.len() {
            awaited.push(PollFd::new(&self.input, PollFlags::OUT));
        }
        let output = self.output.iter();
        awaited.extend(output.map(|output| PollFd::new(output, PollFlags::IN)));
        let errors = self.errors.iter();
        awaited.extend(errors.map(|errors| PollFd::new(errors, PollFlags::IN)));
        let look = Timespec {
            tv_sec: 0,
            tv_nsec: LOOK.subsec_nanos().into(),
        };
        match poll(&mut awaited, Some(&look)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends as much as goes into the pipe.
    fn send(&mut self) {
        while self.sent < self.component.len() {
            match self.input.write(&self.component[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // It reads nothing any more; how it ends says why.
                Err(_) => self.sent = self.component.len(),
            }
        }
    }

    /// Reads what there is.
    fn hear(&mut self) -> io::Result<()> {
        hear(&mut self.output, &mut self.answer)?;
        hear(&mut self.errors, &mut self.words)?;
        self.words.truncate(MAX_WORDS);
        Ok(())
    }

    /// Waits for the end of a process that says nothing any more.
    fn end(&mut self, is_wanted: &dyn Fn() -> bool) -> Result<ExitStatus, LoadError> {
        loop {
            self.check(is_wanted)?;
            let status = self.worker.0.try_wait().map_err(lost)?;
            self.hear().map_err(lost)?;
            match status {
                Some(status) => return Ok(status),
                None => thread::sleep(SOON),
            }
        }
    }

    fn exceeded(&self, cost: Cost) -> LoadError {
        let size = self.component.len();
        LoadError::Cost(self.limits.exceeded(cost, size))
    }
}

/// Reads one piece from a pipe, if there is something in it. It is closed at its end.
fn hear(pipe: &mut Option<impl Read>, to: &mut Vec<u8>) -> io::Result<()> {
    let Some(open) = pipe else { return Ok(()) };
    let before = to.len();
    to.resize(before + PIECE, 0);
    let read = open.read(&mut to[before..]);
    to.truncate(before + *read.as_ref().unwrap_or(&0));
    match read {
        Ok(0) => *pipe = None,
        Ok(_) => {}
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The process cannot be talked to.
fn lost(reason: impl std::fmt::Display) -> LoadError {
    LoadError::Compiler(reason.to_string())
}
