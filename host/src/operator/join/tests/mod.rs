//! Tests of joins: whole operators against loops over all pairs of rows.

mod interval;
mod large;
mod windowed;

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Int64Array, TimestampMicrosecondArray},
    datatypes::{Int64Type, TimestampMicrosecondType},
};
use proptest::prelude::*;

use crate::{
    batch::{Batch, DataType, Field, KeyEncoder, KeyHash, Origin, Schema},
    metrics::NodeMetrics,
    operator::{
        self, Guests, JoinBound, JoinColumn, JoinKind, JoinWork, OnError, Operator, Outbox,
        Progress, Resources, Side, StageSpec, Work,
    },
    state::{Share, Snapshot},
    time::{Duration, SystemClock, Timestamp, Watermark},
    window::WindowKind,
};

/// A row of either input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    time: i64,
    key: Option<i64>,
    id: i64,
    /// The window that the row names, if it names one.
    window: Option<(i64, i64)>,
}

/// A row of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Joined {
    window: Option<(i64, i64)>,
    key: Option<i64>,
    left: Option<i64>,
    right: Option<i64>,
    time: Option<i64>,
}

/// What a call comes to.
#[derive(Debug, Default)]
struct Outcome {
    rows: Vec<Joined>,
    /// The ids of late rows that were handed on.
    late: Vec<i64>,
    reached: Option<Watermark>,
}

/// The subtasks of a join.
struct Subtasks {
    spec: StageSpec,
    metrics: Arc<NodeMetrics>,
    operators: Vec<Box<dyn Operator>>,
    /// What the subtasks have told of the output.
    reached: Watermark,
}

fn micros(micros: i64) -> Duration {
    Duration::from_micros(micros).expect("not negative")
}

fn at(micros: i64) -> Watermark {
    Watermark::at(Timestamp::from_micros(micros))
}

fn spec(bound: JoinBound, kind: JoinKind) -> StageSpec {
    let is_named = bound == JoinBound::Window(WindowKind::Inherited);
    let input = |id: &str| {
        let mut fields = vec![
            Field::nullable("k", DataType::Int64),
            Field::nullable(id, DataType::Int64),
        ];
        if is_named {
            fields.push(Field::nullable("window_start", DataType::Timestamp));
            fields.push(Field::nullable("window_end", DataType::Timestamp));
        }
        Schema::new(fields).expect("different names")
    };
    let has_bounds = matches!(bound, JoinBound::Window(window) if window.has_bounds());
    let mut fields = Vec::new();
    if has_bounds {
        fields.push(Field::nullable("window_start", DataType::Timestamp));
        fields.push(Field::nullable("window_end", DataType::Timestamp));
    }
    for name in ["k", "l", "r"] {
        fields.push(Field::nullable(name, DataType::Int64));
    }
    let mut output = vec![
        JoinColumn::Key(0),
        JoinColumn::Left(1),
        JoinColumn::Right(1),
    ];
    if is_named {
        output.splice(0..0, [JoinColumn::Left(2), JoinColumn::Left(3)]);
    }
    StageSpec {
        name: "joined".into(),
        input: input("l"),
        right: input("r"),
        output: Schema::new(fields).expect("different names"),
        work: Work::Join(JoinWork {
            left_key: vec![0],
            right_key: vec![0],
            bound,
            kind,
            output,
        }),
        on_error: OnError::DeadLetter,
        max_dead_letters: 0,
        late: Some(3),
    }
}

impl Subtasks {
    fn new(bound: JoinBound, kind: JoinKind, subtasks: usize) -> Self {
        let mut new = Self {
            spec: spec(bound, kind),
            metrics: Arc::default(),
            operators: Vec::new(),
            reached: Watermark::START,
        };
        new.start(subtasks);
        new
    }

    fn start(&mut self, subtasks: usize) {
        let open = |_| {
            let resources = Resources {
                guests: Guests::new(operator::Version::default()),
                metrics: Arc::clone(&self.metrics),
                clock: Arc::new(SystemClock),
                tables: Arc::new([]),
            };
            operator::open(&self.spec, resources).expect("a join")
        };
        self.operators = (0..subtasks).map(open).collect();
    }

    /// Writes down what all know and has others take it up.
    fn restart(&mut self, subtasks: usize) {
        let snapshot = |operator: &mut Box<dyn Operator>| {
            let snapshot = operator.snapshot().expect("a snapshot");
            snapshot.into_iter().next().expect("a join knows something")
        };
        let snapshots: Vec<Snapshot> = self.operators.iter_mut().map(snapshot).collect();
        for snapshot in &snapshots {
            assert!(snapshot.watermark <= self.reached);
        }
        self.start(subtasks);
        for (subtask, operator) in self.operators.iter_mut().enumerate() {
            let share = Share { subtask, subtasks };
            operator.restore(&snapshots, share).expect("a snapshot");
        }
    }

    /// Sends each row to the subtask that owns its key.
    fn feed(&mut self, side: Side, rows: &[Row], timed: bool) -> Outcome {
        let mut outcome = Outcome::default();
        let subtasks = self.operators.len();
        let encoder = KeyEncoder::new([arrow::datatypes::DataType::Int64]).expect("a key");
        let column: ArrayRef = Arc::new(rows.iter().map(|row| row.key).collect::<Int64Array>());
        let keys = encoder.encode(&[column], rows.len()).expect("keys");
        for subtask in 0..subtasks {
            let owner = |row: usize| KeyHash::of(keys.get(row)).subtask(subtasks);
            let owned = rows
                .iter()
                .enumerate()
                .filter(|(row, _)| owner(*row) == subtask);
            let owned: Vec<Row> = owned.map(|(_, row)| *row).collect();
            if owned.is_empty() {
                continue;
            }
            self.metrics.rows_in.add(owned.len());
            let mut out = Outbox::default();
            let batch = self.batch(side, &owned, timed);
            let operator = &mut self.operators[subtask];
            operator.process(side, batch, &mut out).expect("rows");
            while out.wake_at.is_some() {
                self.take(std::mem::take(&mut out), &mut outcome);
                let ticked = self.operators[subtask].tick(Timestamp::EPOCH, &mut out);
                let progress = ticked.expect("progress").expect("there is more");
                let is_done = matches!(progress, Progress::Done(_));
                assert_eq!(is_done, out.wake_at.is_none());
                let (Progress::Done(reached) | Progress::More(reached)) = progress;
                assert!(reached <= self.reached);
            }
            self.take(out, &mut outcome);
        }
        outcome
    }

    /// Tells the time to subtasks that have been restarted.
    fn begin(&mut self) -> Outcome {
        let mut outcome = Outcome::default();
        for subtask in 0..self.operators.len() {
            let mut progress = Some(Progress::More(Watermark::START));
            while let Some(Progress::More(_)) = progress {
                let mut out = Outbox::default();
                let ticked = self.operators[subtask].tick(Timestamp::EPOCH, &mut out);
                progress = ticked.expect("progress");
                self.take(out, &mut outcome);
            }
        }
        outcome
    }

    /// Advances one of the subtasks, by less than a few batches of rows.
    fn advance_one(&mut self, subtask: usize, watermark: Watermark) -> Outcome {
        let mut outcome = Outcome::default();
        let mut out = Outbox::default();
        let progress = self.operators[subtask].advance(watermark, &mut out);
        assert!(matches!(progress, Ok(Progress::Done(_))));
        self.take(out, &mut outcome);
        outcome
    }

    fn advance(&mut self, watermark: Watermark) -> Outcome {
        let mut outcome = Outcome::default();
        let before = self.reached;
        let mut least = Watermark::END;
        for subtask in 0..self.operators.len() {
            let mut reached = before;
            loop {
                let mut out = Outbox::default();
                let progress = self.operators[subtask].advance(watermark, &mut out);
                for batch in &out.batches {
                    let earliest = batch.earliest().map(Watermark::at);
                    assert!(
                        earliest.is_none_or(|earliest| reached <= earliest),
                        "late itself"
                    );
                }
                self.take(out, &mut outcome);
                let progress = progress.expect("progress");
                let (Progress::Done(now) | Progress::More(now)) = progress;
                assert!(reached <= now, "the watermark went back");
                reached = now;
                if let Progress::Done(_) = progress {
                    break;
                }
            }
            least = least.min(reached);
        }
        self.reached = least;
        outcome.reached = Some(least);
        outcome
    }

    fn batch(&self, side: Side, rows: &[Row], timed: bool) -> Batch {
        let schema = match side {
            Side::Left => &self.spec.input,
            Side::Right => &self.spec.right,
        };
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(rows.iter().map(|row| row.key).collect::<Int64Array>()),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.id))),
        ];
        if schema.fields().len() > 2 {
            let bounds: [fn(&Row) -> Option<i64>; 2] = [
                |row| row.window.map(|window| window.0),
                |row| row.window.map(|window| window.1),
            ];
            for bound in bounds {
                let bounds: TimestampMicrosecondArray = rows.iter().map(bound).collect();
                columns.push(Arc::new(bounds.with_timezone("UTC")));
            }
        }
        let times = timed.then(|| rows.iter().map(|row| row.time).collect());
        let schema = schema.to_arrow();
        Batch::new(schema, columns, rows.len(), times, Origin::Derived).expect("a batch")
    }

    fn take(&self, out: Outbox, outcome: &mut Outcome) {
        for (sink, batch) in out.late {
            assert_eq!(sink, 3);
            let ids = batch.column(1).as_primitive::<Int64Type>().values().iter();
            outcome.late.extend(ids);
        }
        for batch in out.batches {
            assert!(batch.rows() <= operator::BATCH_ROWS);
            let ahead = batch.record().num_columns() - 3;
            let number = |column: usize, row: usize| {
                let column = batch.column(column).as_primitive::<Int64Type>();
                column.is_valid(row).then(|| column.value(row))
            };
            let instant = |column: usize, row: usize| {
                let column = batch
                    .column(column)
                    .as_primitive::<TimestampMicrosecondType>();
                assert!(
                    column.is_valid(row),
                    "a bound is there even if a side is not"
                );
                column.value(row)
            };
            for row in 0..batch.rows() {
                outcome.rows.push(Joined {
                    window: (ahead == 2).then(|| (instant(0, row), instant(1, row))),
                    key: number(ahead, row),
                    left: number(ahead + 1, row),
                    right: number(ahead + 2, row),
                    time: batch.times().map(|times| times[row]),
                });
            }
        }
    }

    /// Every row that came in is counted once more.
    fn check_counts(&self, late: usize, outside: usize) {
        let metrics = &self.metrics;
        assert_eq!(metrics.late.get() as usize, late);
        assert_eq!(metrics.filtered.get() as usize, outside);
        let counted = metrics.absorbed.get() + metrics.late.get() + metrics.filtered.get();
        assert_eq!(metrics.rows_in.get(), counted);
    }
}

/// Something that happens to a join.
#[derive(Clone, Debug)]
enum Step {
    Rows(Side, Vec<Row>),
    Watermark(i64),
    /// With this many subtasks afterwards.
    Restart(usize),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Left), Just(Side::Right)]
}

fn kind() -> impl Strategy<Value = JoinKind> {
    prop_oneof![
        Just(JoinKind::Inner),
        Just(JoinKind::Left),
        Just(JoinKind::Right),
        Just(JoinKind::Full),
    ]
}

/// An instant, now and then at an end of the range.
fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => -40_i64..40,
        1 => (0_i64..3).prop_map(|distance| i64::MIN + distance),
        1 => (0_i64..3).prop_map(|distance| i64::MAX - distance),
    ]
}

/// Rows without ids.
fn row() -> impl Strategy<Value = Row> {
    let key = prop_oneof![1 => Just(None), 6 => (0_i64..4).prop_map(Some)];
    let window = (-3_i64..4, 1_i64..3).prop_map(|(start, size)| (start * 10, (start + size) * 10));
    let window = prop_oneof![1 => Just(None), 9 => window.prop_map(Some)];
    (instant(), key, window).prop_map(|(time, key, window)| Row {
        time,
        key,
        id: 0,
        window,
    })
}

/// Watermarks go up on the whole, and so do the times of rows.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (side(), prop::collection::vec(row(), 1..12))
            .prop_map(|(side, rows)| Step::Rows(side, rows)),
        3 => (-45_i64..60).prop_map(Step::Watermark),
        1 => (1_usize..4).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 0..40).prop_map(|mut steps| {
        let mut ids = 0..;
        let mut reached = i64::MIN;
        for step in &mut steps {
            match step {
                Step::Rows(_, rows) => {
                    for row in rows {
                        row.id = ids.next().unwrap_or_default();
                    }
                }
                Step::Watermark(watermark) => {
                    reached = reached.max(*watermark);
                    *watermark = reached;
                }
                Step::Restart(_) => {}
            }
        }
        steps
    })
}

/// The same rows in whatever order.
#[track_caller]
fn check_same(mut found: Vec<Joined>, mut expected: Vec<Joined>) {
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}
