//! A world to load pipelines in, without files or Wasm.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    batch::{DataType, Field, Schema},
    pipeline::{Environment, Libraries, LibraryError, LibraryRef, LoadedLibrary},
    wasm::{Allow, Function, Kind},
};

/// The world: every path is a file, unless it starts with `no`.
pub(super) struct World;

impl World {
    /// Calls `use_it` with the world as an environment.
    pub(super) fn with<T>(&self, use_it: impl FnOnce(&Environment<'_>) -> T) -> T {
        let schema = readings();
        use_it(&Environment {
            libraries: self,
            resolve_paths: &paths,
            parquet_schema: &|path| match path.starts_with("torn") {
                true => Err(format!("`{}` has no footer", path.display())),
                false => Ok(schema.clone()),
            },
            generator_schema: schema.clone(),
            variable: &|name| match name {
                "DATA" => Some("/hidden/data".to_owned()),
                "PASSWORD" => Some("hunter2".to_owned()),
                _ => None,
            },
            cores: 4,
        })
    }
}

fn readings() -> Schema {
    Schema::new(vec![
        Field::required("ts", DataType::Timestamp),
        Field::nullable("sensor", DataType::Utf8),
        Field::nullable("temperature", DataType::Float64),
    ])
    .expect("no name is there twice")
}

fn paths(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.starts_with("no") {
        return Ok(Vec::new());
    }
    anyhow::ensure!(
        !path.starts_with("/hidden"),
        "`{}` may not be looked into",
        path.display()
    );
    let text = path.to_string_lossy();
    Ok(if text.contains('*') {
        vec![text.replace('*', "1").into(), text.replace('*', "2").into()]
    } else {
        vec![path.to_owned()]
    })
}

impl Libraries for World {
    fn load(
        &self,
        reference: &LibraryRef,
        config: &str,
        _: &Allow,
    ) -> Result<Arc<LoadedLibrary>, LibraryError> {
        let name = reference.to_string();
        let functions = match name.rsplit('/').next().unwrap_or_default() {
            "std" | "mine.wasm" | "component 0123456789ab" => standard(),
            "weather.wasm" | "warm.wasm" => weather(),
            "one.wasm" => vec![scalar("double", "value", DataType::Float64, "doubled")],
            "broken.wasm" => {
                let text = "it is not a component: unexpected end of file at offset 0";
                return Err(LibraryError::Unusable(text.to_owned()));
            }
            _ => return Err(LibraryError::Missing),
        };
        if config.contains("treshold") {
            let text = format!("unknown field `treshold` in {config}");
            return Err(LibraryError::Config(text));
        }
        let functions = (0..)
            .zip(functions)
            .map(|(index, function)| Function { index, ..function });
        Ok(Arc::new(LoadedLibrary {
            digest: "0123456789abcdef0123456789abcdef".to_owned(),
            functions: functions.collect(),
        }))
    }
}

fn function(name: &str, kind: Kind, parameters: Vec<Field>, results: Vec<Field>) -> Function {
    Function {
        index: 0,
        name: name.to_owned(),
        kind,
        doc: String::new(),
        parameters,
        results,
        state: Vec::new(),
        state_version: 0,
    }
}

fn scalar(name: &str, parameter: &str, data_type: DataType, result: &str) -> Function {
    function(
        name,
        Kind::Scalar,
        vec![Field::required(parameter, data_type)],
        vec![Field::required(result, data_type)],
    )
}

fn aggregate(name: &str, kind: Kind, data_type: DataType) -> Function {
    function(
        name,
        kind,
        vec![Field::required("value", data_type)],
        vec![Field::nullable(name, data_type)],
    )
}

fn standard() -> Vec<Function> {
    let count = vec![Field::required("count", DataType::Int64)];
    let bounds = ["least", "most"].map(|name| Field::nullable(name, DataType::Float64));
    let value = vec![Field::required("value", DataType::Float64)];
    vec![
        function("count", Kind::Aggregate, Vec::new(), count),
        aggregate("mean", Kind::Aggregate, DataType::Float64),
        aggregate("sum", Kind::Aggregate, DataType::Float64),
        aggregate("sum", Kind::Aggregate, DataType::Int64),
        aggregate("min", Kind::Aggregate, DataType::Float64),
        aggregate("min", Kind::Aggregate, DataType::Timestamp),
        aggregate("median", Kind::Holistic, DataType::Float64),
        function("bounds", Kind::Aggregate, value, bounds.to_vec()),
    ]
}

fn weather() -> Vec<Function> {
    let hot = vec![Field::required("hot", DataType::Boolean)];
    let temperature = vec![Field::required("temperature", DataType::Float64)];
    let text = |name: &str| vec![Field::required(name, DataType::Utf8)];
    vec![
        function("is_hot", Kind::Scalar, temperature.clone(), hot),
        scalar("to_fahrenheit", "celsius", DataType::Float64, "fahrenheit"),
        scalar("upper", "sensor", DataType::Utf8, "sensor"),
        scalar("twice", "temperature", DataType::Float64, "doubled"),
        scalar("twice", "ts", DataType::Timestamp, "doubled"),
        function("words", Kind::Table, text("text"), text("word")),
        function("jumps", Kind::Process, temperature, text("alarm")),
    ]
}
