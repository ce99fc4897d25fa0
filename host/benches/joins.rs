//! What a join costs, in rows of its inputs a second, without sources, sinks and channels.
//!
//! Cost model: encoding the key and finding its number (one miss of the cache for each of many keys),
//! finding the rows of the key on the other side (another one), keeping the row and letting it go, and
//! for each pair copying its columns together.
//!
//! Axes: how many keys there are, which decides how many pairs a row makes (a row meets rows of 10 s,
//! of which there are 10,000); the kind of the join; the size of the batches; a window instead of a
//! distance in time.
//!
//! Baseline: `keys`, which only encodes the keys of the same batches.

use std::{hint::black_box, sync::Arc, time::Duration as Wall};

use arrow::array::{ArrayRef, Float64Array, StringArray, TimestampMicrosecondArray};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tidemill::{
    batch::{Batch, DataType, Field, KeyEncoder, Origin, Schema},
    operator::{
        self, Guests, JoinBound, JoinColumn, JoinKind, JoinWork, OnError, Operator, Outbox,
        Progress, Resources, Side, StageSpec, Version, Work,
    },
    time::{Duration, SystemClock, Timestamp, Watermark},
    window::WindowKind,
};

/// Of each side.
const ROWS: usize = 1_000_000;

fn joins(criterion: &mut Criterion) {
    let within = JoinBound::Within {
        before: Duration::from_secs(5),
        after: Duration::from_secs(5),
    };
    let tumbling = JoinBound::Window(WindowKind::Tumbling {
        size: Duration::from_secs(10),
        offset: Duration::ZERO,
    });
    let mut group = criterion.benchmark_group("join");
    group
        .throughput(Throughput::Elements(2 * ROWS as u64))
        .sample_size(10)
        .warm_up_time(Wall::from_millis(500))
        .measurement_time(Wall::from_secs(5));
    let (inner, full) = (JoinKind::Inner, JoinKind::Full);
    for (name, keys, batch, bound, kind) in [
        ("inner", 100_000, 8192, within, inner),
        ("inner", 1_000_000, 8192, within, inner),
        ("inner", 10_000, 8192, within, inner),
        ("inner", 1_000, 8192, within, inner),
        ("inner, batches of 128", 100_000, 128, within, inner),
        ("full", 100_000, 8192, within, full),
        ("windows", 100_000, 8192, tumbling, inner),
        ("windows, full", 100_000, 8192, tumbling, full),
    ] {
        let input = input(keys, batch);
        let spec = spec(bound, kind);
        group.bench_function(BenchmarkId::new(name, keys), |bencher| {
            bencher.iter(|| run(&spec, &input));
        });
    }
    let input = input(100_000, 8192);
    group.bench_function(BenchmarkId::new("keys", 100_000), |bencher| {
        let encoder = KeyEncoder::new([arrow::datatypes::DataType::Utf8]).expect("a key");
        bencher.iter(|| {
            for batch in input.iter().flatten() {
                let key = Arc::clone(batch.column(1));
                black_box(encoder.encode(&[key], batch.rows()).expect("keys"));
            }
        });
    });
    group.finish();
}

/// Sends all rows through a join; returns how many come out.
fn run(spec: &StageSpec, input: &[[Batch; 2]]) -> usize {
    let resources = Resources {
        guests: Guests::new(Version::default()),
        metrics: Arc::default(),
        clock: Arc::new(SystemClock),
        tables: Arc::new([]),
    };
    let mut join = operator::open(spec, resources).expect("a join");
    let mut rows = 0;
    let mut latest = Timestamp::from_micros(i64::MIN);
    for [left, right] in input {
        for (side, batch) in [(Side::Left, left), (Side::Right, right)] {
            let mut out = Outbox::default();
            join.process(side, batch.clone(), &mut out).expect("rows");
            rows += count(&out);
            latest = latest.max(batch.latest().expect("times"));
        }
        let watermark = Watermark::at(latest.saturating_sub(Duration::from_secs(5)));
        rows += advance(join.as_mut(), watermark);
    }
    rows + advance(join.as_mut(), Watermark::END)
}

fn advance(join: &mut dyn Operator, watermark: Watermark) -> usize {
    let mut rows = 0;
    loop {
        let mut out = Outbox::default();
        let progress = join.advance(watermark, &mut out).expect("progress");
        rows += count(&out);
        if let Progress::Done(_) = progress {
            return rows;
        }
    }
}

fn count(out: &Outbox) -> usize {
    out.batches.iter().map(Batch::rows).sum()
}

/// Readings of both sides, a millisecond apart, one in twenty up to 5 s out of order.
fn input(keys: u64, batch: usize) -> Vec<[Batch; 2]> {
    let mut random = Random(7);
    let mut batch_at = |start: usize| {
        let rows = start..ROWS.min(start + batch);
        let times: Vec<i64> = rows
            .clone()
            .map(|row| {
                let late = if random.below(20) == 0 {
                    random.below(5000)
                } else {
                    0
                };
                (row as i64 - late as i64) * 1000
            })
            .collect();
        let sensors: Vec<String> = rows
            .clone()
            .map(|_| format!("sensor-{}", random.below(keys)))
            .collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(TimestampMicrosecondArray::from(times.clone()).with_timezone("UTC")),
            Arc::new(StringArray::from(sensors)),
            Arc::new(Float64Array::from_iter_values(
                rows.clone().map(|row| row as f64),
            )),
        ];
        let schema = schema().to_arrow();
        let times = Some(times.into());
        Batch::new(schema, columns, rows.len(), times, Origin::Derived).expect("a batch")
    };
    (0..ROWS)
        .step_by(batch)
        .map(|start| [batch_at(start), batch_at(start)])
        .collect()
}

fn schema() -> Schema {
    Schema::new(vec![
        Field::required("ts", DataType::Timestamp),
        Field::required("sensor", DataType::Utf8),
        Field::required("value", DataType::Float64),
    ])
    .expect("different names")
}

fn spec(bound: JoinBound, kind: JoinKind) -> StageSpec {
    let mut fields = vec![
        Field::nullable("ts", DataType::Timestamp),
        Field::nullable("sensor", DataType::Utf8),
        Field::nullable("value", DataType::Float64),
        Field::nullable("right_ts", DataType::Timestamp),
        Field::nullable("right_value", DataType::Float64),
    ];
    if matches!(bound, JoinBound::Window(_)) {
        let bounds = ["window_start", "window_end"];
        let bounds = bounds.map(|name| Field::required(name, DataType::Timestamp));
        fields.splice(0..0, bounds);
    }
    StageSpec {
        name: "joined".into(),
        input: schema(),
        right: schema(),
        output: Schema::new(fields).expect("different names"),
        work: Work::Join(JoinWork {
            left_key: vec![1],
            right_key: vec![1],
            bound,
            kind,
            output: vec![
                JoinColumn::Left(0),
                JoinColumn::Key(0),
                JoinColumn::Left(2),
                JoinColumn::Right(0),
                JoinColumn::Right(2),
            ],
        }),
        on_error: OnError::DeadLetter,
        max_dead_letters: 0,
        late: None,
    }
}

/// Numbers that look random and are the same every time (Vigna's SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound
    }
}

criterion_group!(benches, joins);
criterion_main!(benches);
