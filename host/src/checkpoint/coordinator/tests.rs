//! The coordinator under every order of events.

use proptest::prelude::*;

use super::*;

const INTERVAL: Duration = Duration::from_secs(10);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn acknowledged(subtask: usize, number: u64) -> Event<u64> {
    Event::Acknowledged {
        subtask,
        number,
        part: number,
    }
}

fn write(number: u64, is_last: bool, parts: &[u64]) -> Command<u64> {
    Command::Write(Gathered {
        number,
        is_last,
        parts: parts.into(),
    })
}

#[track_caller]
fn check(
    coordinator: &mut Coordinator<u64>,
    seconds: i64,
    event: Event<u64>,
    expected: &[Command<u64>],
) {
    assert_eq!(coordinator.handle(event, at(seconds)), expected);
}

#[test]
fn a_checkpoint_is_begun_an_interval_after_the_one_before() {
    let roles = [Role::Source, Role::Sink];
    let mut job = Coordinator::new(&roles, INTERVAL, 5, at(0));
    assert_eq!(job.wake_at(), Some(at(10)));
    check(&mut job, 9, Event::Tick, &[]);
    check(&mut job, 10, Event::Tick, &[Command::Start(5)]);
    check(&mut job, 11, acknowledged(0, 5), &[]);
    check(
        &mut job,
        12,
        acknowledged(1, 5),
        &[write(5, false, &[5, 5])],
    );
    check(&mut job, 13, Event::Written(5), &[Command::Commit(5)]);
    check(&mut job, 20, Event::Tick, &[]);
    let committed = Event::Committed {
        subtask: 1,
        number: 5,
    };
    // The interval is over: the next one follows at once.
    let commands = [Command::Settle(5), Command::Start(6)];
    check(&mut job, 21, committed, &commands);
}

#[test]
fn a_checkpoint_that_is_asked_for_is_begun_after_the_one_that_is_being_made() {
    let mut job = Coordinator::new(&[Role::Source], INTERVAL, 1, at(0));
    check(&mut job, 1, Event::Requested, &[Command::Start(1)]);
    check(&mut job, 1, Event::Requested, &[]);
    check(&mut job, 2, acknowledged(0, 1), &[write(1, false, &[1])]);
    let commands = [Command::Commit(1), Command::Settle(1), Command::Start(2)];
    check(&mut job, 2, Event::Written(1), &commands);
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_tried_again() {
    let mut job = Coordinator::new(&[Role::Source], INTERVAL, 1, at(0));
    check(&mut job, 10, Event::Tick, &[Command::Start(1)]);
    check(&mut job, 10, acknowledged(0, 1), &[write(1, false, &[1])]);
    check(&mut job, 11, Event::WriteFailed(1), &[]);
    assert_eq!(job.wake_at(), Some(at(12)));
    check(&mut job, 11, Event::Tick, &[]);
    check(&mut job, 12, Event::Tick, &[write(1, false, &[1])]);
    check(&mut job, 13, Event::WriteFailed(1), &[]);
    assert_eq!(job.wake_at(), Some(at(15)));
    check(&mut job, 14, Event::Requested, &[write(1, false, &[1])]);
    let commands = [Command::Commit(1), Command::Settle(1), Command::Start(2)];
    check(&mut job, 24, Event::Written(1), &commands);
}

#[test]
fn what_cannot_be_written_waits_for_a_minute_at_most() {
    let hour = Duration::from_secs(3600);
    let mut job = Coordinator::new(&[Role::Source], hour, 1, at(0));
    let ended = Event::Ended {
        subtask: 0,
        part: 7,
    };
    let commands = [Command::Start(1), write(1, true, &[7])];
    check(&mut job, 0, ended, &commands);
    let mut now = 0;
    for wait in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        check(&mut job, now, Event::WriteFailed(1), &[]);
        now += wait;
        assert_eq!(job.wake_at(), Some(at(now)));
        check(&mut job, now, Event::Tick, &[write(1, true, &[7])]);
    }
}

#[test]
fn what_cannot_be_written_is_not_tried_less_often_than_checkpoints_are_due() {
    let interval = Duration::from_millis(250);
    let mut job = Coordinator::new(&[Role::Source], interval, 1, at(0));
    check(&mut job, 1, Event::Requested, &[Command::Start(1)]);
    check(&mut job, 1, acknowledged(0, 1), &[write(1, false, &[1])]);
    check(&mut job, 1, Event::WriteFailed(1), &[]);
    assert_eq!(job.wake_at(), Some(at(1).saturating_add(interval)));
}

#[test]
fn what_has_ended_counts_with_what_it_knew_last() {
    let roles = [Role::Source, Role::Source, Role::Stage];
    let mut job = Coordinator::new(&roles, INTERVAL, 1, at(0));
    let ended = |subtask, part| Event::Ended { subtask, part };
    check(&mut job, 1, ended(0, 77), &[]);
    check(&mut job, 10, Event::Tick, &[Command::Start(1)]);
    check(&mut job, 10, acknowledged(1, 1), &[]);
    // What it has contributed stays.
    check(&mut job, 10, ended(1, 88), &[]);
    check(&mut job, 10, ended(2, 99), &[write(1, false, &[77, 1, 99])]);
    let commands = [
        Command::Commit(1),
        Command::Settle(1),
        Command::Start(2),
        write(2, true, &[77, 88, 99]),
    ];
    check(&mut job, 11, Event::Written(1), &commands);
    let commands = [Command::Commit(2), Command::Settle(2), Command::Done];
    check(&mut job, 12, Event::Written(2), &commands);
    check(&mut job, 100, Event::Tick, &[]);
    check(&mut job, 100, Event::Requested, &[]);
}

#[test]
fn a_swap_waits_for_other_barriers_and_not_for_storage() {
    let roles = [Role::Source, Role::Stage, Role::Sink];
    let mut job = Coordinator::new(&roles, INTERVAL, 1, at(0));
    let passed = |subtask, number| Event::Passed { subtask, number };
    check(&mut job, 10, Event::Tick, &[Command::Start(1)]);
    check(&mut job, 10, Event::SwapRequested, &[]);
    for subtask in 0..2 {
        check(&mut job, 10, acknowledged(subtask, 1), &[]);
    }
    let gathered = || write(1, false, &[1, 1, 1]);
    let commands = [gathered(), Command::StartSwap(2)];
    check(&mut job, 10, acknowledged(2, 1), &commands);
    check(&mut job, 10, Event::SwapRequested, &[]);
    check(&mut job, 10, Event::WriteFailed(1), &[]);
    check(&mut job, 10, passed(0, 2), &[]);
    check(&mut job, 10, passed(1, 1), &[]);
    check(&mut job, 10, passed(1, 2), &[]);
    let commands = [Command::Swapped(2), Command::StartSwap(3)];
    check(&mut job, 10, passed(2, 2), &commands);
    // The barrier of the next checkpoint has to wait for that of the swap.
    check(&mut job, 30, Event::Requested, &[gathered()]);
    check(&mut job, 31, Event::Written(1), &[Command::Commit(1)]);
    let committed = Event::Committed {
        subtask: 2,
        number: 1,
    };
    check(&mut job, 31, committed, &[Command::Settle(1)]);
    check(&mut job, 32, passed(0, 3), &[]);
    check(&mut job, 32, passed(1, 3), &[]);
    let commands = [Command::Swapped(3), Command::Start(4)];
    check(&mut job, 32, passed(2, 3), &commands);
}

#[test]
fn a_job_without_checkpoints_swaps_too() {
    let roles = [Role::Source, Role::Source, Role::Stage, Role::Sink];
    let mut job: Coordinator<u64> = Coordinator::without_checkpoints(&roles, 1);
    assert_eq!(job.wake_at(), None);
    check(&mut job, 1, Event::SwapRequested, &[Command::StartSwap(1)]);
    let left = |subtask| Event::Left { subtask };
    let passed = |subtask, number| Event::Passed { subtask, number };
    check(&mut job, 1, left(0), &[]);
    check(&mut job, 1, passed(1, 1), &[]);
    check(&mut job, 1, passed(2, 1), &[Command::Swapped(1)]);
    check(&mut job, 2, left(1), &[]);
    check(&mut job, 2, Event::SwapRequested, &[Command::TooLate]);
    check(&mut job, 2, left(2), &[Command::Done]);
}

/// A job as the coordinator sees it: subtasks that answer in any order, storage that fails at times.
struct World {
    job: Coordinator<(usize, u64)>,
    roles: Vec<Role>,
    now: i64,
    /// What each subtask has yet to contribute to, and commit.
    asked: Vec<Option<u64>>,
    /// The barrier of a swap that is on its way.
    swapping: Option<u64>,
    commits: Vec<Option<u64>>,
    ended: Vec<bool>,
    /// The one that is being made, and who has contributed to it.
    current: Option<(u64, Vec<bool>)>,
    writing: Option<u64>,
    written: Vec<u64>,
    done: bool,
}

impl World {
    fn new(roles: &[Role]) -> Self {
        Self {
            job: Coordinator::new(roles, INTERVAL, 1, at(0)),
            roles: roles.to_vec(),
            now: 0,
            asked: vec![None; roles.len()],
            swapping: None,
            commits: vec![None; roles.len()],
            ended: vec![false; roles.len()],
            current: None,
            writing: None,
            written: Vec::new(),
            done: false,
        }
    }

    /// Lets something happen if it can.
    fn happen(&mut self, what: u8, subtask: usize) {
        let event = match what {
            0 => Event::Tick,
            1 => {
                self.now += 5;
                Event::Tick
            }
            2 => Event::Requested,
            3 => match self.writing.take() {
                Some(number) => {
                    self.written.push(number);
                    Event::Written(number)
                }
                None => return,
            },
            4 => match self.writing.take() {
                Some(number) => Event::WriteFailed(number),
                None => return,
            },
            5 => match self.commits[subtask].take() {
                Some(number) => Event::Committed { subtask, number },
                None => return,
            },
            6 if self.may_end(subtask) => {
                self.ended[subtask] = true;
                self.asked[subtask] = None;
                self.contributes(subtask);
                Event::Ended {
                    subtask,
                    part: (subtask, u64::MAX),
                }
            }
            // Something old comes late, or twice.
            7 => Event::Acknowledged {
                subtask,
                number: 0,
                part: (subtask, 0),
            },
            8 => Event::SwapRequested,
            _ => match self.asked[subtask].take() {
                Some(number) if self.swapping == Some(number) => Event::Passed { subtask, number },
                Some(number) => {
                    self.contributes(subtask);
                    Event::Acknowledged {
                        subtask,
                        number,
                        part: (subtask, number),
                    }
                }
                None => return,
            },
        };
        for command in self.job.handle(event, at(self.now)) {
            self.obey(command);
        }
    }

    fn contributes(&mut self, subtask: usize) {
        if let Some((_, contributed)) = &mut self.current {
            contributed[subtask] = true;
        }
    }

    fn may_end(&self, subtask: usize) -> bool {
        let sources = self.roles.iter().zip(&self.ended);
        let mut sources = sources.filter(|(role, _)| **role == Role::Source);
        match self.roles[subtask] {
            _ if self.ended[subtask] => false,
            Role::Source => true,
            Role::Stage => sources.all(|(_, ended)| *ended),
            Role::Sink => false,
        }
    }

    fn obey(&mut self, command: Command<(usize, u64)>) {
        assert!(!self.done, "nothing follows the end");
        match command {
            Command::Start(number) => {
                assert!(self.current.is_none() && self.writing.is_none());
                assert_eq!(self.swapping, None);
                assert!(self.commits.iter().all(Option::is_none));
                assert!(self.written.last().is_none_or(|last| *last < number));
                for subtask in 0..self.roles.len() {
                    self.asked[subtask] = (!self.ended[subtask]).then_some(number);
                }
                self.current = Some((number, self.ended.clone()));
            }
            Command::StartSwap(number) => {
                assert!(self.current.is_none(), "another barrier is on its way");
                assert_eq!(self.swapping, None);
                assert!(self.written.last().is_none_or(|last| *last < number));
                for subtask in 0..self.roles.len() {
                    self.asked[subtask] = (!self.ended[subtask]).then_some(number);
                }
                self.swapping = Some(number);
            }
            Command::Swapped(number) => {
                assert_eq!(self.swapping.take(), Some(number));
                assert!(self.asked.iter().all(Option::is_none));
            }
            Command::TooLate => {
                let mut sources = self.roles.iter().zip(&self.ended);
                assert!(sources.all(|(role, ended)| *role != Role::Source || *ended));
            }
            Command::Write(gathered) => {
                if let Some((number, contributed)) = self.current.take() {
                    assert_eq!(number, gathered.number);
                    assert!(contributed.iter().all(|contributed| *contributed));
                }
                // Those of a swap do not count.
                let asked = self.asked.iter().flatten();
                assert!(asked.into_iter().all(|asked| self.swapping == Some(*asked)));
                assert_eq!(gathered.parts.len(), self.roles.len());
                for (subtask, part) in gathered.parts.iter().enumerate() {
                    assert_eq!(part.0, subtask);
                    assert!([gathered.number, u64::MAX].contains(&part.1));
                }
                let sources = gathered.parts.iter().zip(&self.roles);
                let mut sources = sources.filter(|(_, role)| **role == Role::Source);
                if gathered.is_last {
                    assert!(sources.all(|(part, _)| part.1 == u64::MAX));
                }
                self.writing = Some(gathered.number);
            }
            Command::Commit(number) => {
                assert_eq!(self.written.last(), Some(&number));
                for (subtask, role) in self.roles.iter().enumerate() {
                    self.commits[subtask] = (*role == Role::Sink).then_some(number);
                }
            }
            Command::Settle(number) => {
                assert_eq!(self.written.last(), Some(&number));
                assert!(self.commits.iter().all(Option::is_none));
            }
            Command::Done => {
                assert!(self.commits.iter().all(Option::is_none));
                self.done = true;
            }
        }
    }
}

fn roles() -> impl Strategy<Value = Vec<Role>> {
    let other = prop_oneof![Just(Role::Source), Just(Role::Stage), Just(Role::Sink)];
    prop::collection::vec(other, 0..5).prop_map(|others| [vec![Role::Source], others].concat())
}

proptest! {
    #[test]
    fn a_checkpoint_is_whole_when_every_subtask_has_contributed_once(
        roles in roles(),
        events in prop::collection::vec((0_u8..12, any::<prop::sample::Index>()), 0..200),
    ) {
        let mut world = World::new(&roles);
        for (what, subtask) in events {
            world.happen(what, subtask.index(roles.len()));
        }
    }

    #[test]
    fn every_job_comes_to_its_end(
        roles in roles(),
        events in prop::collection::vec((0_u8..12, any::<prop::sample::Index>()), 0..100),
    ) {
        let mut world = World::new(&roles);
        for (what, subtask) in events {
            world.happen(what, subtask.index(roles.len()));
        }
        for _ in 0..10 {
            for subtask in 0..roles.len() {
                [6, 9, 1, 1, 3, 5].into_iter().for_each(|what| world.happen(what, subtask));
            }
        }
        prop_assert!(world.done);
    }
}
