//! Windows of so many rows, in a whole stage.

use proptest::prelude::*;

use super::*;
use crate::{
    operator::windowed::rig::{Rig, Row, row},
    window::WindowKind,
};

/// A stage with windows of `rows` rows and the functions `count`, `sum` and `collect`.
fn rig(rows: u64) -> Rig {
    let rows = NonZeroU64::new(rows).expect("some rows");
    Rig::new(WindowKind::Count(rows), &["count", "sum", "collect"])
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_window_is_complete_with_its_last_row() {
    let mut rig = rig(3);
    assert_eq!(
        rig.feed(&[row("a", 0, 1), row("b", 0, 2), row("a", 0, 3)]),
        NOTHING
    );
    let rows = [
        row("b", 1, 4),
        row("b", 2, 5),
        row("a", 3, 6),
        row("b", 4, 7),
    ];
    assert_eq!(rig.feed(&rows), ["b 3 11 [2,4,5]", "a 3 10 [1,3,6]"]);
    assert_eq!(rig.advance(1_000_000), NOTHING);
    assert_eq!(rig.end(), ["b 1 7 [7]"]);
    assert_eq!(rig.state_rows(), 0);
}

#[test]
fn a_batch_completes_several_windows_of_a_key() {
    let mut rig = rig(2);
    let rows: Vec<Row> = (1..8).map(|n| row("a", 0, n)).collect();
    assert_eq!(
        rig.feed(&rows),
        ["a 2 3 [1,2]", "a 2 7 [3,4]", "a 2 11 [5,6]"]
    );
    assert_eq!(rig.feed(&rows[..1]), ["a 2 8 [7,1]"]);
    assert_eq!(rig.end(), NOTHING);
}

#[test]
fn holistic_functions_see_the_order_of_event_time() {
    let rows = [row("a", 3, 1), row("a", 2, 2), row("a", 1, 3)];
    assert_eq!(rig(3).feed(&rows), ["a 3 6 [3,2,1]"]);
    assert_eq!(rig(3).without_times().feed(&rows), ["a 3 6 [1,2,3]"]);
}

#[test]
fn a_refused_row_is_not_counted() {
    let mut rig = rig(2);
    let rows = [
        row("a", 0, i64::MAX),
        row("a", 0, 1),
        row("a", 0, 0),
        row("b", 0, 1),
    ];
    assert_eq!(
        rig.feed(&rows),
        [format!("a 2 {} [{},0]", i64::MAX, i64::MAX)]
    );
    assert_eq!(rig.reasons.len(), 1);
    assert_eq!(rig.end(), ["b 1 1 [1]"]);
}

#[test]
fn rows_below_the_watermark_count_too() {
    // The rig checks that no row comes out below the watermark.
    let mut rig = rig(2);
    rig.advance(100);
    assert_eq!(rig.feed(&[row("a", 5, 1), row("a", 7, 2)]), ["a 2 3 [1,2]"]);
    assert_eq!(rig.feed(&[row("a", 5, 3)]), NOTHING);
    assert_eq!(rig.end(), ["a 1 3 [3]"]);
    assert_eq!(rig.late, NOTHING);
}

#[test]
fn what_is_left_leaves_in_pieces() {
    let mut rig = rig(2);
    let mut expected = Vec::new();
    let mut rows = Vec::new();
    for key in 0..40_000 {
        let key: &'static str = format!("{key:05}").leak();
        rows.push(row(key, 0, 1));
        expected.push(format!("{key} 1 1 [1]"));
    }
    rows.reverse();
    for rows in rows.chunks(8192) {
        assert_eq!(rig.feed(rows), NOTHING);
    }
    // Most of it is complete, and the memory is given back.
    rig.feed(&rows[..39_000]);
    assert_eq!(rig.feed(&[row("a", 0, 1), row("a", 0, 2)]), ["a 2 3 [1,2]"]);
    assert_eq!(rig.end(), expected[..1000]);
}

#[derive(Clone, Debug)]
enum Step {
    Rows(Vec<(usize, i64)>),
    Restart(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![9 => 0_i64..100, 1 => Just(i64::MAX)];
    let rows = prop::collection::vec((0_usize..4, value), 0..12);
    prop_oneof![
        4 => rows.prop_map(Step::Rows),
        1 => (1_usize..4).prop_map(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the batches, restarts and parallelism, windows are those of the rows as they come.
    #[test]
    fn windows_are_runs_of_accepted_rows(steps in prop::collection::vec(step(), 0..25), n in 1_u64..6) {
        let mut rig = rig(n);
        let mut model: [Vec<i64>; 4] = Default::default();
        let (mut tasks, mut refused) = (1, 0);
        let keys = ["a", "b", "c", ""];
        let line = |key: usize, values: &[i64]| {
            let sum: i64 = values.iter().sum();
            let texts: Vec<String> = values.iter().map(i64::to_string).collect();
            format!("{} {} {sum} [{}]", keys[key], values.len(), texts.join(","))
        };
        for step in steps {
            let rows = match step {
                Step::Rows(rows) => rows,
                Step::Restart(into) => {
                    tasks = into;
                    rig.restart(tasks);
                    continue;
                }
            };
            let mut wanted = Vec::new();
            for &(key, value) in &rows {
                let open = &mut model[key];
                let sum: i64 = open.iter().sum();
                if sum.checked_add(value).is_none() {
                    refused += 1;
                    continue;
                }
                open.push(value);
                if open.len() as u64 == n {
                    wanted.push(line(key, open));
                    open.clear();
                }
            }
            if tasks > 1 {
                wanted.sort();
            }
            let rows: Vec<Row> = rows.iter().map(|&(key, value)| row(keys[key], 0, value)).collect();
            prop_assert_eq!(rig.feed(&rows), wanted);
        }
        let mut wanted: Vec<String> = [3, 0, 1, 2]
            .into_iter()
            .filter(|&key| !model[key].is_empty())
            .map(|key| line(key, &model[key]))
            .collect();
        if tasks > 1 {
            wanted.sort();
        }
        prop_assert_eq!(rig.end(), wanted);
        prop_assert_eq!(rig.state_rows(), 0);
        prop_assert_eq!(rig.reasons.len(), refused);
    }
}
