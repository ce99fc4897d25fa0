//! What it costs to leave the host for a guest and come back, in nanoseconds a row.
//!
//! Cost model: a call costs a fixed part (lowering the arguments' descriptors, entering the guest,
//! two allocations in its memory, a deadline, lifting the answer's descriptors, the checks on them)
//! and a part for each row (one copy in, the guest's loop, one copy out, the checks on the values
//! that have any: text, bitmaps, offsets). So the cost of a row falls with the size of the batch
//! until the fixed part vanishes, and rises again when a batch leaves the caches.
//!
//! Axes: the size of the batch; the type of the column; the number of groups that a batch touches,
//! for an aggregate's accumulators travel with it.
//!
//! Baseline: the same function as native code over the same Arrow arrays, `native`.
//!
//! Deadlines and limits are on, as they always are; but for `deadlines`, where the same calls are made with and without.
//! The guests are those of `udfs/`, built with
//! optimization.

#[path = "support/guests.rs"]
mod guests;

use std::{hint::black_box, sync::Arc, time::Duration};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Float64Array, Int64Array, StringArray,
        TimestampMicrosecondArray,
    },
    datatypes::{Float64Type, Int64Type},
};
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use tidemill::{
    batch::DataType,
    wasm::{
        Allow, Columns, Component, Engine, EngineOptions, Function, Instance, InstanceOptions,
        Limits,
    },
};

const SIZES: [usize; 7] = [1, 8, 64, 256, 1024, 8192, 65536];
const BATCH: usize = 8192;

/// A library of `udfs/`, built as users build theirs.
fn component(engine: &Engine, name: &str) -> Component {
    let bytes = guests::component(name);
    engine.load(&bytes).expect("a component of ours loads")
}

/// A function of a library, ready to be called.
struct Guest {
    instance: Instance,
    function: Function,
}

impl Guest {
    fn new(engine: &Engine, library: &str, name: &str, parameters: &[DataType]) -> Self {
        let options = InstanceOptions {
            config: "{}".into(),
            limits: Limits::default(),
            allow: Allow::default(),
            stage: name.into(),
        };
        let instance = component(engine, library)
            .instantiate(options)
            .expect("a library of ours can be instantiated");
        let types = |function: &Function| -> Vec<DataType> {
            let parameters = function.parameters.iter();
            parameters.map(|field| field.data_type).collect()
        };
        let function = instance
            .functions()
            .iter()
            .find(|function| function.name == name && types(function) == parameters)
            .cloned()
            .expect("the library has the function");
        Self { instance, function }
    }
}

fn engine() -> Engine {
    Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly")
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1000));
    group
}

fn floats(rows: usize) -> Float64Array {
    (0..rows).map(|row| Some(row as f64 * 0.1)).collect()
}

/// One `float64` column in, one out, over the size of the batch.
fn map(criterion: &mut Criterion) {
    let mut guest = Guest::new(&engine(), "weather", "to_fahrenheit", &[DataType::Float64]);
    let mut group = group(criterion, "map");
    for rows in SIZES {
        group.throughput(Throughput::Elements(rows as u64));
        let arrays: [ArrayRef; 1] = [Arc::new(floats(rows))];
        group.bench_function(BenchmarkId::new("guest", rows), |bencher| {
            let Guest { instance, function } = &mut guest;
            let arguments = Columns {
                rows,
                arrays: &arrays,
            };
            bencher.iter(|| {
                let output = instance.scalar(function, black_box(arguments));
                output.expect("the guest answers")
            });
        });
        group.bench_function(BenchmarkId::new("native", rows), |bencher| {
            let celsius = arrays[0].as_primitive::<Float64Type>();
            bencher.iter(|| {
                let fahrenheit: Float64Array =
                    black_box(celsius).unary(|celsius| celsius * 1.8 + 32.0);
                Arc::new(fahrenheit) as ArrayRef
            });
        });
    }
    group.finish();
}

/// Scalar loops with deadlines, as they always are, and without.
fn deadlines(criterion: &mut Criterion) {
    let mut group = group(criterion, "deadlines");
    group.throughput(Throughput::Elements(BATCH as u64));
    let without = Engine::without_deadlines().expect("this machine runs WebAssembly");
    let arrays: [ArrayRef; 1] = [Arc::new(floats(BATCH))];
    for name in ["to_fahrenheit", "is_hot"] {
        for (engine, kind) in [(engine(), "with"), (without.clone(), "without")] {
            let mut guest = Guest::new(&engine, "weather", name, &[DataType::Float64]);
            group.bench_function(BenchmarkId::new(name, kind), |bencher| {
                let Guest { instance, function } = &mut guest;
                let arguments = Columns {
                    rows: BATCH,
                    arrays: &arrays,
                };
                bencher.iter(|| {
                    let output = instance.scalar(function, black_box(arguments));
                    output.expect("the guest answers")
                });
            });
        }
    }
    group.finish();
}

/// One `float64` column in, one bit out, over the size of the batch.
fn filter(criterion: &mut Criterion) {
    let mut guest = Guest::new(&engine(), "weather", "is_hot", &[DataType::Float64]);
    let mut group = group(criterion, "filter");
    for rows in SIZES {
        group.throughput(Throughput::Elements(rows as u64));
        let arrays: [ArrayRef; 1] = [Arc::new(floats(rows))];
        group.bench_function(BenchmarkId::new("guest", rows), |bencher| {
            let Guest { instance, function } = &mut guest;
            let arguments = Columns {
                rows,
                arrays: &arrays,
            };
            bencher.iter(|| {
                let output = instance.scalar(function, black_box(arguments));
                output.expect("the guest answers")
            });
        });
        group.bench_function(BenchmarkId::new("native", rows), |bencher| {
            let temperature = arrays[0].as_primitive::<Float64Type>();
            bencher.iter(|| {
                let hot = BooleanArray::from_unary(black_box(temperature), |temperature| {
                    temperature > 30.0
                });
                Arc::new(hot) as ArrayRef
            });
        });
    }
    group.finish();
}

/// A column of each type on its way in: `count`, which looks at nothing but the nulls.
fn column_types(criterion: &mut Criterion) {
    let engine = engine();
    let mut group = group(criterion, "column type");
    group.throughput(Throughput::Elements(BATCH as u64));
    let text = |row: usize| format!("sensor-{row:05}");
    let columns: [(DataType, ArrayRef); 6] = [
        (
            DataType::Boolean,
            Arc::new(
                (0..BATCH)
                    .map(|row| Some(row % 3 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            DataType::Int64,
            Arc::new((0..BATCH as i64).map(Some).collect::<Int64Array>()),
        ),
        (DataType::Float64, Arc::new(floats(BATCH))),
        (
            DataType::Timestamp,
            Arc::new(
                (0..BATCH as i64)
                    .map(Some)
                    .collect::<TimestampMicrosecondArray>(),
            ),
        ),
        (
            DataType::Utf8,
            Arc::new(
                (0..BATCH)
                    .map(|row| Some(text(row)))
                    .collect::<StringArray>(),
            ),
        ),
        (
            DataType::Binary,
            Arc::new(
                (0..BATCH)
                    .map(|row| Some(text(row).into_bytes()))
                    .collect::<BinaryArray>(),
            ),
        ),
    ];
    let groups: Vec<u32> = (0..BATCH as u32).map(|row| row % 10).collect();
    for (data_type, column) in columns {
        let mut guest = Guest::new(&engine, "std", "count", &[data_type]);
        let accumulators = guest.instance.aggregate_init(&guest.function, 10);
        let accumulators = accumulators.expect("the guest answers");
        let arrays = [column];
        group.bench_function(BenchmarkId::new("count", data_type), |bencher| {
            let Guest { instance, function } = &mut guest;
            let state = Columns {
                rows: 10,
                arrays: &accumulators,
            };
            let arguments = Columns {
                rows: BATCH,
                arrays: &arrays,
            };
            bencher.iter(|| {
                let output = instance.aggregate_update(function, state, &groups, arguments);
                output.expect("the guest answers")
            });
        });
    }
    group.finish();
}

/// The mean of a `float64` column, over the number of groups that a batch touches.
fn update(criterion: &mut Criterion) {
    let mut guest = Guest::new(&engine(), "std", "mean", &[DataType::Float64]);
    let mut group = group(criterion, "aggregate update");
    group.throughput(Throughput::Elements(BATCH as u64));
    let arrays: [ArrayRef; 1] = [Arc::new(floats(BATCH))];
    for count in [10, 1000, 8192] {
        let groups: Vec<u32> = (0..BATCH).map(|row| (row * 7919 % count) as u32).collect();
        let accumulators = guest.instance.aggregate_init(&guest.function, count);
        let accumulators = accumulators.expect("the guest answers");
        group.bench_function(BenchmarkId::new("guest", count), |bencher| {
            let Guest { instance, function } = &mut guest;
            let state = Columns {
                rows: count,
                arrays: &accumulators,
            };
            let arguments = Columns {
                rows: BATCH,
                arrays: &arrays,
            };
            bencher.iter(|| {
                let output = instance.aggregate_update(function, state, &groups, arguments);
                output.expect("the guest answers")
            });
        });
        group.bench_function(BenchmarkId::new("native", count), |bencher| {
            bencher.iter(|| native_mean(&accumulators, &groups, &arrays[0]));
        });
    }
    group.finish();
}

/// What the guest does, on the host: new accumulator columns of old ones and a batch.
fn native_mean(accumulators: &[ArrayRef], groups: &[u32], values: &ArrayRef) -> [ArrayRef; 2] {
    let mut sums = accumulators[0]
        .as_primitive::<Float64Type>()
        .values()
        .to_vec();
    let mut counts = accumulators[1]
        .as_primitive::<Int64Type>()
        .values()
        .to_vec();
    let values = values.as_primitive::<Float64Type>();
    for (&group, &value) in groups.iter().zip(values.values()) {
        sums[group as usize] += value;
        counts[group as usize] += 1;
    }
    debug_assert_eq!(values.null_count(), 0);
    [
        Arc::new(Float64Array::from(sums)),
        Arc::new(Int64Array::from(counts)),
    ]
}

/// What a trap costs besides the rows that are computed again.
fn renew(criterion: &mut Criterion) {
    let mut guest = Guest::new(&engine(), "weather", "to_fahrenheit", &[DataType::Float64]);
    group(criterion, "instance").bench_function("renew", |bencher| {
        bencher.iter(|| guest.instance.renew().expect("it could be made before"));
    });
}

criterion_group!(
    boundary,
    map,
    deadlines,
    filter,
    column_types,
    update,
    renew
);
criterion_main!(boundary);
