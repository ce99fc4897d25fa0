//! Sessions of a whole stage: what comes out, and when.

use proptest::prelude::*;

use super::*;
use crate::{
    operator::windowed::rig::{Rig, Row, micros, row},
    window::WindowKind,
};

/// A stage with a gap of 10 and the functions `count`, `sum` and `collect`.
fn rig() -> Rig {
    let window = WindowKind::Session { gap: micros(10) };
    Rig::new(window, &["count", "sum", "collect"])
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_session_ends_the_gap_after_its_last_row() {
    let mut rig = rig();
    assert_eq!(
        rig.feed(&[row("a", 0, 1), row("b", 5, 2), row("a", 10, 3)]),
        NOTHING
    );
    assert_eq!(rig.advance(14), NOTHING);
    assert_eq!(rig.advance(19), ["b 5 15 1 2 [2]"]);
    assert_eq!(rig.advance(20), ["a 0 20 2 4 [1,3]"]);
    assert_eq!(rig.state_rows(), 0);
}

#[test]
fn a_row_makes_one_of_two_sessions() {
    let mut rig = rig();
    assert_eq!(rig.feed(&[row("a", 20, 2), row("b", 0, 7)]), NOTHING);
    assert_eq!(rig.feed(&[row("a", 0, 1), row("a", 0, 5)]), NOTHING);
    assert_eq!(rig.feed(&[row("a", 10, 3)]), NOTHING);
    assert_eq!(
        rig.advance(100),
        ["b 0 10 1 7 [7]", "a 0 30 4 11 [1,5,3,2]"]
    );
    // The same in one batch.
    let rows = [row("a", 120, 2), row("a", 100, 1), row("a", 110, 3)];
    assert_eq!(rig.feed(&rows), NOTHING);
    assert_eq!(rig.end(), ["a 100 130 3 6 [1,3,2]"]);
}

#[test]
fn sessions_that_end_together_leave_by_key() {
    let mut rig = rig();
    rig.feed(&[
        row("c", 0, 1),
        row("a", 0, 1),
        row("b", 0, 1),
        row("z", -1, 1),
    ]);
    let expected = [
        "z -1 9 1 1 [1]",
        "a 0 10 1 1 [1]",
        "b 0 10 1 1 [1]",
        "c 0 10 1 1 [1]",
    ];
    assert_eq!(rig.advance(10), expected);
}

#[test]
fn a_row_is_late_by_the_session_that_it_would_make() {
    let mut rig = rig();
    rig.feed(&[row("a", 45, 1)]);
    assert_eq!(rig.advance(50), NOTHING);
    // The first one touches what is open, the second one does not, the third one does by now.
    let rows = [
        row("a", 38, 2),
        row("a", 27, 3),
        row("a", 28, 4),
        row("b", 40, 5),
    ];
    assert_eq!(rig.feed(&rows), NOTHING);
    assert_eq!(rig.late, ["a 27 3 null null", "b 40 5 null null"]);
    assert_eq!(rig.end(), ["a 28 55 3 7 [4,2,1]"]);
}

#[test]
fn a_session_that_has_fired_fires_again_when_it_changes() {
    let mut rig = rig().with(|work| work.lateness = micros(20));
    rig.feed(&[row("a", 0, 1), row("b", 0, 1)]);
    assert_eq!(rig.advance(15), ["a 0 10 1 1 [1]", "b 0 10 1 1 [1]"]);
    // Still closed; then open again.
    assert_eq!(
        rig.feed(&[row("a", 3, 2), row("c", 2, 9)]),
        ["c 2 12 1 9 [9]", "a 0 13 2 3 [1,2]"]
    );
    assert_eq!(rig.feed(&[row("a", 13, 4)]), NOTHING);
    assert_eq!(rig.advance(22), NOTHING);
    assert_eq!(rig.advance(23), ["a 0 23 3 7 [1,2,4]"]);
    assert_eq!(rig.late, NOTHING);
    // `b` is over by now, `c` is over soon.
    assert_eq!(rig.advance(30), NOTHING);
    let rows = [row("b", 0, 2), row("c", -2, 1), row("b", 5, 2)];
    assert_eq!(rig.feed(&rows), ["c -2 12 2 10 [1,9]", "b 5 15 1 2 [2]"]);
    assert_eq!(rig.late, ["b 0 2 null null"]);
    assert_eq!(rig.end(), NOTHING);
    assert_eq!(rig.state_rows(), 0);
}

#[test]
fn a_session_is_not_continued_when_it_is_over() {
    let mut rig = rig().with(|work| work.lateness = micros(20));
    rig.feed(&[row("a", 0, 1)]);
    assert_eq!(rig.advance(1000), ["a 0 10 1 1 [1]"]);
    assert_eq!(rig.state_rows(), 0);
    assert_eq!(rig.feed(&[row("a", 10, 1)]), NOTHING);
    assert_eq!(rig.late, ["a 10 1 null null"]);
}

#[test]
fn a_refused_row_leaves_no_trace() {
    let mut rig = rig();
    let much = i64::MAX;
    rig.feed(&[row("a", 0, much), row("a", 20, 1)]);
    // The first one would make the sum too large, so it is not there to join the second one; the
    // fourth would join two sums to one that is too large.
    let rows = [
        row("a", 7, 5),
        row("a", 15, 1),
        row("b", 3, 2),
        row("a", 10, 0),
        row("a", 35, 3),
    ];
    assert_eq!(rig.feed(&rows), NOTHING);
    assert_eq!(rig.reasons.len(), 2, "{:?}", rig.reasons);
    rig.feed(&[row("c", 0, much), row("c", 5, 1), row("c", 12, 0)]);
    let expected = [
        format!("a 0 10 1 {much} [{much}]"),
        format!("c 0 10 1 {much} [{much}]"),
        "b 3 13 1 2 [2]".to_owned(),
        "c 12 22 1 0 [0]".to_owned(),
        "a 15 30 2 2 [1,1]".to_owned(),
        "a 35 45 1 3 [3]".to_owned(),
    ];
    assert_eq!(rig.end(), expected);
}

#[test]
fn the_ends_of_time_are_times_like_others() {
    let (first, last) = (i64::MIN, i64::MAX);
    let mut rig = rig();
    rig.feed(&[row("a", first, 1), row("a", last, 2), row("a", last - 3, 3)]);
    rig.restart(1);
    assert_eq!(
        rig.advance(last - 1),
        [format!("a {first} {} 1 1 [1]", first + 10)]
    );
    assert_eq!(rig.end(), [format!("a {} {last} 2 5 [3,2]", last - 3)]);
}

#[test]
fn sessions_can_go_by_the_clock() {
    let mut rig = rig().with(|work| work.time = TimeDomain::Processing);
    assert_eq!(rig.tick(100), NOTHING);
    rig.feed(&[row("a", 5, 1)]);
    assert_eq!(rig.tick(105), NOTHING);
    rig.feed(&[row("a", 90_000, 2), row("b", -7, 3)]);
    // The watermark of the input says nothing.
    assert_eq!(rig.advance(1_000_000), NOTHING);
    assert_eq!(rig.tick(114), NOTHING);
    rig.restart(2);
    assert_eq!(rig.tick(115), ["a 100 115 2 3 [1,2]", "b 105 115 1 3 [3]"]);
    rig.tick(200);
    rig.feed(&[row("a", 5, 1)]);
    // A clock that is set back makes nothing late.
    rig.tick(150);
    rig.feed(&[row("a", 5, 2)]);
    assert_eq!(rig.end(), ["a 200 210 2 3 [1,2]"]);
}

#[test]
fn no_subtask_holds_back_what_goes_by_the_clock() {
    let mut rig = rig().with(|work| work.time = TimeDomain::Processing);
    rig.restart(3);
    let mut left = Vec::new();
    for now in [100, 104, 109, 110, 114, 130, 131, 150, 155, 159, 160] {
        left.extend(rig.tick(now));
        // What ends by now is not held back.
        assert!(
            rig.promised().is_none_or(|promised| promised >= now),
            "at {now}"
        );
        match now {
            100 | 104 => rig.feed(&[row("a", 0, now)]),
            130 | 131 => rig.feed(&[row("b", 0, now)]),
            109 | 150 => rig.feed(&[row("c", 0, now)]),
            _ => Vec::new(),
        };
    }
    let expected = [
        "a 100 114 2 204 [100,104]",
        "c 109 119 1 109 [109]",
        "b 130 141 2 261 [130,131]",
        "c 150 160 1 150 [150]",
    ];
    assert_eq!(left, expected);
}

#[test]
fn much_leaves_in_pieces() {
    let mut rig = rig();
    let keys: Vec<&'static str> = (0..300).map(|key| &*format!("{key:03}").leak()).collect();
    let mut expected = Vec::new();
    for time in 0..150 {
        let rows: Vec<Row> = keys.iter().map(|key| row(key, time * 100, time)).collect();
        rig.feed(&rows);
        let (start, end) = (time * 100, time * 100 + 10);
        let line = |key| format!("{key} {start} {end} 1 {time} [{time}]");
        expected.extend(keys.iter().map(line));
    }
    assert_eq!(rig.advance(20_000), expected);
    // What was given back of the memory is there again.
    assert_eq!(
        rig.feed(&[row("a", 20_000, 1), row("b", 20_000, 2)]),
        NOTHING
    );
    assert_eq!(
        rig.end(),
        ["a 20000 20010 1 1 [1]", "b 20000 20010 1 2 [2]"]
    );
}

/// A step of a script.
#[derive(Clone, Debug)]
enum Step {
    /// Key, time after the watermark, value.
    Rows(Vec<(usize, i64, i64)>),
    Advance(i64),
    Restart(usize),
}

fn step() -> impl Strategy<Value = Step> {
    // Some sums are too large, with others.
    let value = prop_oneof![9 => 0_i64..100, 1 => Just(i64::MAX)];
    let rows = prop::collection::vec((0_usize..4, -30_i64..40, value), 0..12);
    prop_oneof![
        4 => rows.prop_map(Step::Rows),
        2 => (0_i64..25).prop_map(Step::Advance),
        1 => (1_usize..4).prop_map(Step::Restart),
    ]
}

/// A session of the model: rows in the order of their coming.
#[derive(Clone, Debug)]
struct Model {
    key: &'static str,
    rows: Vec<(i64, i64)>,
    has_fired: bool,
}

impl Model {
    fn end(&self) -> i64 {
        self.rows.iter().map(|row| row.0).max().expect("a row") + 10
    }

    fn line(&self) -> String {
        let mut rows = self.rows.clone();
        rows.sort_by_key(|row| row.0);
        let values: Vec<String> = rows.iter().map(|row| row.1.to_string()).collect();
        let (start, end) = (rows[0].0, self.end());
        let sum: i64 = rows.iter().map(|row| row.1).sum();
        let (key, count) = (self.key, rows.len());
        format!("{key} {start} {end} {count} {sum} [{}]", values.join(","))
    }
}

/// Sessions, the slow way: row by row.
struct Slow {
    sessions: Vec<Model>,
    watermark: i64,
    lateness: i64,
    late: Vec<String>,
    refused: usize,
}

impl Slow {
    fn feed(&mut self, rows: &[Row]) -> Vec<String> {
        let mut changed: Vec<(&str, i64)> = Vec::new();
        for row in rows {
            let value = row.value.expect("a value");
            let touches = |session: &Model| {
                let mut rows = session.rows.iter();
                session.key == row.key && rows.any(|(time, _)| (time - row.time).abs() <= 10)
            };
            let mut touched: Vec<Model> = self
                .sessions
                .iter()
                .filter(|&session| touches(session))
                .cloned()
                .collect();
            touched.sort_by_key(Model::end);
            let mut rows: Vec<(i64, i64)> = touched
                .into_iter()
                .flat_map(|session| session.rows)
                .collect();
            rows.push((row.time, value));
            let merged = Model {
                key: row.key,
                rows,
                has_fired: false,
            };
            if merged.end() + self.lateness <= self.watermark {
                self.late
                    .push(format!("{} {} {value} null null", row.key, row.time));
                continue;
            }
            let sum = merged
                .rows
                .iter()
                .try_fold(0_i64, |sum, row| sum.checked_add(row.1));
            if sum.is_none() {
                self.refused += 1;
                continue;
            }
            self.sessions.retain(|session| !touches(session));
            changed.push((row.key, row.time));
            self.sessions.push(merged);
        }
        self.fire()
    }

    /// The rows of sessions that are complete and have not left.
    fn fire(&mut self) -> Vec<String> {
        let watermark = self.watermark;
        let mut due: Vec<&mut Model> = self
            .sessions
            .iter_mut()
            .filter(|session| !session.has_fired && session.end() <= watermark)
            .collect();
        due.sort_by_key(|session| (session.end(), session.key));
        let lines = due.iter().map(|session| session.line()).collect();
        due.into_iter().for_each(|session| session.has_fired = true);
        let over = watermark - self.lateness;
        self.sessions.retain(|session| session.end() > over);
        lines
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the batches, restarts and parallelism, what comes out is what the slow way gives.
    #[test]
    fn a_stage_does_what_the_slow_way_does(
        steps in prop::collection::vec(step(), 0..25), lateness in prop_oneof![Just(0_i64), 1_i64..30],
    ) {
        let mut rig = rig().with(|work| work.lateness = micros(lateness));
        let mut slow = Slow {
            sessions: Vec::new(), watermark: -1000, lateness, late: Vec::new(), refused: 0,
        };
        rig.advance(slow.watermark);
        let (mut now, mut tasks) = (0, 1);
        let sorted = |lines: Vec<String>, tasks: usize| {
            let mut lines = lines;
            if tasks > 1 {
                lines.sort();
            }
            lines
        };
        for step in steps {
            let (found, wanted) = match step {
                Step::Rows(rows) => {
                    let rows: Vec<Row> = rows
                        .iter()
                        .map(|&(key, after, value)| row(["a", "b", "c", ""][key], now + after, value))
                        .collect();
                    (rig.feed(&rows), slow.feed(&rows))
                }
                Step::Advance(by) => {
                    now += by;
                    slow.watermark = slow.watermark.max(now);
                    (rig.advance(now), slow.fire())
                }
                Step::Restart(into) => {
                    tasks = into;
                    rig.restart(tasks);
                    continue;
                }
            };
            prop_assert_eq!(found, sorted(wanted, tasks));
        }
        slow.watermark = i64::MAX;
        prop_assert_eq!(rig.end(), sorted(slow.fire(), tasks));
        prop_assert_eq!(rig.state_rows(), 0);
        rig.late.sort();
        slow.late.sort();
        prop_assert_eq!(&rig.late, &slow.late);
        prop_assert_eq!(rig.reasons.len(), slow.refused);
    }
}
