//! Differences as users see them.

use std::{slice::from_ref, sync::Arc};

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::batch::{DataType, Field, Origin, Schema};

/// A batch of readings: sensor, place, temperature, count.
fn readings(rows: &[(&str, &str, f64, i64)]) -> Batch {
    let schema = Schema::new(vec![
        Field::nullable("sensor", DataType::Utf8),
        Field::nullable("place", DataType::Utf8),
        Field::nullable("temperature", DataType::Float64),
        Field::nullable("count", DataType::Int64),
    ]);
    let texts = |text: fn(&(&str, &str, f64, i64)) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(text)))
    };
    let temperatures = Float64Array::from_iter_values(rows.iter().map(|row| row.2));
    let counts = Int64Array::from_iter_values(rows.iter().map(|row| row.3));
    let columns: Vec<ArrayRef> = vec![
        texts(|row| row.0.to_owned()),
        texts(|row| row.1.to_owned()),
        Arc::new(temperatures),
        Arc::new(counts),
    ];
    let schema = schema.expect("no name twice").to_arrow();
    let batch = Batch::new(schema, columns, rows.len(), None, Origin::Derived);
    batch.expect("as the schema says")
}

const OLD: [(&str, &str, f64, i64); 4] = [
    ("a", "on the roof, north side", 31.0, 1),
    ("b", "in the cellar", 35.5, 2),
    ("c", "in the cellar", 33.25, 3),
    ("d", "behind the house", 12.0, 4),
];

fn map() -> Difference {
    let mut new = OLD;
    new[0].2 = 87.8;
    new[2].2 = 91.85;
    new[2].3 = 30;
    let input = readings(&OLD);
    Difference::of(from_ref(&input), from_ref(&input), &[readings(&new)])
}

fn filter() -> Difference {
    let input = readings(&OLD);
    Difference::of(
        &[input],
        &[readings(&OLD[..1]), readings(&OLD[2..3])],
        &[readings(&OLD[1..3])],
    )
}

#[track_caller]
fn check(difference: &Difference, width: usize, expected: &str) {
    let found = difference.render(width, false);
    let expected = expected.strip_prefix('\n').unwrap_or(expected);
    assert_eq!(found, expected, "found:\n{found}");
    for line in found.lines() {
        assert!(line.width() <= width, "`{line}` is too wide");
    }
}

#[test]
fn rows_of_a_map_are_compared_at_their_places() {
    check(
        &map(),
        80,
        "
4 rows in; 4 out before and after: 2 changed
                                  │ before             │ after
  sensor  place                   │ temperature  count │ temperature  count
~ a       on the roof, north side │ 31.0*        1     │ 87.8*        1
~ c       in the cellar           │ 33.25*       3*    │ 91.85*       30*
",
    );
}

#[test]
fn a_narrow_terminal_gets_the_old_above_the_new() {
    check(
        &map(),
        40,
        "
4 rows in; 4 out before and after: 2
changed
~ sensor: a,
  place: on the roof, north side,
  count: 1
- temperature: 31.0
+ temperature: 87.8
~ sensor: c, place: in the cellar
- temperature: 33.25, count: 3
+ temperature: 91.85, count: 30
",
    );
}

#[test]
fn a_table_leaves_out_what_is_the_same_before_what_has_changed() {
    check(
        &map(),
        70,
        "
4 rows in; 4 out before and after: 2 changed
                           │ before             │ after
  sensor  place            │ temperature  count │ temperature  count
~ a       on the roof, no… │ 31.0*        1     │ 87.8*        1
~ c       in the cellar    │ 33.25*       3*    │ 91.85*       30*
",
    );
    check(
        &map(),
        60,
        "
4 rows in; 4 out before and after: 2 changed
         │ before             │ after
  sensor │ temperature  count │ temperature  count
~ a      │ 31.0*        1     │ 87.8*        1
~ c      │ 33.25*       3*    │ 91.85*       30*
  (not shown: place)
",
    );
}

#[test]
fn rows_of_a_filter_are_there_or_not() {
    check(
        &filter(),
        80,
        "
4 rows in; 2 out before and after: 1 added, 1 removed
  sensor  place                    temperature  count
- a       on the roof, north side  31.0         1
+ b       in the cellar            35.5         2
",
    );
    check(
        &filter(),
        40,
        "
4 rows in; 2 out before and after: 1
added, 1 removed
  sensor  place             temperature
- a       on the roof, no…  31.0
+ b       in the cellar     35.5
  (not shown: count)
",
    );
}

#[test]
fn names_and_values_that_cannot_be_seen_are_spelled_out() {
    let batch = |text: &str| {
        let schema = Schema::new(vec![
            Field::nullable("a\u{1b}[2J", DataType::Utf8),
            Field::nullable("b\u{202e}", DataType::Int64),
        ]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![text])),
            Arc::new(Int64Array::from(vec![1])),
        ];
        let schema = schema.expect("no name twice").to_arrow();
        let batch = Batch::new(schema, columns, 1, None, Origin::Derived);
        batch.expect("as the schema says")
    };
    let (old, new) = (batch("one"), batch("o\u{2066}n\u{200b}e\u{7}"));
    let difference = Difference::of(from_ref(&old), from_ref(&old), &[new]);
    for width in [100, 20] {
        let text = difference.render(width, false);
        let seen = |letter: char| letter == '\n' || (letter as u32) >= 0x20;
        assert!(text.chars().all(seen), "{text:?}");
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}']));
    }
    let text = difference.render(100, false);
    assert!(text.contains("a\\u{1b}[2J"), "{text}");
    assert!(text.contains("\"o\\u{2066}n\\u{200b}e\\u{7}\"*"), "{text}");
}

#[test]
fn what_was_not_tried_is_said() {
    let input = readings(&OLD);
    let mut difference = Difference::of(from_ref(&input), from_ref(&input), from_ref(&input));
    difference.not_tried = 20;
    check(
        &difference,
        100,
        "4 rows in; 4 out before and after: no difference (20 more were not tried: it takes too long)\n",
    );
    (difference.not_tried, difference.is_whole) = (0, false);
    check(
        &difference,
        100,
        "4 rows in; 4 out before and after: no difference (it takes too long to try the end of the input)\n",
    );
}

#[test]
fn no_difference_is_one_line() {
    let input = readings(&OLD);
    let one = Difference::of(from_ref(&input), &[input.slice(0, 1)], &[input.slice(0, 1)]);
    assert!(one.is_none());
    check(
        &one,
        80,
        "4 rows in; 1 out before and after: no difference\n",
    );
    let nothing = Difference::of(&[], &[], &[]);
    check(
        &nothing,
        80,
        "0 rows in; 0 out before and after: no difference\n",
    );
}

#[test]
fn colours_are_for_terminals() {
    let difference = map();
    assert!(!difference.render(80, false).contains('\u{1b}'));
    let coloured = difference.render(80, true);
    assert!(coloured.contains("\u{1b}[31m31.0"), "{coloured}");
    assert!(coloured.contains("\u{1b}[32m87.8"), "{coloured}");
}

#[test]
fn only_the_first_rows_are_shown() {
    let rows: Vec<_> = (0..100).map(|count| ("a", "b", 1.0, count)).collect();
    let new: Vec<_> = (0..100).map(|count| ("a", "b", 2.0, count)).collect();
    let (old, new) = (readings(&rows), readings(&new));
    let difference = Difference::of(from_ref(&old), from_ref(&old), &[new]);
    assert_eq!(difference.changed, 100);
    let text = difference.render(80, false);
    assert_eq!(
        text.lines().filter(|line| line.starts_with('~')).count(),
        10
    );
    assert!(text.ends_with("… and 90 more\n"), "{text}");
}

#[test]
fn what_is_not_compared_is_said() {
    let rows: Vec<_> = (0..20_000).map(|count| ("a", "b", 1.0, count)).collect();
    let old = readings(&rows);
    let difference = Difference::of(from_ref(&old), from_ref(&old), from_ref(&old));
    check(
        &difference,
        200,
        "20000 rows in; 20000 out before and after: no difference (10000 rows of before compared with 10000 of after)\n",
    );
}

#[test]
fn other_columns_are_no_reason_to_panic() {
    let schema = Schema::new(vec![Field::nullable("count", DataType::Int64)]);
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 5]));
    let schema = schema.expect("one name").to_arrow();
    let new = Batch::new(schema, vec![column], 4, None, Origin::Derived);
    let input = readings(&OLD);
    let difference = Difference::of(
        from_ref(&input),
        from_ref(&input),
        &[new.expect("as the schema says")],
    );
    assert_eq!(difference.changed, 4);
    assert!(difference.render(120, false).contains("(none)*"));
}

fn some_rows() -> impl Strategy<Value = Vec<(String, String, f64, i64)>> {
    let row = ("\\PC{0,40}", "[ab]{0,2}", 0..3_i32, 0..3_i64);
    let row =
        row.prop_map(|(sensor, place, degrees, count)| (sensor, place, degrees.into(), count));
    prop::collection::vec(row, 0..12)
}

proptest! {
    #[test]
    fn whatever_differs_fits_the_terminal(
        old in some_rows(),
        new in some_rows(),
        width in 20..140_usize,
    ) {
        let batch = |rows: &[(String, String, f64, i64)]| {
            let rows: Vec<_> = rows.iter().map(|(a, b, c, d)| (a.as_str(), b.as_str(), *c, *d)).collect();
            readings(&rows)
        };
        let (old, new) = (batch(&old), batch(&new));
        let difference = Difference::of(from_ref(&old), from_ref(&old), from_ref(&new));
        prop_assert_eq!(difference.rows_new, new.rows());
        prop_assert_eq!(
            old.rows() + difference.added,
            new.rows() + difference.removed
        );
        for line in difference.render(width, false).lines() {
            prop_assert!(line.width() <= width, "`{}` in {}", line, width);
        }
    }
}
