//! Pipelines of benchmarks.

use std::{env, path::Path};

use tidemill::{
    connector::{GeneratorConfig, resolve_paths},
    pipeline::{Environment, Plan, Registry, load_text},
};

/// The plan of a pipeline whose paths are relative to `folder`; the columns of Parquet are to be named.
pub(crate) fn plan(folder: &Path, registry: &Registry, text: &str) -> Plan {
    let environment = Environment {
        libraries: registry,
        resolve_paths: &|path: &Path| resolve_paths(path),
        parquet_schema: &|_: &Path| Err("the columns are named".to_owned()),
        generator_schema: GeneratorConfig::schema(),
        variable: &|name: &str| env::var(name).ok(),
        cores: 1,
    };
    let path = folder.join("pipeline.toml");
    load_text(&path, text, &environment).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}
