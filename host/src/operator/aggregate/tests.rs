//! What becomes of windows if the subtasks that go on were not equally far.

use super::*;
use crate::{
    operator::windowed::rig::{Rig, Row, micros, row},
    window::WindowKind,
};

const NOTHING: [&str; 0] = [];

fn sliding() -> WindowKind {
    WindowKind::Sliding {
        size: micros(60),
        slide: micros(10),
        offset: micros(0),
    }
}

/// Six keys, which two subtasks share.
fn rows(time: i64) -> [Row; 6] {
    ["a", "b", "c", "d", "e", "f"].map(|key| row(key, time, 1))
}

/// Checks that windows by the clock leave once, though some of the subtasks have no keys.
#[track_caller]
fn check_clock(window: WindowKind, before: &[&str], after: &[&str]) {
    for subtasks in 1..4 {
        let mut rig = Rig::new(window, &["count"]).with(|work| work.time = TimeDomain::Processing);
        rig.restart(3);
        rig.tick(5);
        assert_eq!(rig.feed(&[row("a", 0, 1)]), NOTHING);
        let left = [10, 20, 25].map(|now| rig.tick(now));
        assert_eq!(left.concat(), before);
        rig.restart(subtasks);
        assert_eq!(rig.tick(25), NOTHING, "with {subtasks} subtasks");
        let left = [30, 40, 50, 60, 70, 80].map(|now| rig.tick(now));
        assert_eq!(left.concat(), after, "with {subtasks} subtasks");
        assert_eq!(rig.state_rows(), 0);
    }
}

#[test]
fn windows_by_the_clock_leave_once_whoever_had_no_rows() {
    let after = ["a -30 30 1", "a -20 40 1", "a -10 50 1", "a 0 60 1"];
    check_clock(sliding(), &["a -50 10 1", "a -40 20 1"], &after);
    let growing = WindowKind::Cumulate {
        size: micros(60),
        step: micros(10),
        offset: micros(0),
    };
    let after = ["a 0 30 1", "a 0 40 1", "a 0 50 1", "a 0 60 1"];
    check_clock(growing, &["a 0 10 1", "a 0 20 1"], &after);
}

/// Checks that each window leaves once if one subtask was ahead of the other, and what leaves at once when
/// they go on.
#[track_caller]
fn check_ahead(change: impl Fn(&mut AggregateWork), subtasks: usize) {
    let rig = || {
        let mut rig = Rig::new(sliding(), &["count", "collect"]).with(&change);
        rig.restart(2);
        let mut left = rig.feed(&rows(5));
        left.extend(rig.feed(&rows(15)));
        (rig, left)
    };
    let (mut equal, mut expected) = rig();
    expected.extend(equal.advance(25));
    expected.extend(equal.end());
    let (mut rig, mut left) = rig();
    left.extend(rig.advance_one(1, 12));
    left.extend(rig.advance_one(0, 25));
    rig.restart(subtasks);
    left.extend(rig.tick(0));
    // What the inputs say when they go on is behind that.
    left.extend(rig.advance(12));
    left.extend(rig.end());
    expected.sort();
    left.sort();
    assert_eq!(left, expected, "with {subtasks} subtasks");
}

#[test]
fn windows_leave_once_whoever_was_ahead() {
    for subtasks in 1..4 {
        check_ahead(|_| (), subtasks);
        check_ahead(|work| work.lateness = micros(100), subtasks);
        check_ahead(|work| work.emit = Emit::Update, subtasks);
        check_ahead(|work| work.emit = Emit::Every(micros(1_000_000)), subtasks);
    }
}

#[test]
fn what_is_overdue_leaves_at_once_in_order() {
    let mut rig = Rig::new(sliding(), &["count"]);
    rig.restart(2);
    rig.feed(&rows(5));
    let ahead = rig.advance_one(0, 25);
    assert!(
        !ahead.is_empty() && ahead.len() < 12,
        "both have keys: {ahead:?}"
    );
    rig.restart(1);
    let left = rig.tick(0);
    assert_eq!(left.len() + ahead.len(), 12);
    let end = |line: &String| {
        let end = line.split(' ').nth(2).map(str::parse::<i64>);
        (end.expect("an end").expect("a number"), line.clone())
    };
    assert!(left.is_sorted_by_key(end), "{left:?}");
    assert_eq!(rig.advance(29), NOTHING);
    assert_eq!(rig.advance(30).len(), 6);
}
