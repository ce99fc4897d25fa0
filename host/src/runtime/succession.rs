//! An operator whose functions keep other state than those before them, as long as the one before can come back.
//!
//! State that was converted cannot be converted back, for nobody has said how. So the operator before stays:
//! both are told the same, and what it hands on is thrown away. If the new one fails where it does not, it knows
//! all that it would know had it never been replaced, and goes on from the very rows on which the other failed.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use super::actor::{Actor, Cue, Round};
use crate::{
    operator::{self, Fault, Faults, PROBATION, Seen, StageSpec},
    state::Snapshot,
    time::Timestamp,
};

/// The trust in what a swap has brought, in all subtasks of the stages whose state it has converted: either none
/// of them goes back or all of them do.
#[derive(Debug)]
pub struct Trust {
    /// How many calls are left until it is earned, or [`LOST`].
    calls_left: AtomicU32,
}

/// No number of calls.
const LOST: u32 = u32::MAX;

impl Trust {
    /// None yet, in so many subtasks.
    pub fn new(subtasks: usize) -> Self {
        let subtasks = u32::try_from(subtasks).unwrap_or(u32::MAX);
        let calls = PROBATION.saturating_mul(subtasks.max(1)).min(LOST - 1);
        Self {
            calls_left: AtomicU32::new(calls),
        }
    }

    /// Takes note of calls that have not failed.
    fn earn(&self, calls: u32) {
        self.change(|left| left.saturating_sub(calls));
    }

    /// Takes note of a failure, here or in what was swapped together with it. Returns whether it matters: trust that is earned is not lost any more.
    pub fn lose(&self) -> bool {
        self.change(|_| LOST);
        self.calls_left.load(Ordering::Relaxed) == LOST
    }

    fn is_earned(&self) -> bool {
        self.calls_left.load(Ordering::Relaxed) == 0
    }

    /// Neither what is earned nor what is lost changes any more.
    fn change(&self, to: impl Fn(u32) -> u32) {
        let change = |left| match left {
            0 | LOST => None,
            left => Some(to(left)),
        };
        let order = Ordering::Relaxed;
        // That nothing has changed is nothing to tell.
        let _ = self.calls_left.fetch_update(order, order, change);
    }
}

/// Where the functions of a stage are watched, and who is told if they fail.
#[derive(Debug)]
pub struct Watch {
    /// Shared by all subtasks of the swap.
    pub trust: Arc<Trust>,
    /// Is told of the first failure.
    pub faults: Faults,
}

/// The operator that is not acting, while it may yet be needed.
pub(super) struct Succession {
    other: Actor,
    /// When the other one wants to be told the time.
    wake_at: Option<Timestamp>,
    watch: Watch,
    /// Whether the new operator has failed, so that the one that is acting is the one before.
    has_failed: bool,
}

impl Succession {
    /// `now` takes the place of `before`, which wanted to be told the time at `wake_at`.
    pub(super) fn new(
        now: &mut Actor,
        mut before: Actor,
        wake_at: Option<Timestamp>,
        watch: Watch,
    ) -> Self {
        for actor in [now, &mut before] {
            if let Some(guests) = actor.operator.guests() {
                guests.watch();
            }
        }
        Self {
            other: before,
            wake_at,
            watch,
            has_failed: false,
        }
    }

    /// Whether the operator before is not needed any more.
    pub(super) fn is_over(&self) -> bool {
        self.watch.trust.is_earned()
    }

    /// Whether the new operator has failed, so that the one that is acting is the one before.
    pub(super) const fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// What the new operator does, if it has failed.
    pub(super) fn failed_spec(&self) -> Option<&StageSpec> {
        self.has_failed.then_some(&self.other.spec)
    }

    /// Tells both operators something, and returns what the better one has made of it, which is the one
    /// that is `acting` from then on.
    pub(super) fn hear(&mut self, acting: &mut Actor, cue: &Cue) -> VecDeque<Round> {
        if self.has_failed {
            return acting.hear_out(cue).into();
        }
        let (mut rounds, seen) = observe(acting, cue);
        let (other_rounds, other_seen) = observe(&mut self.other, cue);
        if matches!(cue, Cue::Time(_)) {
            self.wake_at = None;
        }
        let mut wishes = other_rounds.iter().filter_map(|round| round.out.wake_at);
        self.wake_at = wishes.next_back().or(self.wake_at);
        match failure(&rounds, &seen) {
            Some(error)
                if failure(&other_rounds, &other_seen).is_none() && self.watch.trust.lose() =>
            {
                self.tell(seen.component, error);
                mem::swap(acting, &mut self.other);
                self.has_failed = true;
                rounds = other_rounds;
                if let (Some(first), Some(wake_at)) = (rounds.first_mut(), self.wake_at) {
                    first.out.wake_at.get_or_insert(wake_at);
                }
            }
            _ => self.watch.trust.earn(seen.calls),
        }
        // What the other one has counted has not happened.
        self.other.counters.clear();
        rounds.into()
    }

    fn tell(&self, component: Option<Arc<str>>, error: String) {
        let faults = &self.watch.faults;
        let fault = Fault {
            stage: Arc::clone(&faults.stage),
            component: component.unwrap_or_else(|| "".into()),
            error,
        };
        // Nobody may be left to be told when the job ends.
        let _ = faults.told.send(fault);
    }

    /// What the newest functions know, by what the operator that is `acting` knows: converted if that is the
    /// one before.
    pub(super) fn convert(
        &mut self,
        acting: &Actor,
        known: Vec<Snapshot>,
    ) -> anyhow::Result<Vec<Snapshot>> {
        let guests = self.other.operator.guests();
        match guests.filter(|_| self.has_failed) {
            None => Ok(known),
            Some(guests) => {
                let (from, to) = (&acting.spec, &self.other.spec);
                let known = known.into_iter();
                let known = known.map(|known| operator::migrate(from, to, guests, known));
                known.collect()
            }
        }
    }

    /// The operator that is not acting, and when it wants to be told the time.
    pub(super) fn into_other(self) -> (Actor, Option<Timestamp>) {
        (self.other, self.wake_at)
    }
}

fn observe(actor: &mut Actor, cue: &Cue) -> (Vec<Round>, Seen) {
    let rounds = actor.hear_out(cue);
    let guests = actor.operator.guests();
    let seen = guests.map(|guests| guests.seen()).unwrap_or_default();
    (rounds, seen)
}

/// What has gone wrong, if something has.
fn failure(rounds: &[Round], seen: &Seen) -> Option<String> {
    let failed = rounds.iter().find_map(|round| round.done.as_ref().err());
    let failed = failed.map(|error| format!("{error:#}"));
    seen.failure.clone().or(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_earned_or_lost_once() {
        let trust = Trust::new(2);
        trust.earn(PROBATION);
        assert!(!trust.is_earned());
        trust.earn(u32::MAX - 1);
        assert!(trust.is_earned());
        assert!(!trust.lose());
        assert!(trust.is_earned());

        let trust = Trust::new(1);
        assert!(trust.lose());
        trust.earn(PROBATION);
        assert!(!trust.is_earned());
        assert!(trust.lose(), "all that fail go back");
    }
}
