//! Any text as a pipeline: there is a plan, or there are reasons why there is none.

use std::{path::Path, sync::Arc};

use super::{Environment, Libraries, LibraryError, LibraryRef, LoadedLibrary, load_text};
use crate::{
    batch::{DataType, Field, Schema},
    wasm::{Allow, Function, Kind},
};

/// A library of everything, whatever it is called.
struct Everything;

impl Libraries for Everything {
    fn load(
        &self,
        _reference: &LibraryRef,
        _config: &str,
        _allow: &Allow,
    ) -> Result<Arc<LoadedLibrary>, LibraryError> {
        let kinds = [
            ("count", Kind::Aggregate),
            ("median", Kind::Holistic),
            ("is_hot", Kind::Scalar),
            ("words", Kind::Table),
            ("jumps", Kind::Process),
        ];
        let functions = (0..).zip(kinds).map(|(index, (name, kind))| Function {
            index,
            name: name.to_owned(),
            kind,
            doc: String::new(),
            parameters: match kind {
                Kind::Aggregate => Vec::new(),
                _ => vec![Field::required("value", DataType::Float64)],
            },
            results: vec![Field::required(name, DataType::Boolean)],
            state: Vec::new(),
            state_version: 0,
        });
        Ok(Arc::new(LoadedLibrary {
            digest: "0123456789abcdef".repeat(4),
            functions: functions.collect(),
        }))
    }
}

/// A pipeline file with these bytes.
pub fn fuzz_pipeline(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let schema = Schema::new(vec![
        Field::required("ts", DataType::Timestamp),
        Field::nullable("value", DataType::Float64),
    ]);
    let schema = schema.expect("two names");
    let environment = Environment {
        libraries: &Everything,
        resolve_paths: &|path| Ok(vec![path.to_path_buf()]),
        parquet_schema: &|_| Ok(schema.clone()),
        generator_schema: schema.clone(),
        variable: &|name| (name == "NAME").then(|| "value".to_owned()),
        cores: 2,
    };
    match load_text(Path::new("pipeline.toml"), text, &environment) {
        Ok(plan) => assert!(!plan.to_string().is_empty(), "a plan can be told"),
        Err(mistakes) => {
            assert!(!mistakes.list().is_empty(), "there is a reason");
            for mistake in mistakes.list() {
                let place = text.get(mistake.span.start..mistake.span.end);
                assert!(place.is_some(), "{mistake:?}");
            }
            mistakes.render(false);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_fuzzing_begins_with_does_no_harm() {
        crate::corpus("pipeline")
            .iter()
            .for_each(|data| super::fuzz_pipeline(data));
    }
}
