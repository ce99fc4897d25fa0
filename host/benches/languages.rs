//! What the same functions cost in every language, in nanoseconds a row, from the host and back.
//!
//! Axes: the language; the kind of function: `to_fahrenheit`, one `float64` column in and one out, and `average`, which
//! adds a column to the accumulators of 1000 groups. Batches have 8192 rows.
//!
//! The guests are those of `tests/languages/LANGUAGE/suite`, as `make languages` leaves them in
//! `target/languages`; a language that is not there is left out, and that is said.

use std::{fs, hint::black_box, path::Path, sync::Arc, time::Duration};

use arrow::array::{ArrayRef, Float64Array};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tidemill::{
    toolchain::Language,
    wasm::{Allow, Columns, Engine, EngineOptions, Function, Instance, InstanceOptions, Limits},
};

const ROWS: usize = 8192;
const GROUPS: usize = 1000;

/// The conformance library in a language, if it was built.
fn suite(engine: &Engine, language: Language) -> Option<Instance> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/languages");
    let path = home.join(language.name()).join("suite/suite.wasm");
    let Ok(bytes) = fs::read(&path) else {
        eprintln!("missing: {language}; there is no `{}`", path.display());
        return None;
    };
    let options = InstanceOptions {
        config: "{}".into(),
        limits: Limits::default(),
        allow: Allow::default(),
        stage: language.name().into(),
    };
    let component = engine.load(&bytes).expect("the suite loads");
    Some(component.instantiate(options).expect("an instance"))
}

fn function(instance: &Instance, name: &str) -> Function {
    let mut functions = instance.functions().iter();
    let function = functions.find(|function| function.name == name);
    function.expect("the suite has it").clone()
}

fn languages(criterion: &mut Criterion) {
    let engine = Engine::new(&EngineOptions::default()).expect("an engine");
    let values: Float64Array = (0..ROWS).map(|row| Some(row as f64 * 0.1)).collect();
    let arrays: [ArrayRef; 1] = [Arc::new(values)];
    let arguments = Columns {
        rows: ROWS,
        arrays: &arrays,
    };
    let groups: Vec<u32> = (0..ROWS).map(|row| (row * 7919 % GROUPS) as u32).collect();
    for language in Language::ALL {
        let Some(mut instance) = suite(&engine, language) else {
            continue;
        };
        let mut group = criterion.benchmark_group(language.name());
        group
            .throughput(Throughput::Elements(ROWS as u64))
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2));
        let to_fahrenheit = function(&instance, "to_fahrenheit");
        group.bench_function("to_fahrenheit", |bencher| {
            bencher.iter(|| {
                let output = instance.scalar(&to_fahrenheit, black_box(arguments));
                output.expect("the guest answers")
            });
        });
        let average = function(&instance, "average");
        let accumulators = instance.aggregate_init(&average, GROUPS);
        let accumulators = accumulators.expect("the guest answers");
        let state = Columns {
            rows: GROUPS,
            arrays: &accumulators,
        };
        group.bench_function("average", |bencher| {
            bencher.iter(|| {
                let output = instance.aggregate_update(&average, state, &groups, arguments);
                output.expect("the guest answers")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, languages);
criterion_main!(benches);
