//! When a checkpoint is made, and when it is whole: a pure state machine.
//!
//! It knows the subtasks of a job, takes note of what happens and says what is to be done. It does no
//! I/O, starts nothing and has no clock of its own, so that every order of events can be tried.
//!
//! One checkpoint is made at a time. It is begun an interval after the one before it was, or when somebody
//! asks; it is whole when every subtask has contributed exactly once: those that have ended do so with what
//! they knew last. It is written then, and what the sinks have staged for it is committed once it is. If it
//! cannot be written, the same one is tried again after a second, then after a longer wait: sinks have staged
//! rows for it that no later one would know of. When all sources have ended, a last checkpoint is made.
//!
//! A swap of components travels with a barrier, too, one that nobody contributes to and nothing is written
//! for. It goes between two checkpoints, and the next one follows at once: it says what was swapped. A job
//! that makes no checkpoints has barriers for swaps only.

use std::{mem, sync::Arc};

use crate::time::{Duration, Timestamp};

/// What cannot be written is tried again after this long, unless the interval is shorter.
const MIN_PATIENCE: Duration = Duration::from_secs(1);

/// What cannot be written is tried again after this long at most: a job may be waiting for its last
/// checkpoint, however long the interval is.
const MAX_PATIENCE: Duration = Duration::from_secs(60);

/// By then the shortest interval has become the longest patience.
const MAX_DOUBLINGS: u32 = 32;

/// What a subtask is to the coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Reads a source. It may end.
    Source,
    /// Runs a stage. It may end, after the sources.
    Stage,
    /// Writes a sink: it is told to commit, and never ends by itself.
    Sink,
}

/// What has happened.
#[derive(Clone, Debug)]
pub enum Event<P> {
    /// Time has passed.
    Tick,
    /// Somebody wants a checkpoint at once.
    Requested,
    /// Somebody wants a barrier to swap components at.
    SwapRequested,
    /// The barrier of a swap has come to a subtask.
    Passed {
        /// The subtask.
        subtask: usize,
        /// The number of the barrier.
        number: u64,
    },
    /// A subtask of a job without checkpoints has ended.
    Left {
        /// The subtask.
        subtask: usize,
    },
    /// A subtask has contributed to the checkpoint that is being made.
    Acknowledged {
        /// The subtask.
        subtask: usize,
        /// The number of the checkpoint.
        number: u64,
        /// What it knows.
        part: P,
    },
    /// A subtask has ended. What it knew last is its contribution to all checkpoints that it has not
    /// contributed to.
    Ended {
        /// The subtask.
        subtask: usize,
        /// What it knew.
        part: P,
    },
    /// The checkpoint is written.
    Written(u64),
    /// The checkpoint cannot be written, or not now.
    WriteFailed(u64),
    /// A sink has made visible what it had staged for the checkpoint.
    Committed {
        /// The subtask.
        subtask: usize,
        /// The number of the checkpoint.
        number: u64,
    },
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<P> {
    /// Barriers of this number are to be sent.
    Start(u64),
    /// Barriers of this number are to be sent, at which components are swapped.
    StartSwap(u64),
    /// The barrier of the swap has come to all subtasks.
    Swapped(u64),
    /// There is nothing to be swapped any more: the input has ended.
    TooLate,
    /// All subtasks have contributed: the checkpoint is to be written.
    Write(Gathered<P>),
    /// The sinks are to commit what they have staged for it.
    Commit(u64),
    /// It is written and committed: what only older ones need may go.
    Settle(u64),
    /// The last checkpoint is over: there is nothing left to do.
    Done,
}

/// What the subtasks have contributed to a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered<P> {
    /// The number of the checkpoint.
    pub number: u64,
    /// Whether it is the last one: the input has ended.
    pub is_last: bool,
    /// By subtask.
    pub parts: Arc<[P]>,
}

/// Makes the checkpoints of a job.
#[derive(Debug)]
pub struct Coordinator<P> {
    /// Whether checkpoints are made.
    keeps: bool,
    interval: Duration,
    members: Vec<Member<P>>,
    /// The number of the next checkpoint.
    next: u64,
    /// When it is begun at the latest.
    due: Timestamp,
    requested: bool,
    swaps_requested: usize,
    swap: Option<Swap>,
    /// How often the checkpoint that is being made could not be written.
    failures: u32,
    phase: Phase<P>,
}

#[derive(Debug)]
struct Member<P> {
    role: Role,
    has_ended: bool,
    /// What it knew last, if it has ended and checkpoints are made.
    last: Option<P>,
}

/// The barrier of a swap that is on its way.
#[derive(Debug)]
struct Swap {
    number: u64,
    /// Those that it has yet to come to.
    left: Vec<usize>,
}

#[derive(Debug)]
enum Phase<P> {
    /// No checkpoint is being made.
    Idle,
    /// Subtasks contribute.
    Gathering {
        number: u64,
        is_last: bool,
        parts: Vec<Option<P>>,
    },
    /// It is being written.
    Writing(Gathered<P>),
    /// It could not be written, and is tried again.
    Waiting {
        gathered: Gathered<P>,
        again_at: Timestamp,
    },
    /// Sinks commit.
    Committing {
        number: u64,
        is_last: bool,
        /// Those that have yet to do so.
        left: Vec<usize>,
    },
    /// The last one is over, and it was not said yet.
    Ending,
    Done,
}

impl<P: Clone> Coordinator<P> {
    /// A coordinator of a job that starts at the instant `now`, with the subtasks `roles`. Its first
    /// checkpoint has the number `next`.
    pub fn new(roles: &[Role], interval: Duration, next: u64, now: Timestamp) -> Self {
        let member = |&role| Member {
            role,
            has_ended: false,
            last: None,
        };
        Self {
            keeps: true,
            interval,
            members: roles.iter().map(member).collect(),
            next,
            due: now.saturating_add(interval),
            requested: false,
            swaps_requested: 0,
            swap: None,
            failures: 0,
            phase: Phase::Idle,
        }
    }

    /// A coordinator of a job with the subtasks `roles` that makes no checkpoints. Its first barrier has
    /// the number `next`.
    pub fn without_checkpoints(roles: &[Role], next: u64) -> Self {
        let never = Duration::MAX;
        Self {
            keeps: false,
            ..Self::new(roles, never, next, Timestamp::EPOCH)
        }
    }

    /// The number of the next checkpoint that is begun.
    pub const fn next_number(&self) -> u64 {
        self.next
    }

    /// When something is to be done even if nothing happens.
    pub const fn wake_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Idle if self.keeps => Some(self.due),
            Phase::Waiting { again_at, .. } => Some(*again_at),
            _ => None,
        }
    }

    /// Takes note of an event at the instant `now`. What is to be done is to be done in this order.
    pub fn handle(&mut self, event: Event<P>, now: Timestamp) -> Vec<Command<P>> {
        let mut commands = Vec::new();
        match event {
            Event::Tick => {}
            Event::Requested => {
                self.requested = true;
                if let Phase::Waiting { again_at, .. } = &mut self.phase {
                    *again_at = now;
                }
            }
            Event::SwapRequested => self.swaps_requested += 1,
            Event::Passed { subtask, number } => self.pass(subtask, Some(number)),
            Event::Left { subtask } => self.end(subtask, None),
            Event::Acknowledged {
                subtask,
                number,
                part,
            } => self.contribute(subtask, Some(number), part),
            Event::Ended { subtask, part } => {
                self.end(subtask, Some(&part));
                self.contribute(subtask, None, part);
            }
            Event::Written(number) => {
                if self.written(number) {
                    commands.push(Command::Commit(number));
                }
            }
            Event::WriteFailed(number) => self.write_failed(number, now),
            Event::Committed { subtask, number } => self.committed(subtask, number),
        }
        while let Some(command) = self.advance(now) {
            commands.push(command);
        }
        commands
    }

    /// Goes on to the next phase if it is time for it; returns what is to be done then.
    fn advance(&mut self, now: Timestamp) -> Option<Command<P>> {
        if let Some(command) = self.advance_swap() {
            return Some(command);
        }
        match mem::replace(&mut self.phase, Phase::Done) {
            // Barriers follow each other: the next one begins when this one has come to all.
            Phase::Idle if self.swap.is_some() => {
                self.phase = Phase::Idle;
                None
            }
            Phase::Idle => {
                let is_last = self.sources_have_ended();
                if !self.keeps {
                    return self.end_without_checkpoint();
                }
                if !is_last && !self.requested && now < self.due {
                    self.phase = Phase::Idle;
                    return None;
                }
                Some(self.begin(is_last, now))
            }
            Phase::Gathering {
                number,
                is_last,
                parts,
            } => {
                if parts.iter().any(Option::is_none) {
                    self.phase = Phase::Gathering {
                        number,
                        is_last,
                        parts,
                    };
                    return None;
                }
                let gathered = Gathered {
                    number,
                    is_last,
                    parts: parts.into_iter().flatten().collect(),
                };
                self.phase = Phase::Writing(gathered.clone());
                Some(Command::Write(gathered))
            }
            Phase::Waiting { gathered, again_at } if again_at <= now => {
                self.phase = Phase::Writing(gathered.clone());
                Some(Command::Write(gathered))
            }
            Phase::Committing {
                number,
                is_last,
                left,
            } if left.is_empty() => {
                self.phase = if is_last { Phase::Ending } else { Phase::Idle };
                Some(Command::Settle(number))
            }
            // The phase is `Done` already.
            Phase::Ending => Some(Command::Done),
            other => {
                self.phase = other;
                None
            }
        }
    }

    /// Begins and ends swaps. They do not wait for storage: only while subtasks contribute to a checkpoint
    /// another barrier is on its way.
    fn advance_swap(&mut self) -> Option<Command<P>> {
        if let Some(Swap { number, .. }) = self.swap.take_if(|swap| swap.left.is_empty()) {
            return Some(Command::Swapped(number));
        }
        let is_time = !matches!(self.phase, Phase::Gathering { .. } | Phase::Done);
        if self.swaps_requested == 0 || self.swap.is_some() || !is_time {
            return None;
        }
        self.swaps_requested -= 1;
        match self.sources_have_ended() {
            true => Some(Command::TooLate),
            false => Some(self.begin_swap()),
        }
    }

    fn begin(&mut self, is_last: bool, now: Timestamp) -> Command<P> {
        let number = self.next;
        self.next += 1;
        self.due = now.saturating_add(self.interval);
        self.requested = false;
        self.phase = Phase::Gathering {
            number,
            is_last,
            parts: self
                .members
                .iter()
                .map(|member| member.last.clone())
                .collect(),
        };
        Command::Start(number)
    }

    fn begin_swap(&mut self) -> Command<P> {
        let number = self.next;
        self.next += 1;
        // Nothing comes to the sinks of a job without checkpoints but rows.
        let is_asked =
            |member: &Member<P>| !member.has_ended && (self.keeps || member.role != Role::Sink);
        let members = self.members.iter().enumerate();
        let left = members.filter(|(_, member)| is_asked(member));
        let left = left.map(|(subtask, _)| subtask).collect();
        self.swap = Some(Swap { number, left });
        Command::StartSwap(number)
    }

    /// Ends if everything has that ends by itself.
    fn end_without_checkpoint(&mut self) -> Option<Command<P>> {
        let mut members = self.members.iter();
        if members.all(|member| member.has_ended || member.role == Role::Sink) {
            // The phase is `Done` already.
            return Some(Command::Done);
        }
        self.phase = Phase::Idle;
        None
    }

    /// Takes note that the barrier of a swap has come to a subtask, or never will.
    fn pass(&mut self, passed: usize, at: Option<u64>) {
        if let Some(Swap { number, left }) = &mut self.swap
            && at.is_none_or(|at| at == *number)
        {
            left.retain(|&subtask| subtask != passed);
        }
    }

    fn end(&mut self, subtask: usize, part: Option<&P>) {
        if let Some(member) = self.members.get_mut(subtask) {
            member.has_ended = true;
            if member.last.is_none() {
                member.last = part.cloned();
            }
        }
        self.pass(subtask, None);
    }

    /// What a subtask that has ended contributes to all checkpoints.
    pub fn last_of(&mut self, subtask: usize) -> Option<&mut P> {
        let member = self.members.get_mut(subtask);
        member.and_then(|member| member.last.as_mut())
    }

    fn sources_have_ended(&self) -> bool {
        let mut sources = self
            .members
            .iter()
            .filter(|member| member.role == Role::Source);
        sources.all(|source| source.has_ended)
    }

    /// Takes a contribution, the first of each subtask. Others than those to the checkpoint that is being
    /// made mean nothing.
    fn contribute(&mut self, subtask: usize, to: Option<u64>, part: P) {
        if let Phase::Gathering { number, parts, .. } = &mut self.phase
            && to.is_none_or(|to| to == *number)
            && let Some(place) = parts.get_mut(subtask)
        {
            place.get_or_insert(part);
        }
    }

    /// Returns whether it was this one that was being written.
    fn written(&mut self, written: u64) -> bool {
        if let Phase::Writing(Gathered {
            number, is_last, ..
        }) = self.phase
            && number == written
        {
            self.failures = 0;
            let members = self.members.iter().enumerate();
            let sinks = members.filter(|(_, member)| member.role == Role::Sink);
            self.phase = Phase::Committing {
                number,
                is_last,
                left: sinks.map(|(subtask, _)| subtask).collect(),
            };
            return true;
        }
        false
    }

    /// How long to wait before what could not be written is tried again: longer each time, up to a
    /// minute.
    fn patience(&mut self) -> Duration {
        let mut patience = self.interval.min(MIN_PATIENCE);
        for _ in 0..self.failures.min(MAX_DOUBLINGS) {
            patience = patience.saturating_add(patience);
        }
        self.failures = self.failures.saturating_add(1);
        patience.min(MAX_PATIENCE)
    }

    fn write_failed(&mut self, failed: u64, now: Timestamp) {
        if let Phase::Writing(gathered) = &self.phase
            && gathered.number == failed
        {
            self.phase = Phase::Waiting {
                gathered: gathered.clone(),
                again_at: now.saturating_add(self.patience()),
            };
        }
    }

    fn committed(&mut self, subtask: usize, committed: u64) {
        if let Phase::Committing { number, left, .. } = &mut self.phase
            && *number == committed
        {
            left.retain(|&left| left != subtask);
        }
    }
}

#[cfg(test)]
mod tests;
