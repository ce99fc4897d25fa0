//! What a row of a typed scalar function costs here, in the Wasm runtime of arrow-udf, and as native code: the same
//! function over the same numbers in one process, in turn.
//!
//! Both runtimes are as their users get them: here deadlines, limits and checks are on; arrow-udf has none of them.
//! Both guests are compiled with vectors (`simd128`).

use std::{hint::black_box, path::Path, process::Command, sync::Arc, time::Instant};

use anyhow::{Context as _, ensure};
use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, Float64Array},
    datatypes::Float64Type,
};
use arrow_udf_array::{Array as _, RecordBatch, cast::AsArray as _};
use arrow_udf_runtime::wasm::Runtime;
use arrow_udf_schema::{DataType, Field, Schema};
use tidemill::{
    toolchain::{build_crate, componentize},
    wasm::{Allow, Columns, Engine, EngineOptions, InstanceOptions, Limits},
};

/// Rows in a call.
const SIZES: [usize; 4] = [1, 64, 1024, 8192];
/// Rows that each side converts in a round, however many calls that takes; single rows cost much, and are fewer.
const ROWS: usize = 4_000_000;
const ROUNDS: usize = 11;

fn main() -> anyhow::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let peer = Runtime::new(&peer_guest(here)?)?;
    let called = peer.find_function("to_fahrenheit", vec![DataType::Float64], DataType::Float64)?;

    let root = here.join("../../..");
    let weather = root.join("udfs/weather");
    let (_, module) = build_crate(&weather, Some(&root.join("target/guests")))?;
    let component = Engine::new(&EngineOptions::default())?.load(&componentize(&module)?)?;
    let mut instance = component.instantiate(InstanceOptions {
        config: "{}".into(),
        limits: Limits::default(),
        allow: Allow::default(),
        stage: "peers".into(),
    })?;
    let functions = instance.functions().iter();
    let function = functions
        .filter(|function| function.name == "to_fahrenheit")
        .find(|function| function.parameters[0].data_type == tidemill::batch::DataType::Float64)
        .cloned()
        .context("`udfs/weather` has the function")?;

    println!("ns a row, medians of {ROUNDS} rounds in turn (least - most)");
    println!(
        "{:>6}  {:>24}  {:>24}  {:>24}  ratio",
        "rows", "native", "here", "arrow-udf"
    );
    for rows in SIZES {
        let numbers: Vec<f64> = (0..rows).map(|row| row as f64 * 0.1).collect();
        let ours: [ArrayRef; 1] = [Arc::new(Float64Array::from(numbers.clone()))];
        let schema = Schema::new(vec![Field::new("celsius", DataType::Float64, true)]);
        let theirs = arrow_udf_array::Float64Array::from(numbers);
        let theirs = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(theirs)])?;

        let arguments = Columns {
            rows,
            arrays: &ours,
        };
        let first = instance.scalar(&function, arguments)?;
        let second = peer.call(&called, &theirs)?;
        let second = second
            .column(0)
            .as_primitive::<arrow_udf_array::types::Float64Type>();
        let first = first.columns[0].as_primitive::<Float64Type>();
        ensure!(
            first.values()[..] == second.values()[..] && first.len() == rows,
            "both give the same"
        );

        let calls = if rows == 1 { 2000 } else { ROWS / rows };
        let mut taken = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            taken[0].push(timed(calls, rows, || {
                let celsius = black_box(&ours[0]).as_primitive::<Float64Type>();
                let array: Float64Array = celsius.unary(|celsius| celsius * 1.8 + 32.0);
                black_box(array);
                Ok(())
            })?);
            taken[1].push(timed(calls, rows, || {
                black_box(instance.scalar(&function, black_box(arguments))?);
                Ok(())
            })?);
            taken[2].push(timed(calls, rows, || {
                black_box(peer.call(&called, black_box(&theirs))?);
                Ok(())
            })?);
        }
        let [native, here, other] = taken.map(Spread::of);
        println!(
            "{rows:>6}  {:>24}  {:>24}  {:>24}  {:.1}",
            native.to_string(),
            here.to_string(),
            other.to_string(),
            other.median / here.median
        );
    }
    Ok(())
}

/// Builds the guest of arrow-udf as its runtime does.
fn peer_guest(here: &Path) -> anyhow::Result<Vec<u8>> {
    let target = here.join("../../../target/peers");
    let status = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--target",
            "wasm32-wasip1",
            "--package",
            "arrow-udf-guest",
        ])
        .env("RUSTFLAGS", "-Ctarget-feature=+simd128")
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(here)
        .status()?;
    ensure!(
        status.success(),
        "the guest of arrow-udf cannot be built: `rustup target add wasm32-wasip1`?"
    );
    let path = target.join("wasm32-wasip1/release/arrow_udf_guest.wasm");
    std::fs::read(&path).with_context(|| format!("`{}` cannot be read", path.display()))
}

/// Nanoseconds a row.
fn timed(
    calls: usize,
    rows: usize,
    mut call: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let started = Instant::now();
    for _ in 0..calls {
        call()?;
    }
    Ok(started.elapsed().as_nanos() as f64 / (calls * rows) as f64)
}

struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(mut taken: Vec<f64>) -> Self {
        taken.sort_by(f64::total_cmp);
        let (least, most) = (taken[0], taken[taken.len() - 1]);
        Self {
            least,
            median: taken[taken.len() / 2],
            most,
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{:.2} ({:.2} - {:.2})",
            self.median, self.least, self.most
        )
    }
}
