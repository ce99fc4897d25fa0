//! States of keys, driven as the operator drives them.

use std::collections::HashMap;

use arrow::datatypes::DataType as ArrowType;
use proptest::prelude::*;

use super::*;
use crate::batch::{DataType, KeyEncoder};

/// A row: its key, its time, and whether it is accepted.
type Row = (i64, i64, bool);

/// States that count the rows of their keys, driven as the operator drives them.
struct Counts {
    states: States,
    encoder: KeyEncoder,
    now: i64,
}

fn integers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

impl Counts {
    fn new(ttl: Option<i64>) -> Self {
        let state = [Field::required("rows", DataType::Int64)];
        let ttl = ttl.map(|ttl| Duration::from_micros(ttl).expect("not negative"));
        Self {
            states: States::new(&state, ttl),
            encoder: KeyEncoder::new([ArrowType::Int64]).expect("a type of keys"),
            now: i64::MIN,
        }
    }

    /// The count that each accepted row makes.
    fn count(&mut self, rows: &[Row]) -> Vec<i64> {
        let keys = integers(rows.iter().map(|row| row.0));
        let keys = self.encoder.encode(&[keys], rows.len()).expect("integers");
        let time = |row: usize| rows[row].1;
        let now = Timestamp::from_micros(self.now);
        let accepted: Vec<bool> = rows.iter().map(|row| row.2).collect();
        let mut counts = Vec::new();
        let mut start = 0;
        while start < rows.len() {
            let opened = self.states.open(&keys, start, &[integers([0])], time, now);
            for (row, &place) in opened.rows.clone().zip(&opened.places) {
                let state = self.states.gather(&[place]).expect("little");
                let count = state[0].as_primitive::<Int64Type>().value(0) + 1;
                if accepted[row] {
                    self.states.scatter(&[place], &[integers([count])]);
                    counts.push(count);
                }
            }
            self.states.close(&opened, time, &accepted, now);
            start = opened.rows.end;
        }
        counts
    }

    fn advance(&mut self, now: i64) {
        self.now = now;
        self.states.expire(Timestamp::from_micros(now));
    }
}

#[test]
fn a_key_is_forgotten_some_time_after_its_last_row() {
    let mut counts = Counts::new(Some(10));
    assert_eq!(counts.count(&[(1, 100, true), (1, 95, true)]), [1, 2]);
    counts.advance(109);
    assert_eq!(counts.count(&[(1, 103, true)]), [3]);
    counts.advance(112);
    assert_eq!(counts.states.keys.len(), 1);
    counts.advance(113);
    assert_eq!(counts.states.keys.len(), 0);
    assert_eq!(counts.count(&[(1, 113, true)]), [1]);
}

#[test]
fn a_row_that_is_too_old_itself_leaves_nothing() {
    let mut counts = Counts::new(Some(10));
    counts.advance(100);
    assert_eq!(counts.count(&[(1, 90, true), (1, 90, true)]), [1, 1]);
    assert_eq!(counts.count(&[(1, 91, true), (1, 80, true)]), [1, 2]);
    assert_eq!(counts.count(&[(1, 92, true)]), [3]);
}

#[test]
fn a_key_whose_rows_are_refused_leaves_nothing() {
    for ttl in [None, Some(10)] {
        let mut counts = Counts::new(ttl);
        assert_eq!(counts.count(&[(1, 1, false), (2, 1, true)]), [1]);
        assert_eq!(counts.states.keys.len(), 1);
        assert_eq!(counts.states.rows.len(), 1);
    }
}

proptest! {
    /// What is forgotten makes no difference to what is found, whatever the batches; and a snapshot
    /// in between makes none.
    #[test]
    fn states_are_those_of_rows_that_are_recent(
        batches in prop::collection::vec(
            (prop::collection::vec((0_i64..4, -20_i64..20, any::<bool>()), 0..12), 0_i64..15, any::<bool>()),
            0..20,
        ),
        ttl in prop::option::of(1_i64..30),
    ) {
        let mut counts = Counts::new(ttl);
        // For each key the time of its last row and the count.
        let mut model: HashMap<i64, (i64, i64)> = HashMap::new();
        let mut now = 0;
        counts.advance(now);
        for (rows, step, restart) in batches {
            let rows: Vec<Row> = rows.iter().map(|row| (row.0, now + row.1, row.2)).collect();
            let mut expected = Vec::new();
            for &(key, time, _) in rows.iter().filter(|row| row.2) {
                let blank = (i64::MIN, 0);
                let is_over = |last: i64| ttl.is_some_and(|ttl| last + ttl <= now);
                let known = model.get(&key).copied().filter(|known| !is_over(known.0));
                let (last, count) = known.unwrap_or(blank);
                model.insert(key, (last.max(time), count + 1));
                expected.push(count + 1);
            }
            prop_assert_eq!(counts.count(&rows), expected);
            now += step;
            counts.advance(now);
            model.retain(|_, known| ttl.is_none_or(|ttl| known.0 + ttl > now));
            prop_assert_eq!(counts.states.keys.len(), model.len());
            prop_assert_eq!(counts.states.rows.len(), model.len());
            if restart {
                let columns = counts.states.write_down();
                counts = Counts::new(ttl);
                counts.advance(now);
                let time = Timestamp::from_micros(now);
                for columns in columns.expect("little") {
                    counts.states.take_up(&columns, Share::ALL, time).expect("a snapshot");
                }
            }
        }
    }
}
