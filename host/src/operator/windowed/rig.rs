//! Drives an aggregate stage in tests: feeds rows of one shape, reads what comes out as text.
//!
//! Functions are those of the standard library. There can be several subtasks, to which rows go by key.

use std::sync::{Arc, OnceLock};

use arrow::{
    array::{ArrayRef, AsArray, Int64Array, StringArray, TimestampMicrosecondArray},
    datatypes::{DataType as ArrowType, TimeUnit, TimestampMicrosecondType},
    util::display::{ArrayFormatter, FormatOptions},
};

use crate::{
    batch::{Batch, DataType, Field, KeyEncoder, KeyHash, Origin, Schema},
    metrics::NodeMetrics,
    operator::{
        AggregateWork, Argument, Call, Emit, Guests, OnError, Operator, Outbox, Progress,
        Resources, Side, StageSpec, TimeDomain, Version, Work, open,
    },
    state::Share,
    time::{Clock, Duration, ManualClock, Timestamp, Watermark},
    wasm::{Allow, Component, Engine, EngineOptions, InstanceOptions, Limits},
    window::WindowKind,
};

/// A stage and what has come out of it since the last look.
pub(in crate::operator) struct Rig {
    spec: StageSpec,
    with_times: bool,
    tasks: Vec<Task>,
    clock: Arc<ManualClock>,
    metrics: Arc<NodeMetrics>,
    fed: usize,
    lines: Vec<String>,
    /// The rows that were late.
    pub(in crate::operator) late: Vec<String>,
    /// Why rows could not be handled.
    pub(in crate::operator) reasons: Vec<String>,
}

struct Task {
    operator: Box<dyn Operator>,
    /// What was promised of the rows that come out.
    promised: Watermark,
    wake_at: Option<Timestamp>,
}

/// A row: a key, a time, a number.
#[derive(Clone, Copy, Debug)]
pub(in crate::operator) struct Row {
    pub(in crate::operator) key: &'static str,
    pub(in crate::operator) time: i64,
    pub(in crate::operator) value: Option<i64>,
    /// What it says of its window.
    pub(in crate::operator) bounds: (Option<i64>, Option<i64>),
}

/// A row without bounds.
pub(in crate::operator) const fn row(key: &'static str, time: i64, value: i64) -> Row {
    Row {
        key,
        time,
        value: Some(value),
        bounds: (None, None),
    }
}

const STD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/std.wasm"));

fn library() -> &'static Component {
    static LIBRARY: OnceLock<Component> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let engine = Engine::new(&EngineOptions::default()).expect("an engine");
        engine.load(STD).expect("the standard library")
    })
}

pub(in crate::operator) fn micros(micros: i64) -> Duration {
    Duration::from_micros(micros).expect("not negative")
}

impl Rig {
    /// A stage in one subtask, which calls `functions` of the number of each row.
    pub(in crate::operator) fn new(window: WindowKind, functions: &[&str]) -> Self {
        let calls: Vec<Call> = functions.iter().map(|name| call(name)).collect();
        let results = calls.iter().enumerate();
        let results = results.flat_map(|(place, call)| {
            let results = call.function.results.iter();
            results.map(move |field| Field::nullable(format!("r{place}"), field.data_type))
        });
        let input = vec![
            Field::required("k", DataType::Utf8),
            Field::required("t", DataType::Timestamp),
            Field::nullable("v", DataType::Int64),
            Field::nullable("window_start", DataType::Timestamp),
            Field::nullable("window_end", DataType::Timestamp),
        ];
        let mut output = vec![input[0].clone()];
        if window.has_bounds() {
            output.extend([input[3].clone(), input[4].clone()]);
        }
        output.extend(results);
        let spec = StageSpec {
            name: "stage".into(),
            input: Schema::new(input).expect("names differ"),
            right: Schema::default(),
            output: Schema::new(output).expect("names differ"),
            work: Work::Aggregate(AggregateWork {
                key: vec![0],
                window,
                time: TimeDomain::Event,
                lateness: Duration::ZERO,
                emit: Emit::Final,
                calls,
                keep: Vec::new(),
            }),
            on_error: OnError::DeadLetter,
            max_dead_letters: 1000,
            late: Some(7),
        };
        let mut rig = Self {
            spec,
            with_times: true,
            tasks: Vec::new(),
            clock: Arc::new(ManualClock::new(Timestamp::EPOCH)),
            metrics: Arc::default(),
            fed: 0,
            lines: Vec::new(),
            late: Vec::new(),
            reasons: Vec::new(),
        };
        rig.start(1);
        rig
    }

    /// The same stage with something about it changed.
    pub(in crate::operator) fn with(mut self, change: impl FnOnce(&mut AggregateWork)) -> Self {
        if let Work::Aggregate(work) = &mut self.spec.work {
            change(work);
        }
        self.start(self.tasks.len());
        self
    }

    /// The same stage with an input without event time.
    pub(in crate::operator) fn without_times(mut self) -> Self {
        self.with_times = false;
        self
    }

    /// Feeds a batch, and returns what comes out.
    #[track_caller]
    pub(in crate::operator) fn feed(&mut self, rows: &[Row]) -> Vec<String> {
        let encoder = KeyEncoder::new([ArrowType::Utf8]).expect("a type of keys");
        let keys = StringArray::from_iter_values(rows.iter().map(|row| row.key));
        let keys = encoder.encode(&[Arc::new(keys)], rows.len()).expect("keys");
        let tasks = self.tasks.len();
        for task in 0..tasks {
            let mine = rows.iter().enumerate().filter(|(place, _)| {
                let hash = KeyHash::of(keys.get(*place));
                hash.subtask(tasks) == task
            });
            let mine: Vec<Row> = mine.map(|(_, row)| *row).collect();
            if mine.is_empty() {
                continue;
            }
            self.fed += mine.len();
            let batch = self.batch(&mine);
            let mut out = Outbox::default();
            let operator = &mut self.tasks[task].operator;
            let done = operator.process(Side::Left, batch, &mut out);
            done.expect("the stage goes on");
            self.take(task, out);
            if self.is_by_clock() {
                // As the runtime does.
                self.tasks[task].wake_at = Some(self.clock.now());
                self.tell_time();
            }
        }
        self.check_counts();
        self.look()
    }

    /// Moves the watermark, and returns what comes out.
    #[track_caller]
    pub(in crate::operator) fn advance(&mut self, to: i64) -> Vec<String> {
        self.reach(Watermark::at(Timestamp::from_micros(to)))
    }

    /// Moves the watermark of one subtask, which has seen its inputs in another order than the others.
    #[track_caller]
    pub(in crate::operator) fn advance_one(&mut self, task: usize, to: i64) -> Vec<String> {
        self.reach_one(task, Watermark::at(Timestamp::from_micros(to)));
        self.look()
    }

    /// Ends the input, and returns what comes out.
    #[track_caller]
    pub(in crate::operator) fn end(&mut self) -> Vec<String> {
        self.reach(Watermark::END)
    }

    /// Sets the clock, and tells the time to whoever wants to be told.
    #[track_caller]
    pub(in crate::operator) fn tick(&mut self, now: i64) -> Vec<String> {
        self.clock.set(Timestamp::from_micros(now));
        self.tell_time();
        self.look()
    }

    #[track_caller]
    fn tell_time(&mut self) {
        let now = self.clock.now();
        for task in 0..self.tasks.len() {
            while self.tasks[task].wake_at.is_some_and(|due| due <= now) {
                self.tasks[task].wake_at = None;
                let mut out = Outbox::default();
                let progress = self.tasks[task].operator.tick(now, &mut out);
                let progress = progress.expect("the stage goes on");
                self.take(task, out);
                match progress {
                    None => break,
                    Some(progress) => {
                        if !self.promise(task, progress) {
                            self.tasks[task].wake_at = Some(now);
                        }
                    }
                }
            }
        }
    }

    fn is_by_clock(&self) -> bool {
        matches!(&self.spec.work, Work::Aggregate(work) if work.time == TimeDomain::Processing)
    }

    /// Restarts the stage with `tasks` subtasks.
    pub(in crate::operator) fn restart(&mut self, tasks: usize) {
        let operators = self.tasks.iter_mut();
        let snapshots: Vec<_> = operators
            .flat_map(|task| task.operator.snapshot().expect("a snapshot"))
            .collect();
        let promised = self.tasks.iter().map(|task| task.promised).min();
        let promised = promised.expect("there are subtasks");
        self.start(tasks);
        for (subtask, task) in self.tasks.iter_mut().enumerate() {
            let share = Share {
                subtask,
                subtasks: tasks,
            };
            task.operator.restore(&snapshots, share).expect("restored");
            task.promised = promised;
            task.wake_at = Some(self.clock.now());
        }
    }

    /// The watermark of the output, over all subtasks that do not rest.
    pub(in crate::operator) fn promised(&self) -> Option<i64> {
        let busy = self.tasks.iter().filter(|task| task.wake_at.is_some());
        let least = busy.map(|task| task.promised).min();
        least.map(|least| least.time().as_micros())
    }

    /// Rows in the tables of a snapshot.
    pub(in crate::operator) fn state_rows(&mut self) -> usize {
        let operators = self.tasks.iter_mut();
        let snapshots = operators.flat_map(|task| task.operator.snapshot().expect("a snapshot"));
        snapshots
            .flat_map(|snapshot| snapshot.tables)
            .map(|table| table.num_rows())
            .sum()
    }

    fn start(&mut self, tasks: usize) {
        let task = |_| {
            let options = InstanceOptions {
                config: "{}".into(),
                limits: Limits::default(),
                allow: Allow::default(),
                stage: "stage".into(),
            };
            let instance = library().instantiate(options).expect("an instance");
            let version = Version::open("stage", self.spec.work.calls(), vec![(0, instance)]);
            let version = version.expect("functions begin with something");
            let resources = Resources {
                guests: Guests::new(version),
                metrics: Arc::clone(&self.metrics),
                clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
                tables: Arc::default(),
            };
            Task {
                operator: open(&self.spec, resources).expect("a stage"),
                promised: Watermark::START,
                wake_at: None,
            }
        };
        self.tasks = (0..tasks).map(task).collect();
    }

    #[track_caller]
    fn reach(&mut self, to: Watermark) -> Vec<String> {
        for task in 0..self.tasks.len() {
            self.reach_one(task, to);
        }
        self.look()
    }

    #[track_caller]
    fn reach_one(&mut self, task: usize, to: Watermark) {
        loop {
            let mut out = Outbox::default();
            let progress = self.tasks[task].operator.advance(to, &mut out);
            let progress = progress.expect("the stage goes on");
            self.take(task, out);
            if self.promise(task, progress) {
                break;
            }
        }
    }

    /// Takes note of a watermark that goes out; whether it is the last one of a call.
    #[track_caller]
    fn promise(&mut self, task: usize, progress: Progress) -> bool {
        let (Progress::Done(reached) | Progress::More(reached)) = progress;
        let task = &mut self.tasks[task];
        assert!(reached >= task.promised, "a watermark goes back");
        task.promised = reached;
        matches!(progress, Progress::Done(_))
    }

    #[track_caller]
    fn take(&mut self, task: usize, out: Outbox) {
        let Work::Aggregate(work) = &self.spec.work else {
            panic!("an aggregate");
        };
        let task = &mut self.tasks[task];
        task.wake_at = out.wake_at.or(task.wake_at);
        for batch in &out.batches {
            let promised = task.promised.time().as_micros();
            let is_kept = |times: &[i64]| times.iter().all(|&time| time >= promised);
            let is_free = !work.lateness.is_zero() || task.promised == Watermark::END;
            assert!(
                is_free || batch.times().is_none_or(|times| is_kept(times)),
                "rows below the watermark {}",
                task.promised
            );
            self.lines.extend(lines(batch));
        }
        for (sink, batch) in &out.late {
            assert_eq!(*sink, 7);
            self.late.extend(lines(batch));
        }
        let letters = out.dead_letters.into_iter();
        self.reasons.extend(letters.map(|letter| letter.reason));
    }

    #[track_caller]
    fn check_counts(&self) {
        let NodeMetrics {
            absorbed,
            late,
            dead_letters,
            skipped,
            filtered,
            ..
        } = &*self.metrics;
        let counters = [absorbed, late, dead_letters, skipped, filtered];
        let counted: u64 = counters.into_iter().map(|counter| counter.get()).sum();
        assert_eq!(counted, self.fed as u64, "each row is counted once");
    }

    fn look(&mut self) -> Vec<String> {
        let mut lines = std::mem::take(&mut self.lines);
        if self.tasks.len() > 1 {
            lines.sort();
        }
        lines
    }

    fn batch(&self, rows: &[Row]) -> Batch {
        let times = |times: Vec<Option<i64>>| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
        };
        let keys = StringArray::from_iter_values(rows.iter().map(|row| row.key));
        let values = rows.iter().map(|row| row.value).collect::<Int64Array>();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(keys),
            times(rows.iter().map(|row| Some(row.time)).collect()),
            Arc::new(values),
            times(rows.iter().map(|row| row.bounds.0).collect()),
            times(rows.iter().map(|row| row.bounds.1).collect()),
        ];
        let event_times = rows.iter().map(|row| row.time).collect();
        let event_times = self.with_times.then_some(event_times);
        let schema = self.spec.input.to_arrow();
        let origin = Origin::consecutive("rows".into(), 1);
        Batch::new(schema, columns, rows.len(), event_times, origin).expect("columns of the input")
    }
}

/// A call of a function of the standard library with the number of each row.
fn call(name: &str) -> Call {
    let functions = library()
        .catalog("{}", &Allow::default())
        .expect("functions");
    let takes = |parameters: &[Field]| match parameters {
        [] => name == "count",
        [only] => only.data_type == DataType::Int64,
        _ => false,
    };
    let mut functions = functions.iter();
    let function = functions.find(|function| function.name == name && takes(&function.parameters));
    let function = function.expect("a function of integers").clone();
    let argument = Argument {
        column: 2,
        cast: None,
    };
    Call {
        library: 0,
        arguments: vec![argument; function.parameters.len()],
        function,
    }
}

/// The rows of a batch, their columns separated by blanks, times in microseconds; with the event time
/// where that is no column.
fn lines(batch: &Batch) -> Vec<String> {
    let columns: Vec<Vec<String>> = batch
        .record()
        .columns()
        .iter()
        .map(|column| {
            if let ArrowType::Timestamp(TimeUnit::Microsecond, _) = column.data_type() {
                let column = column.as_primitive::<TimestampMicrosecondType>();
                let times = column.iter();
                let text = |time: Option<i64>| time.map_or("null".into(), |time| time.to_string());
                return times.map(text).collect();
            }
            let options = FormatOptions::default().with_null("null");
            let format = ArrayFormatter::try_new(column, &options).expect("a format");
            let cells = 0..column.len();
            cells.map(|row| format.value(row).to_string()).collect()
        })
        .collect();
    let line = |row: usize| {
        let cells: Vec<&str> = columns.iter().map(|column| &*column[row]).collect();
        cells.join(" ")
    };
    (0..batch.rows()).map(line).collect()
}
