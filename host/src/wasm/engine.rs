//! The engine: compiles components, or takes their code from the cache.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use wasmtime::{Config, OptLevel};

use super::{
    cache::{Cache, Code, CodeKey},
    compile::{Compiler, Made},
    component::Component,
    kept::KeptComponents,
    load_error::LoadError,
    ticker::Ticker,
};

/// What an engine is made with.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// The directory under which compiled code is kept, in `tidemill/code`, and components that jobs have
    /// run, in `tidemill/components`. `None`: not kept.
    pub cache_dir: Option<PathBuf>,
    /// What compiles components, in processes of their own and within limits. `None`: they are compiled in this
    /// process, which they can cost any time and memory.
    pub compiler: Option<Compiler>,
}

/// Compiles components and runs them. One is enough for a process; clones share it.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    wasmtime: wasmtime::Engine,
    cache: Option<Cache>,
    compiler: Option<Compiler>,
    kept: Option<KeptComponents>,
    _ticker: Ticker,
}

impl Engine {
    /// Makes an engine. A cache that cannot be used safely is done without, with a warning.
    ///
    /// # Errors
    ///
    /// If this machine cannot run WebAssembly, or has no thread left.
    pub fn new(options: &EngineOptions) -> anyhow::Result<Self> {
        Self::with(&config(), options)
    }

    /// An engine that never ends a call, to measure what deadlines cost. A guest that does not come back keeps its
    /// thread for good.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn without_deadlines() -> anyhow::Result<Self> {
        Self::with(
            config().epoch_interruption(false),
            &EngineOptions::default(),
        )
    }

    fn with(config: &Config, options: &EngineOptions) -> anyhow::Result<Self> {
        let wasmtime =
            wasmtime::Engine::new(config).map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let ticker = Ticker::start(wasmtime.clone())?;
        Ok(Self(Arc::new(Inner {
            wasmtime,
            cache: options.cache_dir.as_deref().and_then(open_cache),
            compiler: options.compiler.clone(),
            kept: options.cache_dir.as_deref().and_then(open_kept),
            _ticker: ticker,
        })))
    }

    /// Loads a component: compiles it, or takes the code from the cache.
    ///
    /// # Errors
    ///
    /// If the bytes are not a component of this contract, or it imports what no guest gets, or takes too much to
    /// compile.
    pub fn load(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        self.load_while(bytes, &|| true)
    }

    /// The same, as long as `is_wanted` says so: compiling in a process of its own is broken off otherwise.
    ///
    /// # Errors
    ///
    /// The same, and if it is not wanted any more.
    pub fn load_while(
        &self,
        bytes: &[u8],
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Component, LoadError> {
        if let Some(error) = LoadError::of_header(bytes) {
            return Err(error);
        }
        let digest = blake3::hash(bytes);
        let compiled = self.compile(bytes, &digest, is_wanted)?;
        Component::new(self.clone(), &compiled, digest, bytes.len())
    }

    /// Keeps the bytes of a component under its digest, so that a job can go on with it when its file has
    /// changed. That it cannot be kept is told in the log.
    pub fn keep(&self, bytes: &[u8]) {
        let Some(kept) = &self.0.kept else { return };
        if let Err(error) = kept.put(bytes) {
            let error = anyhow::Error::from(error);
            tracing::warn!(
                error = format!("{error:#}"),
                "the component is not kept: when its file changes, no checkpoint can go on with it",
            );
        }
    }

    /// The bytes of the component with this digest, in hexadecimal, if they are kept and whole.
    pub fn kept(&self, digest: &str) -> Option<Vec<u8>> {
        self.0.kept.as_ref()?.get(digest)
    }

    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.0.wasmtime
    }

    fn compile(
        &self,
        bytes: &[u8],
        digest: &blake3::Hash,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<wasmtime::component::Component, LoadError> {
        let engine = self.wasmtime();
        // The settings include the version of wasmtime and the features of this processor.
        let key = CodeKey::new(digest, engine.precompile_compatibility_hash());
        let cache = self.0.cache.as_ref();
        if let Some(code) = cache.and_then(|cache| cache.get(&key)) {
            match deserialize(engine, &Native::Kept(code)) {
                Ok(component) => return Ok(component),
                Err(error) => {
                    tracing::warn!(%error, "compiled code does not load; compiling again");
                }
            }
        }
        if bytes.len() >= LARGE {
            let mib = bytes.len() as f64 / f64::from(1 << 20);
            let kept = if cache.is_some() { "; it is kept" } else { "" };
            tracing::info!(target: "compile", "compiling a component of {mib:.1} MiB{kept}");
        }
        let keep = |code: &[u8]| {
            if let Some(Err(error)) = cache.map(|cache| cache.put(&key, code)) {
                tracing::warn!(%error, "compiled code cannot be kept");
            }
        };
        let Some(compiler) = &self.0.compiler else {
            let component = compile(engine, bytes)?;
            if cache.is_some() {
                match component.serialize() {
                    Ok(code) => keep(&code),
                    Err(error) => tracing::warn!(%error, "compiled code cannot be kept"),
                }
            }
            return Ok(component);
        };
        let code = Native::Made(compiler.compile(bytes, is_wanted)?);
        let component = deserialize(engine, &code)
            .map_err(|error| LoadError::Compiler(format!("its code does not load: {error:#}")))?;
        keep(code.bytes());
        Ok(component)
    }
}

/// A component of so many bytes takes seconds to compile, and people wonder what is going on.
const LARGE: usize = 1 << 20;

/// Code that this program has made.
enum Native {
    /// Some time ago.
    Kept(Code),
    /// Just now.
    Made(Made),
}

impl Native {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Kept(code) => code.bytes(),
            Self::Made(code) => code.bytes(),
        }
    }
}

/// How components are compiled, by whichever process.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        // Nothing of ours is asynchronous, and a call costs half without the bookkeeping for it.
        .concurrency_support(false);
    // Instances are allocated on demand. A pool makes one in 2 µs instead of 8, but they are made
    // when a stage starts and after a trap only; and it would have to be told beforehand how many
    // there will be and how large, and would reserve address space for all of them.
    config
}

fn compile(
    engine: &wasmtime::Engine,
    bytes: &[u8],
) -> Result<wasmtime::component::Component, LoadError> {
    wasmtime::component::Component::from_binary(engine, bytes)
        .map_err(|error| LoadError::Invalid(error.root_cause().to_string()))
}

#[expect(
    unsafe_code,
    reason = "code that we have made is worth loading: 0.1 ms instead of 30 ms to 8 s, and a compiler that can be ended"
)]
fn deserialize(
    engine: &wasmtime::Engine,
    code: &Native,
) -> wasmtime::Result<wasmtime::component::Component> {
    // SAFETY: the bytes must be what wasmtime has made of a component. `Made` is made by `Compiler::compile` only:
    // whole answers of a process that runs this very program, through a pipe whose other end nobody else holds.
    // `Code` is made by `Cache::get` only, from memory whose MAC it has verified under a key that only this user
    // can read; the only bytes ever signed with that key are those of a `Made`, or that `Engine::compile` got from
    // `serialize`. Nothing but this borrow refers to that memory, so it is still what was verified.
    unsafe { wasmtime::component::Component::deserialize(engine, code.bytes()) }
}

fn open_cache(root: &Path) -> Option<Cache> {
    match Cache::open(root) {
        Ok(cache) => Some(cache),
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::warn!(error = format!("{error:#}"), "compiled code is not kept");
            None
        }
    }
}

fn open_kept(root: &Path) -> Option<KeptComponents> {
    match KeptComponents::open(root) {
        Ok(kept) => Some(kept),
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::warn!(error = format!("{error:#}"), "components are not kept");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_ends_its_thread() {
        let engine = Engine::new(&EngineOptions::default()).expect("an engine");
        let weak = Arc::downgrade(&engine.0);
        drop(engine);
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn what_is_no_component_is_refused() {
        let engine = Engine::new(&EngineOptions::default()).expect("an engine");
        let error = engine.load(b"\0asm\x0d\0\x01\0\x01").expect_err("cut off");
        assert!(
            error.to_string().starts_with("not a valid component: "),
            "{error}"
        );
        let error = engine.load(b"\0asm\x0d\0\x01\0").expect_err("empty");
        assert_eq!(
            error.to_string(),
            "the component exports no `tidemill:udf/catalog@0.1.0`; it exports nothing"
        );
    }
}
