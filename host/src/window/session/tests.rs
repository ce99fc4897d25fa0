//! Sessions against a model that looks at every row each time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Gives out ids like whoever keeps what belongs to sessions.
#[derive(Default)]
struct Ids {
    used: BTreeSet<u32>,
}

impl Ids {
    fn take(&mut self) -> u32 {
        let free = (0..).find(|id| !self.used.contains(id)).expect("some id");
        self.used.insert(free);
        free
    }

    fn free(&mut self, id: u32) {
        assert!(self.used.remove(&id), "{id} is not in use");
    }
}

const fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn gap(micros: i64) -> Duration {
    Duration::from_micros(micros).expect("not negative")
}

const OPEN: fn(Timestamp) -> bool = |_| false;

/// Places rows of one key and returns the bounds of the sessions that they make, in order.
#[track_caller]
fn check(width: i64, times: &[i64], expected: &[(i64, i64)]) {
    let mut sessions = Sessions::new(gap(width));
    let mut ids = Ids::default();
    for &time in times {
        let placed = sessions.place(0, at(time), OPEN, || ids.take());
        assert!(placed.is_some());
    }
    sessions.keep(|id| ids.free(id));
    let mut found: Vec<(i64, i64)> = ids.used.iter().map(|&id| bounds(&sessions, id)).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

fn bounds(sessions: &Sessions, id: u32) -> (i64, i64) {
    let session = sessions.get(id);
    (session.start.as_micros(), session.last.as_micros())
}

#[test]
fn rows_that_touch_are_one_session() {
    check(10, &[0, 10, 20], &[(0, 20)]);
    check(10, &[0, 11], &[(0, 0), (11, 11)]);
    check(10, &[11, 0], &[(0, 0), (11, 11)]);
    check(10, &[20, 0, 10], &[(0, 20)]);
    check(10, &[0, 20, 40, 60, 30], &[(0, 0), (20, 40), (60, 60)]);
    check(10, &[-20, -5, -13], &[(-20, -5)]);
}

#[test]
fn the_ends_of_time_are_far_apart() {
    let (first, last) = (i64::MIN, i64::MAX);
    check(10, &[first, last], &[(first, first), (last, last)]);
    check(10, &[last, first], &[(first, first), (last, last)]);
    check(last, &[first, last], &[(first, first), (last, last)]);
    check(last, &[first, last, -1], &[(first, -1), (last, last)]);
    let mut sessions = Sessions::new(gap(10));
    let placed = sessions.place(0, at(last - 3), OPEN, || 0);
    assert_eq!(sessions.end(placed.expect("a session")), at(last));
}

#[test]
fn a_row_is_late_by_the_session_that_it_would_make() {
    let mut sessions = Sessions::new(gap(10));
    let closed = |end: Timestamp| end <= at(100);
    assert_eq!(sessions.place(0, at(90), closed, || 0), None);
    assert_eq!(sessions.place(0, at(95), closed, || 0), Some(0));
    assert_eq!(sessions.place(0, at(85), closed, || 1), Some(0));
    assert_eq!(sessions.place(0, at(74), closed, || 1), None);
    assert_eq!(sessions.place(1, at(85), closed, || 1), None);
    assert_eq!(bounds(&sessions, 0), (85, 95));
    assert!(sessions.is_idle(1));
}

#[test]
fn parts_come_in_the_order_of_event_time() {
    let mut sessions = Sessions::new(gap(10));
    let mut ids = Ids::default();
    let mut open = |sessions: &mut Sessions, time| {
        let placed = sessions.place(0, at(time), OPEN, || ids.take());
        placed.expect("a session")
    };
    let last = open(&mut sessions, 80);
    let first = open(&mut sessions, 0);
    let middle = open(&mut sessions, 40);
    sessions.keep(|_| panic!("nothing is joined"));
    // 0, 40 and 80 become one from the end to the beginning; a new session before them becomes part.
    for time in [70, 60, 50, 30, 20, 10, -20, -10] {
        open(&mut sessions, time);
    }
    let joins = sessions.joins();
    assert_eq!(joins.parts, [(first, middle), (first, last)]);
    assert_eq!(joins.root(last), first);
    sessions.keep(|id| ids.free(id));
    assert_eq!(ids.used, BTreeSet::from([first]));
    assert_eq!(bounds(&sessions, first), (-20, 80));
}

/// The rows of each session, each with a name of its own, as `(time, name)`.
type Model = Vec<(u32, BTreeSet<(i64, usize)>)>;

/// Puts a row where it belongs, the slow way; whether it is in time.
fn place(model: &mut Model, width: i64, key: u32, time: i64, name: usize, closed: i64) -> bool {
    let touches = |(other, rows): &(u32, BTreeSet<(i64, usize)>)| {
        *other == key && rows.iter().any(|(row, _)| (row - time).abs() <= width)
    };
    let mut rows: BTreeSet<(i64, usize)> = BTreeSet::from([(time, name)]);
    let touched: Vec<_> = model.iter().filter(|session| touches(session)).collect();
    touched.iter().for_each(|(_, others)| rows.extend(others));
    if rows.last().expect("a row").0 + width <= closed {
        return false;
    }
    model.retain(|session| !touches(session));
    model.push((key, rows));
    true
}

#[derive(Clone, Debug)]
struct Trial {
    /// Key and time after the watermark.
    rows: Vec<(u32, i64)>,
    is_kept: bool,
    step: i64,
}

fn trial() -> impl Strategy<Value = Trial> {
    let rows = prop::collection::vec((0_u32..3, -60_i64..60), 0..12);
    (rows, prop::bool::weighted(0.7), 0_i64..15).prop_map(|(rows, is_kept, step)| Trial {
        rows,
        is_kept,
        step,
    })
}

proptest! {
    /// Kept trials do what the model does, with the same rows in each session; others do nothing.
    #[test]
    fn sessions_are_those_of_the_model(
        trials in prop::collection::vec(trial(), 0..30), width in 1_i64..20, lateness in 0_i64..30,
    ) {
        let mut sessions = Sessions::new(gap(width));
        let mut ids = Ids::default();
        let mut model = Model::new();
        // The rows of each session by its id.
        let mut known: BTreeMap<u32, BTreeSet<(i64, usize)>> = BTreeMap::new();
        let (mut watermark, mut name) = (0, 0);
        for trial in trials {
            let mut expected = model.clone();
            let mut placed = Vec::new();
            for &(key, after) in &trial.rows {
                let time = watermark + after;
                name += 1;
                let closed = watermark - lateness;
                let is_closed = |end: Timestamp| end.as_micros() <= closed;
                let found = sessions.place(key, at(time), is_closed, || ids.take());
                let in_time = place(&mut expected, width, key, time, name, closed);
                prop_assert_eq!(found.is_some(), in_time);
                placed.extend(found.map(|id| (id, (time, name))));
            }
            if trial.is_kept {
                let joins = sessions.joins();
                for &(root, gone) in &joins.parts {
                    prop_assert!(known.contains_key(&root), "a root that is new has no parts");
                    let rows = known.remove(&gone).expect("parts are from before");
                    let before = known.entry(root).or_default();
                    prop_assert!(before.last() < rows.first(), "parts in order");
                    before.extend(rows);
                }
                for (id, row) in placed {
                    known.entry(joins.root(id)).or_default().insert(row);
                }
                sessions.keep(|id| ids.free(id));
                model = expected;
            } else {
                sessions.undo(|id| ids.free(id));
            }
            watermark += trial.step;
            model.retain(|(_, rows)| rows.last().expect("a row").0 + width + lateness > watermark);
            let over = |id: &u32| sessions.end(*id).as_micros() + lateness <= watermark;
            let closed: Vec<u32> = ids.used.iter().copied().filter(over).collect();
            for id in closed {
                prop_assert_eq!(sessions.find(sessions.get(id).key, sessions.get(id).start), Some(id));
                known.remove(&id);
                sessions.close(id);
                ids.free(id);
            }
            let mut found: Vec<_> = known
                .iter()
                .map(|(&id, rows)| (sessions.get(id).key, bounds(&sessions, id), rows.clone()))
                .collect();
            let mut wanted: Vec<_> = model
                .iter()
                .map(|(key, rows)| {
                    let ends = rows.first().zip(rows.last()).expect("a row");
                    (*key, (ends.0.0, ends.1.0), rows.clone())
                })
                .collect();
            found.sort();
            wanted.sort();
            prop_assert_eq!(found, wanted);
            let is_idle = |key: u32| model.iter().all(|session| session.0 != key);
            prop_assert!((0..3).all(|key| sessions.is_idle(key) == is_idle(key)));
        }
    }

    /// As long as nothing is late, the order of the rows does not matter.
    #[test]
    fn rows_in_any_order_make_the_same_sessions(
        times in prop::collection::vec(-200_i64..200, 1..60), width in 1_i64..20,
    ) {
        let mut sorted = times.clone();
        sorted.sort_unstable();
        let mut expected: Vec<(i64, i64)> = Vec::new();
        for time in sorted {
            match expected.last_mut() {
                Some((_, last)) if time - *last <= width => *last = time,
                _ => expected.push((time, time)),
            }
        }
        check(width, &times, &expected);
    }
}
