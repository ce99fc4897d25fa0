//! Random scripts against a slow and obvious model: rows in disorder, watermarks, flushes, restarts, the
//! clock, at one to four subtasks.
//!
//! A hundred scripts are a part of the tests; `TIDEMILL_SCRIPTS=10000` runs that many. A failure tells its
//! seed, which `TIDEMILL_SEED` runs again by itself, and the pipeline and the steps to look at.

mod model;
pub(crate) mod random;
mod script;

use std::env;

use tidemill::{
    pipeline::Registry,
    runtime::Order,
    test_kit::{Case, RunOptions, run},
    wasm::{Engine, EngineOptions},
};

use self::script::script;

#[test]
fn random_scripts_give_what_the_model_gives() {
    let engine = Engine::new(&EngineOptions::default()).expect("this machine runs WebAssembly");
    let registry = Registry::new(engine);
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds = match number("TIDEMILL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TIDEMILL_SCRIPTS").unwrap_or(100),
    };
    for seed in seeds {
        check(seed, &registry);
    }
}

fn check(seed: u64, registry: &Registry) {
    let script = script(seed);
    let told = || {
        format!(
            "TIDEMILL_SEED={seed}\n--- pipeline.toml\n{}\n--- steps.jsonl\n{}",
            script.pipeline, script.steps
        )
    };
    let case = Case::from_text(&script.pipeline, &script.steps, registry)
        .unwrap_or_else(|error| panic!("{error}\n{}", told()));
    for parallelism in 1..=4 {
        let options = RunOptions {
            // A restart goes on with another number of subtasks.
            parallelism: vec![parallelism, 5 - parallelism],
            restart_everywhere: seed.is_multiple_of(4),
            order: Order::drawn(seed),
        };
        if let Err(failure) = run(&case, registry, &options) {
            panic!("at parallelism {parallelism}:\n{failure}\n{}", told());
        }
    }
}
