//! Good rows pass once and in order, whatever is wrong with the others, and what that costs is bounded.

use proptest::prelude::*;

use super::*;
use crate::operator::{
    failure::{Called, Untried},
    patience::Allowance,
};

/// The time that a call may take.
const DEADLINE: Duration = Duration::from_secs(1);

/// A row, as a guest sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    /// It takes so long.
    Good(Duration),
    /// The guest breaks down on it at once.
    Trap,
    /// The guest breaks down on it after some time.
    SlowTrap(Duration),
    /// The guest never comes back from it.
    Spin,
}

/// A guest whose calls take time of their own.
struct Guest {
    rows: Vec<Row>,
    /// The time that a call may take.
    deadline: Duration,
    lost: Duration,
    calls: usize,
    failed: usize,
    passed: Vec<usize>,
}

impl Guest {
    fn of(rows: Vec<Row>) -> Self {
        Self {
            rows,
            deadline: DEADLINE,
            lost: Duration::ZERO,
            calls: 0,
            failed: 0,
            passed: Vec::new(),
        }
    }

    /// What a call comes to, and how long it takes.
    fn call(&self, rows: &Range<usize>, pace: Pace) -> (Result<(), Failure>, Duration) {
        let deadline = match pace {
            Pace::Whole => self.deadline,
            Pace::AtMost(time) => time.min(self.deadline),
        };
        let too_long = || {
            let error = CallError::Deadline {
                deadline,
                frames: Vec::new(),
                log: Vec::new(),
            };
            (Err(error.into()), deadline)
        };
        let mut took = Duration::from_micros(1);
        for row in &self.rows[rows.clone()] {
            match row {
                Row::Good(time) => took += *time,
                Row::Trap => return (Err(self.trap()), took),
                Row::SlowTrap(time) if took + *time <= deadline => {
                    return (Err(self.trap()), took + *time);
                }
                Row::SlowTrap(_) => return too_long(),
                Row::Spin => return too_long(),
            }
            if took > deadline {
                return too_long();
            }
        }
        (Ok(()), took)
    }

    fn trap(&self) -> Failure {
        let error = CallError::Refused("trap".to_owned());
        let called = Called {
            function: "fragile".into(),
            component: "ab".into(),
        };
        Failure::of_call(error, called, self.deadline, Vec::new())
    }

    /// Isolates the bad rows.
    fn isolate(&mut self, patience: &Patience) -> Vec<usize> {
        let mut lost = patience.lost();
        let mut patience = patience.clone();
        let mut search = Search::new(0..self.rows.len(), &mut patience, &mut lost);
        while let Some((rows, pace)) = search.next() {
            let (result, took) = self.call(&rows, pace);
            self.calls += 1;
            match result {
                Ok(()) => {
                    search.pass(&rows, took);
                    self.passed.extend(rows);
                }
                Err(failure) => {
                    self.failed += 1;
                    self.lost += took;
                    search.fail(rows, pace, &failure, took);
                }
            }
        }
        search.bad.into_iter().map(|bad| bad.row).collect()
    }

    fn places(&self, is_wanted: impl Fn(Row) -> bool) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| is_wanted(**row))
            .map(|(place, _)| place)
            .collect()
    }
}

fn good(micros: u64) -> Row {
    Row::Good(Duration::from_micros(micros))
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = prop_oneof![
        20 => (0..200_u64).prop_map(good),
        4 => (0..20_000_u64).prop_map(good),
        3 => Just(Row::Trap),
        1 => Just(Row::Spin),
    ];
    prop::collection::vec(row, 0..200)
}

proptest! {
    #[test]
    fn good_rows_pass_once_and_in_order(rows in rows()) {
        let mut guest = Guest::of(rows);
        let patience = Patience::endless();
        let bad = guest.isolate(&patience);
        let is_good = |row| matches!(row, Row::Good(_));
        if patience.lost().used_up().is_none() {
            prop_assert_eq!(&guest.passed, &guest.places(is_good));
            prop_assert_eq!(bad, guest.places(|row| !is_good(row)));
        } else {
            // The job ends, and nothing has been mistaken for something else.
            prop_assert!(guest.places(is_good).starts_with(&guest.passed));
            prop_assert!(guest.places(|row| !is_good(row)).starts_with(&bad));
        }
    }

    #[test]
    fn what_fails_costs_two_calls_a_row_and_thirty_deadlines(rows in rows()) {
        let mut guest = Guest::of(rows);
        guest.isolate(&Patience::endless());
        prop_assert!(guest.failed <= (2 * guest.rows.len()).saturating_sub(1));
        prop_assert!(guest.calls <= 2 * guest.rows.len() + 1);
        prop_assert!(guest.lost <= DEADLINE * 31, "{:?}", guest.lost);
    }
}

#[test]
fn a_guest_that_only_spins_is_given_up_within_thirty_deadlines() {
    for rows in [1, 2, 100, 8192, 100_000] {
        let patience = Patience::endless();
        let mut lost = Duration::ZERO;
        // As many batches as it takes.
        while patience.lost().used_up().is_none() {
            let mut guest = Guest::of(vec![Row::Spin; rows]);
            guest.isolate(&patience);
            assert!(guest.passed.is_empty());
            lost += guest.lost;
        }
        assert!(lost > DEADLINE * 30 && lost <= DEADLINE * 31, "{lost:?}");
    }
}

#[test]
fn a_row_that_spins_costs_little_more_than_the_two_deadlines_it_takes_to_be_sure() {
    let mut rows = vec![good(20); 8192];
    rows[5000] = Row::Spin;
    let mut guest = Guest::of(rows);
    assert_eq!(guest.isolate(&Patience::endless()), [5000]);
    assert_eq!(guest.passed.len(), 8191);
    assert!(guest.lost < DEADLINE * 3, "{:?}", guest.lost);
}

#[test]
fn a_hundred_rows_that_spin_are_found_among_good_ones() {
    let mut rows = vec![good(5); 8192];
    let spinning: Vec<usize> = (0..8192).step_by(80).collect();
    spinning.iter().for_each(|&row| rows[row] = Row::Spin);
    let mut guest = Guest::of(rows);
    let patience = Patience::endless();
    assert_eq!(guest.isolate(&patience), spinning);
    assert!(patience.lost().used_up().is_none());
    assert_eq!(guest.passed.len(), 8192 - spinning.len());
}

#[test]
fn a_batch_that_is_only_slow_passes_in_parts() {
    // It would take 40 deadlines.
    let mut guest = Guest::of(vec![good(20_000); 2000]);
    assert!(guest.isolate(&Patience::endless()).is_empty());
    assert_eq!(guest.passed.len(), 2000);
    assert!(guest.lost < DEADLINE * 2, "{:?}", guest.lost);
}

#[test]
fn slow_rows_are_not_mistaken_for_those_that_spin() {
    let rows = (0..200).map(|row| match row % 10 {
        3 => Row::Spin,
        _ => good(40_000),
    });
    let mut guest = Guest::of(rows.collect());
    let patience = Patience::endless();
    let bad = guest.isolate(&patience);
    assert!(bad.iter().all(|row| row % 10 == 3), "{bad:?}");
    assert!(guest.lost <= DEADLINE * 31);
}

#[test]
fn what_was_lost_is_forgotten_once_a_row_has_passed() {
    let patience = Patience::endless();
    for _ in 0..100 {
        let mut guest = Guest::of(vec![good(1), Row::Spin, good(1)]);
        assert_eq!(guest.isolate(&patience), [1]);
        patience.lost().forget();
    }
}

#[test]
fn nothing_but_bad_rows_is_given_up_on() {
    let mut guest = Guest::of(vec![Row::Trap; 8192]);
    let bad = guest.isolate(&Patience::new(0, 3, Allowance::default()));
    assert_eq!(bad.len(), 4);
    assert!(guest.calls < 25, "{}", guest.calls);
}

#[test]
fn nothing_is_tried_when_the_allowance_is_used_up() {
    let patience = Patience::endless();
    Guest::of(vec![Row::Spin; 8192]).isolate(&patience);
    patience.lost().forget();
    let mut guest = Guest::of(vec![good(1); 10]);
    assert!(guest.isolate(&patience).is_empty());
    assert_eq!(guest.calls, 0);
}

#[test]
fn time_that_is_lost_without_a_call_that_is_too_long_is_measured_by_the_deadline_too() {
    let mut rows = vec![good(1); 16];
    rows[5] = Row::SlowTrap(Duration::from_secs(16));
    let mut guest = Guest::of(rows);
    guest.deadline = Duration::from_secs(60);
    let patience = Patience::endless();
    assert_eq!(guest.isolate(&patience), [5]);
    assert_eq!(guest.passed.len(), 15);
    assert_eq!(guest.lost.as_secs(), 5 * 16);
    assert_eq!(patience.lost().allowed(), Duration::from_secs(30 * 60));
    assert!(patience.lost().used_up().is_none());
}

/// A call that breaks down on some rows of a batch.
fn trap_on(bad: &[usize]) -> impl FnMut(Range<usize>, Pace) -> Result<(), Failure> {
    move |rows, _| match rows.into_iter().any(|row| bad.contains(&row)) {
        true => Err(Guest::of(Vec::new()).trap()),
        false => Ok(()),
    }
}

/// The rows that are known to be bad, and whether others were left untried.
fn found(bad: &BadRows) -> (Vec<usize>, bool) {
    let rows = bad.so_far().iter().map(|bad| bad.row).collect();
    (rows, bad.clone().all().is_err())
}

#[test]
fn rows_that_have_failed_before_do_not_count_behind_a_good_one() {
    // As the runs of a batch do: one patience, or one made anew for each.
    for is_shared in [true, false] {
        let mut first = Patience::new(2, 2, Allowance::default());
        let mut fresh = first.clone();
        let mut passed = Vec::new();
        let mut bad = isolate(0..1, &mut first, &mut trap_on(&[]), &mut |rows, ()| {
            passed.extend(rows);
        });
        let second = if is_shared { &mut first } else { &mut fresh };
        let more = isolate(1..4, second, &mut trap_on(&[1]), &mut |rows, ()| {
            passed.extend(rows);
        });
        bad.include(more);
        assert_eq!(found(&bad), (vec![1], false));
        assert_eq!(passed, [0, 2, 3]);
    }
}

#[test]
fn rows_that_fail_one_after_the_other_count_across_ranges() {
    let mut patience = Patience::new(1, 3, Allowance::default());
    let mut call = trap_on(&[0, 1, 2]);
    let mut bad = isolate(0..2, &mut patience, &mut call, &mut |_, ()| ());
    assert_eq!(found(&bad), (vec![0, 1], false));
    bad.include(isolate(2..5, &mut patience, &mut call, &mut |_, ()| ()));
    assert_eq!(found(&bad), (vec![0, 1, 2], true));
    // Whoever asks for more of the batch is told the same.
    let more = isolate(5..6, &mut patience, &mut call, &mut |_, ()| ());
    assert_eq!(found(&more), (Vec::new(), true));
    assert_eq!(bad.all(), Err(Untried));
}

#[test]
fn rows_that_are_dealt_with_elsewhere_lie_between_those_that_fail() {
    let mut call = |_: Range<usize>, _| -> Result<(), Failure> { Err(Guest::of(vec![]).trap()) };
    let mut patience = Patience::new(0, 1, Allowance::default());
    let bad = isolate_some(&[1, 3, 5, 7], &mut patience, &mut call, &mut |_, ()| ());
    assert_eq!(found(&bad), (vec![1, 3, 5, 7], false));
    let mut patience = Patience::new(0, 1, Allowance::default());
    let bad = isolate_some(&[1, 3, 4, 7], &mut patience, &mut call, &mut |_, ()| ());
    assert_eq!(found(&bad), (vec![1, 3, 4], true));
}

#[test]
fn a_window_that_lacks_the_time_is_judged_by_the_whole_deadline_and_ends_the_search() {
    let guest = Guest::of(vec![good(1), Row::Trap, Row::Spin, good(1)]);
    let mut patience = Patience::endless();
    // As if many had been slow before.
    patience.lost().exceed(DEADLINE);
    (0..40).for_each(|_| patience.lost().judge_slow());
    let (mut calls, mut passed) = (Vec::new(), Vec::new());
    let stopped = isolate_windows(
        0..4,
        &mut patience,
        &mut |rows, pace| {
            calls.push((rows.clone(), pace));
            guest.call(&rows, pace).0
        },
        &mut |rows, ()| passed.extend(rows),
    );
    let failure = stopped.expect_err("a window that takes too long");
    assert!(matches!(failure.error, CallError::Deadline { deadline, .. } if deadline == DEADLINE));
    assert_eq!(calls.last(), Some(&(2..3, Pace::Whole)));
    assert_eq!(passed, [0]);
}
