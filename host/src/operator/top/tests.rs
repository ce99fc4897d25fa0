//! Ranked rows as a whole: rows in, ranks out, against an oracle that sorts all rows of a window.

use std::num::NonZeroU64;

use proptest::prelude::*;

use super::*;
use crate::{
    batch::{Field, Schema},
    operator::{
        SortColumn, Work,
        trial::{self, Trial, check_counts},
    },
    time::Duration,
    window::WindowKind,
};

fn micros(micros: i64) -> Duration {
    Duration::from_micros(micros).expect("not negative")
}

fn tumbling(size: i64) -> WindowKind {
    WindowKind::Tumbling {
        size: micros(size),
        offset: Duration::ZERO,
    }
}

/// A stage that ranks rows of each `k` by `v`, the greatest first.
fn stage(window: WindowKind, n: u64, emit: Emit, is_timed: bool) -> Trial {
    of(trial::schema(), window, n, emit, None, is_timed)
}

fn of(
    input: Schema,
    window: WindowKind,
    n: u64,
    emit: Emit,
    replaces: Option<Vec<usize>>,
    is_timed: bool,
) -> Trial {
    let mut fields = input.fields().to_vec();
    fields.push(Field::required("rank", DataType::Int64));
    let output = Schema::new(fields).expect("the names differ");
    let work = TopWork {
        key: vec![1],
        window,
        n: NonZeroU64::new(n).expect("not zero"),
        by: vec![SortColumn {
            column: 2,
            descending: true,
        }],
        emit,
        replaces,
    };
    Trial::new(Work::Top(work), input, output, "{}", is_timed)
}

/// A row of the output: microseconds, key, value, rank.
fn row(&(ts, k, v, rank): &(i64, &str, i64, usize)) -> String {
    let ts = Timestamp::from_micros(ts);
    format!(r#"{{"ts":"{ts}","k":"{k}","v":{v},"rank":{rank}}}"#)
}

#[track_caller]
fn check(trial: &mut Trial, expected: &[(i64, &str, i64, usize)]) {
    let expected: Vec<String> = expected.iter().map(row).collect();
    assert_eq!(trial.new_rows(), expected);
}

#[test]
fn the_best_rows_leave_when_their_window_closes() {
    let mut trial = stage(tumbling(10), 2, Emit::Final, true);
    trial.feed(&[
        (1, "b", 1),
        (2, "a", 5),
        (3, "a", 7),
        (4, "a", 5),
        (12, "a", 1),
    ]);
    trial.feed(&[(5, "a", 6)]);
    trial.advance(9);
    check(&mut trial, &[]);
    assert_eq!(trial.reached(), 0);
    assert_eq!(trial.state_rows(), 4);
    trial.advance(10);
    check(
        &mut trial,
        &[(3, "a", 7, 1), (5, "a", 6, 2), (1, "b", 1, 1)],
    );
    assert_eq!(trial.reached(), 10);
    trial.feed(&[(9, "a", 9)]);
    assert_eq!(trial.seen.late.len(), 1);
    trial.end();
    check(&mut trial, &[(12, "a", 1, 1)]);
    assert_eq!(trial.state_rows(), 0);
    check_counts(&trial.metrics, &[("absorbed", 6), ("late", 1)]);
}

#[test]
fn a_row_is_ranked_in_each_of_its_windows() {
    let window = WindowKind::Sliding {
        size: micros(10),
        slide: micros(5),
        offset: Duration::ZERO,
    };
    let mut trial = stage(window, 1, Emit::Final, true);
    trial.feed(&[(7, "a", 5), (12, "a", 3), (3, "a", 1)]);
    trial.end();
    let expected = [
        (3, "a", 1, 1),
        (7, "a", 5, 1),
        (7, "a", 5, 1),
        (12, "a", 3, 1),
    ];
    check(&mut trial, &expected);
}

#[test]
fn changes_of_ranks_leave_at_once() {
    let mut trial = stage(WindowKind::Global, 2, Emit::Update, false);
    trial.feed(&[(0, "a", 1), (0, "a", 2), (0, "b", 9), (0, "a", 2)]);
    check(
        &mut trial,
        &[(0, "a", 2, 1), (0, "a", 2, 2), (0, "b", 9, 1)],
    );
    trial.feed(&[(1, "a", 2), (2, "b", 1)]);
    check(&mut trial, &[(2, "b", 1, 2)]);
    trial.restart(2);
    trial.feed(&[(3, "b", 10)]);
    check(&mut trial, &[(3, "b", 10, 1), (0, "b", 9, 2)]);
    trial.end();
    check(&mut trial, &[]);
}

#[test]
fn a_row_replaces_the_one_with_the_same_key() {
    let fields = ["ts", "k", "v", "page"].map(|name| match name {
        "ts" => Field::nullable(name, DataType::Timestamp),
        "v" => Field::nullable(name, DataType::Int64),
        name => Field::nullable(name, DataType::Utf8),
    });
    let input = Schema::new(fields.to_vec()).expect("the names differ");
    let replaces = Some(vec![1, 3]);
    let mut trial = of(input, WindowKind::Global, 2, Emit::Update, replaces, false);
    let mut feed = |rows: &[(&str, i64)], restart: bool| {
        let row =
            |&(page, v): &(&str, i64)| format!(r#"{{"ts":0,"k":"a","v":{v},"page":"{page}"}}"#);
        trial.rows(&rows.iter().map(row).collect::<Vec<_>>());
        if restart {
            trial.restart(1);
        }
        let rows = trial.new_rows().into_iter();
        let rows = rows.map(|row| {
            let row: serde_json::Value = serde_json::from_str(&row).expect("JSON");
            format!(
                "{} {} {}",
                row["rank"],
                row["page"].as_str().expect("text"),
                row["v"]
            )
        });
        rows.collect::<Vec<_>>()
    };
    assert_eq!(
        feed(&[("x", 1), ("y", 1), ("z", 1)], false),
        ["1 x 1", "2 y 1"]
    );
    assert_eq!(feed(&[("z", 2)], true), ["1 z 2", "2 x 1"]);
    assert_eq!(feed(&[("z", 0)], false), ["1 x 1", "2 y 1"]);
    assert_eq!(feed(&[("y", 3), ("y", 1)], false), ["2 y 1"]);
}

#[test]
fn windows_of_the_input_are_known_by_its_columns() {
    let fields = [
        Field::nullable("ts", DataType::Timestamp),
        Field::nullable("k", DataType::Utf8),
        Field::nullable("v", DataType::Int64),
        Field::nullable("window_start", DataType::Timestamp),
        Field::nullable("window_end", DataType::Timestamp),
    ];
    let input = Schema::new(fields.to_vec()).expect("the names differ");
    let mut trial = of(input, WindowKind::Inherited, 1, Emit::Final, None, true);
    let row = |(v, start, end): (i64, i64, i64)| {
        let ts = end - 1;
        format!(r#"{{"ts":{ts},"k":"a","v":{v},"window_start":{start},"window_end":{end}}}"#)
    };
    trial.rows(&[(1, 0, 10), (2, 5, 15), (3, 0, 10)].map(row));
    trial.advance(5);
    assert_eq!(trial.reached(), 5);
    trial.advance(10);
    assert_eq!(trial.new_rows().len(), 1);
    assert_eq!(trial.reached(), 10);
    trial.rows(&[(1, 0, 10), (2, 5, 15)].map(row));
    trial.rows(&[r#"{"ts":12,"k":"a"}"#.to_owned()]);
    trial.end();
    assert_eq!(trial.new_rows().len(), 1);
    check_counts(
        &trial.metrics,
        &[("absorbed", 4), ("late", 1), ("filtered", 1)],
    );
}

/// A batch of rows (steps of event time, key, value), a step of the watermark, and perhaps a restart
/// with so many subtasks.
type Step = (Vec<(i64, u8, i64)>, i64, Option<usize>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let row = (0_i64..30, 0_u8..3, 0_i64..20);
    let rows = prop::collection::vec(row, 0..20);
    let restart = prop::option::weighted(0.2, 1_usize..4);
    prop::collection::vec((rows, 0_i64..12, restart), 0..12)
}

/// Times are written with as many digits as they need, so those that are compared are whole seconds.
const SECOND: i64 = 1_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What comes out is what an oracle says that looks at all rows of a window at once.
    #[test]
    fn ranks_are_those_of_an_oracle(
        steps in steps(), size in 1_i64..25, slide in 1_i64..25, n in 1_usize..4, is_update in any::<bool>(),
    ) {
        let window = WindowKind::Sliding {
            size: micros(size * SECOND),
            slide: micros(slide * SECOND),
            offset: Duration::ZERO,
        };
        let emit = if is_update { Emit::Update } else { Emit::Final };
        let mut trial = stage(window, n as u64, emit, true);
        // The rows of each window and key in their order: values, and times.
        let mut windows: BTreeMap<(i64, String), Vec<(i64, i64)>> = BTreeMap::new();
        let (mut now, mut late, mut outside) = (0, 0, 0);
        trial.advance(now * SECOND);
        let mut found = Vec::new();
        for (batch, step, restart) in steps {
            let names: Vec<String> = batch.iter().map(|row| format!("k{}", row.1)).collect();
            let batch: Vec<(i64, &str, i64)> = batch
                .iter()
                .zip(&names)
                .map(|(&(time, _, v), k)| (now - 10 + time, k.as_str(), v))
                .collect();
            let in_micros = batch.iter().map(|&(time, k, v)| (time * SECOND, k, v));
            trial.feed(&in_micros.collect::<Vec<_>>());
            for (time, k, v) in batch {
                let first = (time - size).div_euclid(slide) + 1;
                let ends: Vec<i64> = (first..=time.div_euclid(slide))
                    .map(|window| window * slide + size)
                    .collect();
                let open = ends.iter().filter(|end| **end > now);
                outside += usize::from(ends.is_empty());
                late += usize::from(!ends.is_empty() && open.clone().count() == 0);
                for &end in open {
                    windows.entry((end, k.to_owned())).or_default().push((v, time));
                }
            }
            if let Some(subtasks) = restart {
                trial.restart(subtasks);
            }
            now += step;
            trial.advance(now * SECOND);
            found.extend(trial.new_rows());
        }
        trial.end();
        found.extend(trial.new_rows());
        let mut expected: Vec<String> = Vec::new();
        for ((_, k), rows) in &mut windows {
            rows.sort_by_key(|row| -row.0);
            let best = rows.iter().take(n).enumerate();
            expected.extend(best.map(|(place, &(v, time))| row(&(time * SECOND, k.as_str(), v, place + 1))));
        }
        if is_update {
            // The last change of each rank is right; there are others before it.
            for row in &expected {
                prop_assert!(found.contains(row), "{}", row);
            }
        } else {
            found.sort();
            expected.sort();
            prop_assert_eq!(found, expected);
        }
        prop_assert_eq!(trial.seen.late.len(), late);
        prop_assert_eq!(trial.metrics.filtered.get(), outside as u64);
        prop_assert_eq!(trial.state_rows(), 0);
    }
}
