//! Keys that are known, that are not, and that are forgotten.

use std::{collections::HashMap, sync::Arc};

use arrow::array::{AsArray, BooleanArray, Int64Array, StringArray};
use proptest::prelude::*;

use super::*;

/// The numbers of texts, and how many were asked for, by way of a table of all texts.
fn number(
    memo: &mut KeyMemo,
    table: &mut HashMap<Option<String>, u32>,
    texts: &[Option<String>],
) -> (Vec<u32>, usize) {
    let column: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    let mut asked = 0;
    let numbers = memo.numbers(&[column], texts.len(), |columns, rows| {
        asked = rows;
        let texts = columns[0].as_string::<i32>().iter();
        let numbers = texts.map(|text| {
            let next = table.len() as u32;
            *table.entry(text.map(str::to_owned)).or_insert(next)
        });
        Ok::<_, ArrowError>(numbers.collect())
    });
    (numbers.expect("nothing fails"), asked)
}

proptest! {
    /// Whatever it knows and forgets, a key has its own number.
    #[test]
    fn keys_have_their_own_numbers(
        batches in prop::collection::vec(
            (prop::collection::vec(prop::option::of("[ab\u{e4}]{0,20}"), 0..200), any::<bool>()),
            1..20,
        ),
    ) {
        let mut memo = KeyMemo::default();
        let mut table = HashMap::new();
        for (texts, forgets) in batches {
            if forgets {
                memo.forget();
                table.clear();
            }
            let (numbers, _) = number(&mut memo, &mut table, &texts);
            for (text, number) in texts.iter().zip(numbers) {
                prop_assert_eq!(table.get(text), Some(&number));
            }
        }
    }
}

/// How many of these keys are asked for.
fn asked(memo: &mut KeyMemo, columns: &[ArrayRef], rows: usize) -> usize {
    let mut asked = 0;
    let numbers = memo.numbers(columns, rows, |_, rows| {
        asked = rows;
        Ok::<_, ArrowError>((0..rows as u32).collect())
    });
    assert_eq!(numbers.expect("nothing fails").len(), rows);
    asked
}

#[test]
fn what_was_seen_is_known() {
    let numbers = Int64Array::from(vec![Some(7), None, Some(-1), Some(7)]);
    let columns: [ArrayRef; 1] = [Arc::new(numbers)];
    let mut memo = KeyMemo::default();
    assert_eq!(asked(&mut memo, &columns, 4), 4);
    assert_eq!(asked(&mut memo, &columns, 4), 1, "a null is nobody's value");
    memo.forget();
    assert_eq!(asked(&mut memo, &columns, 4), 4);
}

#[test]
fn a_thousand_keys_are_soon_known() {
    let texts = (0..1000).map(|key| Some(format!("sensor-{key}")));
    let texts: Vec<Option<String>> = texts.collect();
    let (mut memo, mut table) = (KeyMemo::default(), HashMap::new());
    for _ in 0..5 {
        number(&mut memo, &mut table, &texts);
    }
    let (_, asked) = number(&mut memo, &mut table, &texts);
    assert!(asked < 20, "{asked}");
}

#[test]
fn keys_that_never_come_twice_are_not_looked_for_each_time() {
    let mut memo = KeyMemo::default();
    let mut looked = 0;
    for batch in 0..200 {
        let numbers = Int64Array::from_iter_values(batch * 1000..(batch + 1) * 1000);
        looked += usize::from(memo.pause == 0);
        assert_eq!(asked(&mut memo, &[Arc::new(numbers)], 1000), 1000);
    }
    assert!((5..20).contains(&looked), "{looked}");
}

#[test]
fn other_keys_are_always_asked_for() {
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
    let mut memo = KeyMemo::default();
    for columns in [
        vec![],
        vec![Arc::clone(&flags)],
        vec![Arc::clone(&flags), flags],
    ] {
        assert_eq!(asked(&mut memo, &columns, 2), 2);
        assert_eq!(asked(&mut memo, &columns, 2), 2);
    }
}
