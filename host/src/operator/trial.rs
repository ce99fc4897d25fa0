//! A stage by itself, in as many subtasks as a test wants: what goes in, what comes out.
//!
//! It calls the standard library; it has no pipeline, no threads and no channels.

use std::{
    collections::BTreeMap,
    io::Cursor,
    sync::{Arc, LazyLock},
};

use arrow::{
    array::{AsArray, RecordBatch},
    compute,
    datatypes::TimestampMicrosecondType,
    json::ReaderBuilder,
};

use super::{
    Argument, Call, Guests, OnError, Operator, Outbox, Progress, Resources, Side, StageSpec,
    Version, Work, dead_letter::RowTexts, open,
};
use crate::{
    batch::{Batch, DataType, Field, KeyEncoder, KeyHash, Origin, Schema},
    metrics::NodeMetrics,
    state::{Share, Snapshot},
    time::{Clock, ManualClock, Timestamp, Watermark},
    wasm::{Allow, Component, Engine, EngineOptions, InstanceOptions, Limits},
};

const STD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/std.wasm"));

static COMPONENT: LazyLock<Component> = LazyLock::new(|| {
    let engine = Engine::new(&EngineOptions::default()).expect("an engine");
    engine.load(STD).expect("a component")
});

/// A stage that calls the standard library.
pub(super) struct Trial {
    spec: StageSpec,
    config: Arc<str>,
    /// Whether the column `ts` is the event time.
    is_timed: bool,
    encoder: KeyEncoder,
    subtasks: Vec<Subtask>,
    clock: Arc<ManualClock>,
    watermark: Watermark,
    pub(super) metrics: Arc<NodeMetrics>,
    pub(super) seen: Seen,
}

struct Subtask {
    operator: Box<dyn Operator>,
    /// The watermark of its output.
    reached: Watermark,
    wake_at: Option<Timestamp>,
}

/// What has come out, as JSON.
#[derive(Debug, Default)]
pub(super) struct Seen {
    rows: Vec<String>,
    pub(super) late: Vec<String>,
    pub(super) dead_letters: Vec<String>,
}

/// The columns of the rows of trials.
pub(super) fn schema() -> Schema {
    let fields = vec![
        Field::nullable("ts", DataType::Timestamp),
        Field::nullable("k", DataType::Utf8),
        Field::nullable("v", DataType::Int64),
    ];
    Schema::new(fields).expect("the names differ")
}

/// A call of a function of the standard library with columns of `input`.
pub(super) fn call(name: &str, columns: &[&str], config: &str, input: &Schema) -> Call {
    let found = columns
        .iter()
        .map(|column| input.find(column).expect("a column"));
    let (places, types): (Vec<usize>, Vec<DataType>) =
        found.map(|(place, field)| (place, field.data_type)).unzip();
    let functions = COMPONENT
        .catalog(config, &Allow::default())
        .expect("it fits");
    let function = functions.iter().find(|function| {
        let parameters = function.parameters.iter().map(|field| field.data_type);
        function.name == name && parameters.eq(types.iter().copied())
    });
    Call {
        library: 0,
        function: function.expect("a function").clone(),
        arguments: places
            .into_iter()
            .map(|column| Argument { column, cast: None })
            .collect(),
    }
}

impl Trial {
    /// A stage that does `work` with rows of `input`, in event time if that is wanted.
    pub(super) fn new(
        work: Work,
        input: Schema,
        output: Schema,
        config: &str,
        is_timed: bool,
    ) -> Self {
        let key = work.key(Side::Left).unwrap_or_default().iter();
        let types = key.map(|&place| input.fields()[place].data_type.to_arrow());
        let encoder = KeyEncoder::new(types).expect("types of keys");
        let spec = StageSpec {
            name: "trial".into(),
            input,
            right: Schema::default(),
            output,
            work,
            on_error: OnError::DeadLetter,
            max_dead_letters: 1000,
            late: Some(0),
        };
        let mut trial = Self {
            spec,
            config: config.into(),
            is_timed,
            encoder,
            subtasks: Vec::new(),
            clock: Arc::new(ManualClock::new(Timestamp::EPOCH)),
            watermark: Watermark::START,
            metrics: Arc::default(),
            seen: Seen::default(),
        };
        trial.open(1);
        trial
    }

    fn open(&mut self, subtasks: usize) {
        let subtask = || {
            let options = InstanceOptions {
                config: Arc::clone(&self.config),
                limits: Limits::default(),
                allow: Allow::default(),
                stage: "trial".into(),
            };
            let instance = COMPONENT.instantiate(options).expect("an instance");
            let version = Version::open("stage", self.spec.work.calls(), vec![(0, instance)]);
            let version = version.expect("functions begin with something");
            let resources = Resources {
                guests: Guests::new(version),
                metrics: Arc::clone(&self.metrics),
                clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
                tables: Arc::new([]),
            };
            Subtask {
                operator: open(&self.spec, resources).expect("an operator"),
                reached: Watermark::START,
                wake_at: None,
            }
        };
        self.subtasks = (0..subtasks).map(|_| subtask()).collect();
    }

    /// Rows of the stage, one JSON object each, as one batch.
    pub(super) fn rows(&mut self, rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        let batch = self.batch(rows);
        let places = match &self.spec.work.key(Side::Left) {
            Some(key) if !key.is_empty() => {
                let columns = key.iter().map(|&place| Arc::clone(batch.column(place)));
                let columns: Vec<_> = columns.collect();
                let keys = self.encoder.encode(&columns, batch.rows()).expect("keys");
                let subtask = |row| KeyHash::of(keys.get(row)).subtask(self.subtasks.len());
                (0..batch.rows()).map(subtask).collect()
            }
            _ => vec![0; batch.rows()],
        };
        for place in 0..self.subtasks.len() {
            let mine = (0_u32..).zip(&places).filter(|(_, other)| **other == place);
            let mine: Vec<u32> = mine.map(|(row, _)| row).collect();
            if mine.is_empty() {
                continue;
            }
            let batch = batch.take(&mine).expect("the rows are there");
            self.metrics.rows_in.add(batch.rows());
            let mut out = Outbox::default();
            let subtask = &mut self.subtasks[place];
            let done = subtask.operator.process(Side::Left, batch, &mut out);
            done.expect("the stage goes on");
            self.take(place, out);
        }
    }

    /// The same with columns `ts`, `k` and `v`.
    pub(super) fn feed(&mut self, rows: &[(i64, &str, i64)]) {
        let json = |&(ts, k, v): &(i64, &str, i64)| format!(r#"{{"ts":{ts},"k":"{k}","v":{v}}}"#);
        self.rows(&rows.iter().map(json).collect::<Vec<_>>());
    }

    /// Moves the watermark to a number of microseconds.
    pub(super) fn advance(&mut self, micros: i64) {
        self.watermark = Watermark::at(Timestamp::from_micros(micros));
        for place in 0..self.subtasks.len() {
            loop {
                let mut out = Outbox::default();
                let operator = &mut self.subtasks[place].operator;
                let progress = operator.advance(self.watermark, &mut out);
                let progress = progress.expect("the stage goes on");
                self.take(place, out);
                self.reach(place, progress);
                if matches!(progress, Progress::Done(_)) {
                    break;
                }
            }
        }
    }

    /// Ends the input.
    pub(super) fn end(&mut self) {
        self.advance(i64::MAX);
    }

    /// Sets the clock, and tells those who have asked for it.
    pub(super) fn set_clock(&mut self, micros: i64) {
        let now = Timestamp::from_micros(micros);
        self.clock.set(now);
        for place in 0..self.subtasks.len() {
            if self.subtasks[place].wake_at.is_some_and(|due| due <= now) {
                let mut out = Outbox::default();
                let progress = self.subtasks[place].operator.tick(now, &mut out);
                self.take(place, out);
                if let Some(progress) = progress.expect("the stage goes on") {
                    self.reach(place, progress);
                }
            }
        }
    }

    /// Writes everything down and goes on with other subtasks.
    pub(super) fn restart(&mut self, subtasks: usize) {
        let snapshots = self.snapshots();
        let reached = snapshots.iter().map(|snapshot| snapshot.watermark).min();
        self.open(subtasks);
        for place in 0..subtasks {
            let share = Share {
                subtask: place,
                subtasks,
            };
            let subtask = &mut self.subtasks[place];
            let restored = subtask.operator.restore(&snapshots, share);
            restored.expect("the snapshots are of this stage");
            subtask.reached = reached.expect("there are subtasks");
            let mut out = Outbox::default();
            let progress = subtask.operator.tick(self.clock.now(), &mut out);
            self.take(place, out);
            if let Some(progress) = progress.expect("the stage goes on") {
                self.reach(place, progress);
            }
        }
    }

    /// How many rows of state there are.
    pub(super) fn state_rows(&mut self) -> usize {
        let snapshots = self.snapshots();
        let tables = snapshots
            .iter()
            .filter_map(|snapshot| snapshot.tables.first());
        tables.map(RecordBatch::num_rows).sum()
    }

    /// What has come out since the last look, in order.
    pub(super) fn new_rows(&mut self) -> Vec<String> {
        std::mem::take(&mut self.seen.rows)
    }

    /// The watermark of the output, in microseconds.
    pub(super) fn reached(&self) -> i64 {
        let reached = self.subtasks.iter().map(|subtask| subtask.reached);
        reached
            .min()
            .map_or(0, |reached| reached.time().as_micros())
    }

    fn snapshots(&mut self) -> Vec<Snapshot> {
        let subtasks = self.subtasks.iter_mut();
        subtasks
            .flat_map(|subtask| subtask.operator.snapshot().expect("a snapshot"))
            .collect()
    }

    fn batch(&self, rows: &[String]) -> Batch {
        let text = rows.join("\n");
        let schema = self.spec.input.to_arrow();
        // Times are written as microseconds.
        let read = self.spec.input.fields().iter().map(|field| match field {
            Field {
                name,
                data_type: DataType::Timestamp,
                ..
            } => Field::nullable(name, DataType::Int64),
            field => field.clone(),
        });
        let read = Schema::new(read.collect()).expect("the names differ");
        let reader = ReaderBuilder::new(read.to_arrow()).with_batch_size(rows.len());
        let mut reader = reader.build(Cursor::new(text)).expect("a reader");
        let record = reader.next().expect("a batch").expect("rows of the schema");
        let columns = record.columns().iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| compute::cast(column, field.data_type()));
        let columns: Vec<_> = columns
            .collect::<Result<_, _>>()
            .expect("times are integers");
        let times = self.is_timed.then(|| {
            let (place, _) = self.spec.input.find("ts").expect("an event time");
            let column = &columns[place];
            column
                .as_primitive::<TimestampMicrosecondType>()
                .values()
                .clone()
        });
        Batch::new(schema, columns, rows.len(), times, Origin::Derived).expect("columns")
    }

    fn take(&mut self, place: usize, out: Outbox) {
        let reached = self.subtasks[place].reached;
        for batch in out.batches {
            let earliest = batch.earliest();
            assert!(
                earliest.is_none_or(|earliest| reached.time() <= earliest),
                "a row at {earliest:?} behind the watermark {reached}"
            );
            let all: Vec<u32> = (0..batch.rows() as u32).collect();
            let rows = RowTexts::of(batch.record(), &all).expect("JSON").rows;
            self.seen.rows.extend(rows);
        }
        for (_, batch) in out.late {
            let all: Vec<u32> = (0..batch.rows() as u32).collect();
            let rows = RowTexts::of(batch.record(), &all).expect("JSON").rows;
            self.seen.late.extend(rows);
        }
        let reasons = out.dead_letters.into_iter().map(|letter| letter.reason);
        self.seen.dead_letters.extend(reasons);
        self.subtasks[place].wake_at = out.wake_at;
    }

    fn reach(&mut self, place: usize, progress: Progress) {
        let (Progress::Done(reached) | Progress::More(reached)) = progress;
        let known = &mut self.subtasks[place].reached;
        assert!(*known <= reached, "from {known} back to {reached}");
        *known = reached;
    }
}

/// What became of the rows that came in, by name; nothing is left over.
#[track_caller]
pub(super) fn check_counts(metrics: &NodeMetrics, expected: &[(&str, u64)]) {
    let counts: BTreeMap<&str, u64> = [
        ("absorbed", metrics.absorbed.get()),
        ("late", metrics.late.get()),
        ("filtered", metrics.filtered.get()),
        ("dead letters", metrics.dead_letters.get()),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .collect();
    assert_eq!(counts, expected.iter().copied().collect());
    assert_eq!(counts.values().sum::<u64>(), metrics.rows_in.get());
}
