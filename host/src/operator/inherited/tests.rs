//! Windows that rows name, in a whole stage.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::{
    operator::windowed::rig::{Rig, Row, row},
    window::WindowKind,
};

/// A stage with the functions `count`, `sum` and `collect`.
fn rig() -> Rig {
    Rig::new(WindowKind::Inherited, &["count", "sum", "collect"])
}

const NOTHING: [&str; 0] = [];

/// A row of a window, as a stage hands it on.
fn part(key: &'static str, (start, end): (i64, i64), value: i64) -> Row {
    Row {
        bounds: (Some(start), Some(end)),
        ..row(key, end - 1, value)
    }
}

#[test]
fn rows_of_one_window_are_summed_up() {
    let mut rig = rig();
    let rows = [
        part("b", (0, 10), 1),
        part("a", (0, 10), 2),
        part("b", (0, 10), 3),
    ];
    assert_eq!(rig.feed(&rows), NOTHING);
    rig.feed(&[
        part("a", (5, 10), 4),
        part("c", (0, 9), 5),
        part("a", (0, 11), 6),
    ]);
    assert_eq!(rig.advance(8), NOTHING);
    let expected = [
        "c 0 9 1 5 [5]",
        "a 0 10 1 2 [2]",
        "a 5 10 1 4 [4]",
        "b 0 10 2 4 [1,3]",
    ];
    assert_eq!(rig.advance(10), expected);
    assert_eq!(rig.end(), ["a 0 11 1 6 [6]"]);
    assert_eq!(rig.state_rows(), 0);
}

#[test]
fn a_row_of_a_closed_window_is_late() {
    let mut rig = rig();
    rig.advance(10);
    assert_eq!(
        rig.feed(&[part("a", (0, 10), 1), part("a", (0, 11), 2)]),
        NOTHING
    );
    assert_eq!(rig.late, ["a 9 1 0 10"]);
    assert_eq!(rig.end(), ["a 0 11 1 2 [2]"]);
}

#[test]
fn a_row_without_a_window_is_bad() {
    let mut rig = rig();
    let no_start = Row {
        bounds: (None, Some(10)),
        ..row("a", 9, 1)
    };
    let no_end = Row {
        bounds: (Some(0), None),
        ..row("a", 9, 2)
    };
    rig.feed(&[no_start, part("a", (0, 10), 3), no_end]);
    let reasons = [
        "`window_start` is null, so the row belongs to no window",
        "`window_end` is null, so the row belongs to no window",
    ];
    assert_eq!(rig.reasons, reasons);
    assert_eq!(rig.end(), ["a 0 10 1 3 [3]"]);
}

#[test]
fn a_refused_row_opens_no_window() {
    let mut rig = rig();
    let much = i64::MAX;
    rig.feed(&[part("a", (0, 10), much)]);
    rig.feed(&[part("a", (0, 10), 1), part("b", (0, 10), 1)]);
    assert_eq!(rig.reasons.len(), 1);
    assert_eq!(
        rig.end(),
        [
            format!("a 0 10 1 {much} [{much}]"),
            "b 0 10 1 1 [1]".to_owned()
        ]
    );
}

#[test]
fn much_leaves_in_pieces() {
    let mut rig = rig();
    let mut expected = Vec::new();
    for key in 0..40_000 {
        let key: &'static str = format!("{key:05}").leak();
        rig.feed(&[part(key, (0, 10), 1)]);
        expected.push(format!("{key} 0 10 1 1 [1]"));
    }
    assert_eq!(rig.advance(10), expected);
    // What was given back of the memory is there again.
    assert_eq!(
        rig.feed(&[part("b", (10, 20), 2), part("a", (10, 20), 1)]),
        NOTHING
    );
    assert_eq!(rig.end(), ["a 10 20 1 1 [1]", "b 10 20 1 2 [2]"]);
}

#[derive(Clone, Debug)]
enum Step {
    Rows(Vec<(usize, (i64, i64), i64)>),
    Advance(i64),
    Restart(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let bounds = (-20_i64..5, 1_i64..20);
    let value = prop_oneof![9 => 0_i64..100, 1 => Just(i64::MAX)];
    let rows = prop::collection::vec((0_usize..3, bounds, value), 0..10);
    prop_oneof![
        4 => rows.prop_map(Step::Rows),
        2 => (0_i64..10).prop_map(Step::Advance),
        1 => (1_usize..4).prop_map(Step::Restart),
    ]
}

/// Numbers by the end, the key and the start of their window.
type Groups = BTreeMap<(i64, &'static str, i64), Vec<i64>>;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the batches, restarts and parallelism, rows are grouped by key and window.
    #[test]
    fn rows_are_grouped_by_key_and_window(steps in prop::collection::vec(step(), 0..25)) {
        let mut rig = rig();
        let mut model = Groups::new();
        let (mut now, mut tasks, mut late, mut refused) = (0, 1, 0, 0);
        rig.advance(0);
        let lines = |groups: Groups, tasks: usize| {
            let mut lines: Vec<String> = groups
                .into_iter()
                .map(|((end, key, start), values)| {
                    let sum: i64 = values.iter().sum();
                    let texts: Vec<String> = values.iter().map(i64::to_string).collect();
                    format!("{key} {start} {end} {} {sum} [{}]", values.len(), texts.join(","))
                })
                .collect();
            if tasks > 1 {
                lines.sort();
            }
            lines
        };
        for step in steps {
            match step {
                Step::Rows(rows) => {
                    let rows = rows.into_iter().map(|(key, (after, length), value)| {
                        part(["a", "b", ""][key], (now + after, now + after + length), value)
                    });
                    let rows: Vec<Row> = rows.collect();
                    for row in &rows {
                        let (start, end) = row.bounds.0.zip(row.bounds.1).expect("bounds");
                        let value = row.value.expect("a value");
                        if end <= now {
                            late += 1;
                            continue;
                        }
                        let group = model.entry((end, row.key, start)).or_default();
                        match group.iter().sum::<i64>().checked_add(value) {
                            Some(_) => group.push(value),
                            None => refused += 1,
                        }
                    }
                    prop_assert_eq!(rig.feed(&rows), NOTHING);
                }
                Step::Advance(by) => {
                    now += by;
                    let rest = model.split_off(&(now + 1, "", i64::MIN));
                    let due = std::mem::replace(&mut model, rest);
                    prop_assert_eq!(rig.advance(now), lines(due, tasks));
                }
                Step::Restart(into) => {
                    tasks = into;
                    rig.restart(tasks);
                }
            }
        }
        prop_assert_eq!(rig.end(), lines(model, tasks));
        prop_assert_eq!(rig.state_rows(), 0);
        prop_assert_eq!((rig.late.len(), rig.reasons.len()), (late, refused));
    }
}
