//! Rolling windows as a whole: rows in, rows out, against frames that are looked up row by row.

use std::num::NonZeroU64;

use proptest::prelude::*;

use super::*;
use crate::{
    batch::{Field, Schema},
    operator::{
        Emit, Work,
        trial::{self, Trial, check_counts},
    },
    time::Duration,
    window::WindowKind,
};

fn micros(micros: i64) -> Duration {
    Duration::from_micros(micros).expect("not negative")
}

fn rows(rows: u64, following: u64) -> WindowKind {
    let rows = NonZeroU64::new(rows).expect("not zero");
    WindowKind::RollingRows { rows, following }
}

const fn span(span: Duration) -> WindowKind {
    WindowKind::Rolling { span }
}

/// A stage that keeps `k` and `v` and makes the sum, the first and all of the values of each frame.
fn stage(window: WindowKind, time: TimeDomain, is_timed: bool) -> Trial {
    let input = trial::schema();
    let fields = vec![
        Field::nullable("k", DataType::Utf8),
        Field::nullable("v", DataType::Int64),
        Field::nullable("sum", DataType::Int64),
        Field::nullable("first", DataType::Int64),
        Field::nullable("all", DataType::Utf8),
    ];
    let output = Schema::new(fields).expect("the names differ");
    let calls = ["sum", "first", "collect"];
    let work = AggregateWork {
        key: vec![1],
        window,
        time,
        lateness: Duration::ZERO,
        emit: Emit::Final,
        calls: calls
            .map(|name| trial::call(name, &["v"], "{}", &input))
            .to_vec(),
        keep: vec![1, 2],
    };
    Trial::new(Work::Aggregate(work), input, output, "{}", is_timed)
}

/// A row of the output of [`stage`], by the values of its frame.
fn row(k: &str, frame: &[i64]) -> String {
    let (sum, first) = (frame.iter().sum::<i64>(), frame[0]);
    let all: Vec<String> = frame.iter().map(i64::to_string).collect();
    let all = all.join(",");
    format!(r#""k":"{k}",SPLIT,"sum":{sum},"first":{first},"all":"[{all}]""#)
}

#[track_caller]
fn check(trial: &mut Trial, expected: &[(&str, i64, &[i64])]) {
    let expected: Vec<String> = expected
        .iter()
        .map(|(k, v, frame)| {
            format!(
                "{{{}}}",
                row(k, frame).replace("SPLIT", &format!("\"v\":{v}"))
            )
        })
        .collect();
    assert_eq!(trial.new_rows(), expected);
}

#[test]
fn rows_leave_in_order_of_event_time_once_the_watermark_has_passed() {
    let mut trial = stage(rows(2, 0), TimeDomain::Event, true);
    trial.feed(&[(5, "b", 1), (3, "a", 2), (5, "a", 3), (1, "a", 4)]);
    check(&mut trial, &[]);
    trial.advance(5);
    check(&mut trial, &[("a", 4, &[4]), ("a", 2, &[4, 2])]);
    trial.feed(&[(4, "a", 9), (5, "a", 5)]);
    assert_eq!(trial.seen.late.len(), 1);
    trial.advance(6);
    check(
        &mut trial,
        &[("a", 3, &[2, 3]), ("a", 5, &[3, 5]), ("b", 1, &[1])],
    );
    check_counts(&trial.metrics, &[("absorbed", 5), ("late", 1)]);
}

#[test]
fn following_rows_are_waited_for_and_hold_the_watermark_back() {
    let mut trial = stage(rows(1, 1), TimeDomain::Event, true);
    trial.feed(&[(1, "a", 1), (2, "b", 2), (4, "a", 3)]);
    trial.advance(4);
    check(&mut trial, &[]);
    assert_eq!(trial.reached(), 1);
    trial.advance(5);
    check(&mut trial, &[("a", 1, &[1, 3])]);
    assert_eq!(trial.reached(), 2);
    trial.end();
    check(&mut trial, &[("b", 2, &[2]), ("a", 3, &[3])]);
    assert_eq!(trial.reached(), i64::MAX);
}

#[test]
fn a_span_leaves_out_rows_as_old_as_it_is_long() {
    let mut trial = stage(span(micros(10)), TimeDomain::Event, true);
    trial.feed(&[(0, "a", 1), (9, "a", 2), (10, "a", 3), (10, "a", 4)]);
    trial.advance(11);
    let expected: [(&str, i64, &[i64]); 4] = [
        ("a", 1, &[1]),
        ("a", 2, &[1, 2]),
        ("a", 3, &[2, 3]),
        ("a", 4, &[2, 3, 4]),
    ];
    check(&mut trial, &expected);
    assert_eq!(trial.state_rows(), 3);
    trial.advance(19);
    assert_eq!(trial.state_rows(), 3);
    trial.advance(20);
    assert_eq!(trial.state_rows(), 0);
}

#[test]
fn without_event_time_rows_leave_as_they_come() {
    let mut trial = stage(rows(3, 0), TimeDomain::Processing, false);
    trial.feed(&[(9, "b", 1), (3, "a", 2), (5, "b", 3)]);
    check(
        &mut trial,
        &[("b", 1, &[1]), ("a", 2, &[2]), ("b", 3, &[1, 3])],
    );
    trial.feed(&[(0, "b", 4), (0, "b", 5)]);
    check(&mut trial, &[("b", 4, &[1, 3, 4]), ("b", 5, &[3, 4, 5])]);
}

#[test]
fn a_span_of_the_clock_forgets_by_the_clock() {
    let mut trial = stage(span(micros(10)), TimeDomain::Processing, true);
    trial.set_clock(100);
    trial.feed(&[(9, "a", 1), (3, "a", 2)]);
    check(&mut trial, &[("a", 1, &[1]), ("a", 2, &[1, 2])]);
    trial.set_clock(109);
    trial.feed(&[(9, "a", 3)]);
    check(&mut trial, &[("a", 3, &[1, 2, 3])]);
    trial.set_clock(110);
    trial.feed(&[(9, "a", 4)]);
    check(&mut trial, &[("a", 4, &[3, 4])]);
    trial.set_clock(120);
    assert_eq!(trial.state_rows(), 0);
}

#[test]
fn rows_that_overflow_only_together_lose_their_frame() {
    let mut trial = stage(rows(2, 0), TimeDomain::Event, true);
    trial.feed(&[(1, "a", i64::MAX), (2, "a", 1), (3, "a", 2)]);
    trial.end();
    check(
        &mut trial,
        &[("a", i64::MAX, &[i64::MAX]), ("a", 2, &[1, 2])],
    );
    assert_eq!(trial.seen.dead_letters.len(), 1);
    assert_eq!(trial.metrics.failed_windows.get(), 1);
    check_counts(&trial.metrics, &[("absorbed", 3)]);
}

#[test]
fn nulls_are_rows_that_functions_leave_out() {
    let mut trial = stage(rows(2, 0), TimeDomain::Event, true);
    let rows = [
        r#"{"ts":1,"k":"a","v":1}"#,
        r#"{"ts":2,"k":"a"}"#,
        r#"{"ts":3,"k":"a"}"#,
    ];
    trial.rows(&rows.map(str::to_owned));
    trial.end();
    let expected = [
        r#"{"k":"a","v":1,"sum":1,"first":1,"all":"[1]"}"#,
        r#"{"k":"a","v":null,"sum":1,"first":1,"all":"[1]"}"#,
        r#"{"k":"a","v":null,"sum":null,"first":null,"all":"[]"}"#,
    ];
    assert_eq!(trial.new_rows(), expected);
}

#[test]
fn accumulators_alone_need_no_values() {
    let input = trial::schema();
    let fields = vec![
        Field::nullable("v", DataType::Int64),
        Field::nullable("sum", DataType::Int64),
    ];
    let output = Schema::new(fields).expect("the names differ");
    let work = AggregateWork {
        key: vec![1],
        window: rows(2, 0),
        time: TimeDomain::Event,
        lateness: Duration::ZERO,
        emit: Emit::Final,
        calls: vec![trial::call("sum", &["v"], "{}", &input)],
        keep: vec![2],
    };
    let mut trial = Trial::new(Work::Aggregate(work), input, output, "{}", true);
    trial.feed(&[(1, "a", 4), (2, "a", 5), (3, "a", 6)]);
    trial.restart(2);
    trial.end();
    let expected = [
        r#"{"v":4,"sum":4}"#,
        r#"{"v":5,"sum":9}"#,
        r#"{"v":6,"sum":11}"#,
    ];
    assert_eq!(trial.new_rows(), expected);
}

#[test]
fn keys_without_history_are_forgotten() {
    let mut trial = stage(rows(1, 0), TimeDomain::Event, true);
    trial.feed(&[(1, "a", 1), (2, "b", 2), (9, "b", 3)]);
    trial.advance(5);
    assert_eq!(trial.state_rows(), 1);
    trial.advance(10);
    assert_eq!(trial.state_rows(), 0);
}

/// A batch of rows (steps of event time, key, value), a step of the watermark, and perhaps a restart
/// with so many subtasks.
type Step = (Vec<(i64, u8, i64)>, i64, Option<usize>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let row = (0_i64..12, 0_u8..4, -50_i64..50);
    let rows = prop::collection::vec(row, 0..20);
    let restart = prop::option::weighted(0.2, 1_usize..4);
    prop::collection::vec((rows, 0_i64..8, restart), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What comes out is what an oracle says that looks at all rows at once, restarted or not.
    #[test]
    fn frames_are_those_of_an_oracle(
        steps in steps(), count in 1_u64..9, following in 0_u64..3,
        length in prop::option::of(1_i64..20),
    ) {
        let window = length.map_or(rows(count, following), |length| span(micros(length)));
        let mut trial = stage(window, TimeDomain::Event, true);
        // The rows that are not late: time, key, value.
        let mut all: Vec<(i64, String, i64)> = Vec::new();
        let (mut now, mut late) = (0, 0);
        trial.advance(now);
        let mut found = Vec::new();
        for (batch, step, restart) in steps {
            let names: Vec<String> = batch.iter().map(|row| format!("k{}", row.1)).collect();
            let batch: Vec<(i64, &str, i64)> = batch
                .iter()
                .zip(&names)
                .map(|(&(time, _, v), k)| (now - 3 + time, k.as_str(), v))
                .collect();
            trial.feed(&batch);
            late += batch.iter().filter(|row| row.0 < now).count();
            let kept = batch.iter().filter(|row| row.0 >= now);
            all.extend(kept.map(|&(time, k, v)| (time, k.to_owned(), v)));
            if let Some(subtasks) = restart {
                trial.restart(subtasks);
            }
            now += step;
            trial.advance(now);
            found.extend(trial.new_rows());
        }
        trial.end();
        found.extend(trial.new_rows());
        all.sort_by_key(|row| row.0);
        let mut expected: Vec<String> = Vec::new();
        for (place, (time, key, value)) in all.iter().enumerate() {
            let of_key: Vec<&(i64, String, i64)> = all.iter().filter(|row| row.1 == *key).collect();
            let before = all[..place].iter().filter(|row| row.1 == *key).count();
            let frame: Vec<i64> = (0..of_key.len())
                .filter(|&other| match length {
                    Some(length) => other <= before && of_key[other].0 > time - length,
                    None => other + count as usize > before && other <= before + following as usize,
                })
                .map(|other| of_key[other].2)
                .collect();
            let text = row(key, &frame).replace("SPLIT", &format!("\"v\":{value}"));
            expected.push(format!("{{{text}}}"));
        }
        prop_assert_eq!(trial.seen.late.len(), late);
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
        if length.is_some() {
            prop_assert_eq!(trial.state_rows(), 0);
        }
    }
}
