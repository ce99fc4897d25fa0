//! A job in the process of the test, which swaps its components itself: a thousand times if need be.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use tidemill::{
    connector::{GeneratorConfig, resolve_paths},
    pipeline::{Environment, Overrides, Registry, load_with},
    reload::{Load, Swapper},
    runtime::{Beginning, Failpoints, Loaded, NoFailpoints, Session},
    time::{Clock, SystemClock},
    wasm::{Engine, EngineOptions},
};

use crate::support::cache;

/// Runs the pipeline in `file` to its end while `swap` does what it wants to it.
pub(super) fn run<T: Send>(file: &Path, swap: impl FnOnce(&mut Swapper) -> T + Send) -> T {
    let engine = Engine::new(&EngineOptions {
        cache_dir: Some(cache()),
        ..EngineOptions::default()
    });
    let engine = engine.expect("this machine runs WebAssembly");
    let load = loader(file.to_owned());
    let overrides = Overrides::default();
    let loaded = load(&overrides, &Registry::new(engine), &|| true)
        .unwrap_or_else(|error| panic!("{error:#}"));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let failpoints: Arc<dyn Failpoints> = Arc::new(NoFailpoints);
    let session = Session::open(&loaded, &clock, Beginning::Newest, &failpoints);
    let session = session.expect("the job can begin");
    let mut swapper = Swapper::new(session.swaps().clone(), loaded, overrides, load);
    thread::scope(|scope| {
        let swapping = scope.spawn(move || swap(&mut swapper));
        session.run().unwrap_or_else(|error| panic!("{error:#}"));
        swapping.join().expect("what is asserted of swaps")
    })
}

fn loader(file: PathBuf) -> Load {
    Box::new(move |overrides, current, _| {
        let registry = current.fresh();
        let environment = Environment {
            libraries: &registry,
            resolve_paths: &|path: &Path| resolve_paths(path),
            parquet_schema: &|_: &Path| Err("there is none".to_owned()),
            generator_schema: GeneratorConfig::schema(),
            variable: &|_: &str| None,
            cores: 2,
        };
        let plan = load_with(&file, &environment, overrides)?;
        Ok(Loaded {
            plan: Arc::new(plan),
            registry: Arc::new(registry),
        })
    })
}
