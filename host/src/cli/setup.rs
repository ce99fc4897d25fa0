//! What every command that reads a pipeline needs: the engine and a way to load the file.

use std::{env, path::Path, path::PathBuf, thread};

use anyhow::Context;
use directories::BaseDirs;

use super::Misuse;
use crate::{
    batch::Schema,
    connector::{GeneratorConfig, parquet_schema, resolve_paths},
    pipeline::{
        self, CheckpointConfig, Diagnostics, Environment, Libraries, Outline, Overrides, Plan,
        Registry,
    },
    wasm::{Compiler, Engine, EngineOptions},
};

/// Names the directory under which compiled code is kept, instead of the user's cache directory.
const CACHE_VARIABLE: &str = "TIDEMILL_CACHE";

/// An engine that keeps compiled code where the user wants it.
pub(super) fn engine() -> anyhow::Result<Engine> {
    let named = env::var_os(CACHE_VARIABLE).map(PathBuf::from);
    let cache_dir = named.or_else(|| BaseDirs::new().map(|dirs| dirs.cache_dir().to_owned()));
    let compiler = Compiler::own().context("cannot tell which program this is")?;
    let options = EngineOptions {
        cache_dir,
        compiler: Some(compiler),
    };
    Engine::new(&options).context("cannot start the WebAssembly engine")
}

/// Loads the pipeline in the file `path`.
pub(super) fn load(path: &Path, registry: &Registry) -> anyhow::Result<Plan> {
    load_with(path, registry, &Overrides::default())
}

/// Loads the pipeline in the file `path`, with other components than it names for some stages.
pub(super) fn load_with(
    path: &Path,
    libraries: &dyn Libraries,
    overrides: &Overrides,
) -> anyhow::Result<Plan> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Ok(load_for(path, libraries, overrides, cores)?)
}

/// Which components the pipeline in the file `path` names; they need not be there.
pub(super) fn outline(path: &Path, registry: &Registry) -> anyhow::Result<Outline> {
    Ok(pipeline::outline(path, &environment(registry, 1))?)
}

/// Loads the pipeline in the file `path` for a machine with so many cores.
pub(super) fn load_for(
    path: &Path,
    libraries: &dyn Libraries,
    overrides: &Overrides,
    cores: usize,
) -> Result<Plan, Diagnostics> {
    pipeline::load_with(path, &environment(libraries, cores), overrides)
}

/// What lies outside of a pipeline file.
fn environment(libraries: &dyn Libraries, cores: usize) -> Environment<'_> {
    Environment {
        libraries,
        resolve_paths: &|path| resolve_paths(path),
        parquet_schema: &columns_of_parquet,
        generator_schema: GeneratorConfig::schema(),
        variable: &|name| env::var(name).ok(),
        cores,
    }
}

/// The checkpoints of the pipeline in the file `path`, which `what` is only good for.
///
/// # Errors
///
/// If it keeps none.
pub(super) fn checkpoints_of<'a>(
    plan: &'a Plan,
    path: &Path,
    what: &str,
) -> Result<&'a CheckpointConfig, Misuse> {
    plan.checkpoint.as_ref().ok_or_else(|| {
        Misuse(format!(
            "`{}` keeps no checkpoints, which {what} is about: add a section `[checkpoint]` with a \
             `path`, or do without",
            path.display()
        ))
    })
}

/// The columns of a Parquet file for a pipeline that does not name them; those that have no type
/// here are left out, and said to be.
fn columns_of_parquet(path: &Path) -> Result<Schema, String> {
    let found = parquet_schema(path).map_err(|error| format!("{error:#}"))?;
    for (name, kind) in &found.left_out {
        tracing::warn!(
            path = %path.display(), column = %name, kind = %kind,
            "the column is left out: there is no type for it",
        );
    }
    Ok(found.schema)
}
