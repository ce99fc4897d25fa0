//! Joins of many rows: what leaves in pieces, and what memory is given back.

use arrow::array::StringArray;

use super::*;
use crate::{
    batch::weight,
    operator::join::{ENOUGH_BYTES, interval::IntervalJoin},
};

fn rows(count: i64, row: impl Fn(i64) -> (i64, i64)) -> Vec<Row> {
    let row = |id| {
        let (time, key) = row(id);
        Row {
            time,
            key: Some(key),
            id,
            window: None,
        }
    };
    (0..count).map(row).collect()
}

#[test]
fn many_pairs_of_one_key_leave_in_pieces() {
    let mut join = Subtasks::new(JoinBound::Window(WindowKind::Global), JoinKind::Inner, 1);
    join.feed(Side::Left, &rows(400, |_| (0, 1)), false);
    join.feed(Side::Right, &rows(500, |_| (0, 1)), false);
    let found = join.advance(Watermark::END).rows;
    assert_eq!(found.len(), 400 * 500);
    let expected = (0..400).flat_map(|left| (0..500).map(move |right| (Some(left), Some(right))));
    assert!(found.iter().map(|row| (row.left, row.right)).eq(expected));
}

#[test]
fn many_pairs_of_one_batch_leave_in_pieces() {
    let bound = JoinBound::Within {
        before: micros(10),
        after: micros(10),
    };
    let feed = |join: &mut Subtasks| {
        join.feed(Side::Left, &rows(400, |_| (5, 1)), true);
        join.feed(Side::Right, &rows(500, |_| (9, 1)), true).rows
    };
    let found = feed(&mut Subtasks::new(bound, JoinKind::Full, 1));
    let expected = (0..500).flat_map(|right| (0..400).map(move |left| (Some(left), Some(right))));
    let pairs = found.iter().map(|row| (row.left, row.right));
    assert!(pairs.eq(expected));
    // What is not done when the next call comes is done then.
    let mut join = Subtasks::new(bound, JoinKind::Full, 1);
    join.feed(Side::Left, &rows(400, |_| (5, 1)), true);
    let mut out = Outbox::default();
    let batch = join.batch(Side::Right, &rows(500, |_| (9, 1)), true);
    join.operators[0]
        .process(Side::Right, batch, &mut out)
        .expect("rows");
    assert!(
        out.batches.len() < 10,
        "{} batches at once",
        out.batches.len()
    );
    join.operators[0]
        .advance(Watermark::END, &mut out)
        .expect("progress");
    let count: usize = out.batches.iter().map(Batch::rows).sum();
    assert_eq!(count, 400 * 500);
}

#[test]
fn many_rows_leave_alone_in_pieces_and_in_order() {
    let bound = JoinBound::Within {
        before: micros(10),
        after: micros(10),
    };
    let mut join = Subtasks::new(bound, JoinKind::Full, 1);
    let count = 50_000;
    for side in [Side::Left, Side::Right] {
        // Keys of the left are even, those of the right odd; times go down.
        let odd = i64::from(side == Side::Right);
        let all = rows(count, |id| (count - id, id * 2 + odd));
        for rows in all.chunks(5000) {
            join.feed(side, rows, true);
        }
    }
    assert!(join.advance(at(0)).rows.is_empty());
    let first = join.advance(at(20_010)).rows;
    assert_eq!(first.len(), 2 * 19_999);
    let rest = join.advance(Watermark::END).rows;
    assert_eq!(rest.len(), 2 * (50_000 - 19_999));
    let all: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|row| (row.time, row.key))
        .collect();
    assert!(all.is_sorted());
}

/// Rows of 1000 keys at most, a tenth of them far in the future; every key is used for a while only.
#[test]
fn what_has_passed_takes_no_memory() {
    let bound = JoinBound::Within {
        before: micros(100),
        after: micros(50),
    };
    let spec = spec(bound, JoinKind::Left);
    let Work::Join(work) = &spec.work else {
        panic!("a join");
    };
    let within = (micros(100), micros(50));
    let mut join = IntervalJoin::open(&spec, work, within, &Arc::default()).expect("a join");
    let feeder = Subtasks::new(bound, JoinKind::Left, 1);
    let mut out = Outbox::default();
    for step in 0..1000 {
        for side in [Side::Left, Side::Right] {
            let row = |id| match id {
                0 => (1_000_000, -1),
                _ => (step * 10 + id, step / 10),
            };
            let batch = feeder.batch(side, &rows(10, row), true);
            join.process(side, batch, &mut out).expect("rows");
        }
        join.advance(at(step * 10), &mut out).expect("progress");
        // 15 steps of 9 rows can still meet others, and what came of the future.
        for side in [Side::Left, Side::Right] {
            let live = 15 * 9 + step as usize + 20;
            let (chunks, rows) = join.size(side);
            assert!(rows <= 2 * live, "{rows} rows are kept for {live}");
            assert!(
                chunks <= 60 + live / 512,
                "{chunks} chunks are kept for {live} rows"
            );
        }
        assert!(join.keys() <= 5);
        out.batches.clear();
    }
    join.advance(Watermark::END, &mut out).expect("progress");
    assert_eq!(
        (join.size(Side::Left), join.size(Side::Right)),
        ((0, 0), (0, 0))
    );
    assert_eq!(join.keys(), 0);
}

/// A long text of the left meets short ones of the right.
struct Wide {
    join: Box<dyn Operator>,
    input: Schema,
    /// The ids of the rows that have come out.
    ids: Vec<i64>,
}

/// So many of these are more than leaves at once.
const TEXT_BYTES: usize = 1 << 20;

impl Wide {
    fn new(bound: JoinBound, kind: JoinKind) -> Self {
        let input = vec![
            Field::nullable("k", DataType::Int64),
            Field::nullable("id", DataType::Int64),
            Field::nullable("text", DataType::Utf8),
        ];
        let mut output = input.clone();
        output[0].name = "left_id".into();
        let mut spec = spec(bound, kind);
        spec.input = Schema::new(input).expect("different names");
        spec.right = spec.input.clone();
        spec.output = Schema::new(output).expect("different names");
        let Work::Join(work) = &mut spec.work else {
            panic!("a join");
        };
        work.output = vec![
            JoinColumn::Left(1),
            JoinColumn::Right(1),
            JoinColumn::Left(2),
        ];
        let resources = Resources::apart(Guests::new(operator::Version::default()));
        Self {
            join: operator::open(&spec, resources).expect("a join"),
            input: spec.input,
            ids: Vec::new(),
        }
    }

    /// Rows of one key and time, with a long text if they are left ones.
    fn batch(&self, side: Side, ids: std::ops::Range<i64>) -> Batch {
        let count = (ids.end - ids.start) as usize;
        let text = "x".repeat(if side == Side::Left { TEXT_BYTES } else { 1 });
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![7; count])),
            Arc::new(Int64Array::from_iter_values(ids)),
            Arc::new(StringArray::from(vec![text; count])),
        ];
        let times = Some(vec![5; count].into());
        let schema = self.input.to_arrow();
        Batch::new(schema, columns, count, times, Origin::Derived).expect("a batch")
    }

    /// Takes note of what comes out, which is not much at once.
    fn take(&mut self, out: &mut Outbox) {
        let mut bytes = 0;
        for batch in out.batches.drain(..) {
            bytes += weight(batch.record().columns());
            let ids = batch.column(1).as_primitive::<Int64Type>();
            self.ids.extend(ids.iter().flatten());
        }
        assert!(bytes <= ENOUGH_BYTES + 8 * TEXT_BYTES, "{bytes} bytes");
    }

    /// Hands a batch over; says how many calls that takes.
    fn process(&mut self, side: Side, batch: Batch) -> usize {
        let mut rest = Some(batch);
        let mut calls = 0;
        while let Some(batch) = rest {
            let mut out = Outbox::default();
            self.join.process(side, batch, &mut out).expect("rows");
            self.take(&mut out);
            rest = out.rest;
            calls += 1;
        }
        calls
    }

    fn advance(&mut self) {
        loop {
            let mut out = Outbox::default();
            let progress = self.join.advance(Watermark::END, &mut out);
            self.take(&mut out);
            if matches!(progress.expect("progress"), Progress::Done(_)) {
                return;
            }
        }
    }
}

#[test]
fn a_long_row_that_meets_many_leaves_in_pieces() {
    let within = JoinBound::Within {
        before: micros(10),
        after: micros(10),
    };
    for bound in [within, JoinBound::Window(WindowKind::Global)] {
        // The long one is there first, or the many are.
        for side in [Side::Left, Side::Right] {
            let mut join = Wide::new(bound, JoinKind::Left);
            for side in [side, super::super::both::opposite(side)] {
                let ids = if side == Side::Left { 0..1 } else { 0..400 };
                let batch = join.batch(side, ids);
                assert_eq!(join.process(side, batch), 1);
            }
            // What is not done when more rows come is done before them.
            let more = join.batch(Side::Right, 400..500);
            let calls = join.process(Side::Right, more);
            assert_eq!(calls > 1, bound == within, "{calls} calls");
            join.advance();
            assert!(join.ids.iter().copied().eq(0..500), "{:?}", join.ids);
        }
    }
}

#[test]
fn long_rows_leave_alone_in_pieces() {
    let bound = JoinBound::Within {
        before: micros(10),
        after: micros(10),
    };
    let mut join = Wide::new(bound, JoinKind::Left);
    for _ in 0..20 {
        let batch = join.batch(Side::Left, 0..8);
        join.process(Side::Left, batch);
    }
    join.advance();
    assert!(join.ids.is_empty(), "none has met another");
}
