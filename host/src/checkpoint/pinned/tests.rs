//! Pipelines whose components have changed since a checkpoint.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::*;
use crate::{
    batch::{DataType, Field, Schema},
    checkpoint::{UsedComponent, stage_components},
    pipeline::{Environment, Libraries, LibraryError, LoadedLibrary, load_text, load_with},
    wasm::{Allow, Function, Kind},
};

/// Libraries with these digests by their names, each with the same function.
struct Fake(BTreeMap<&'static str, &'static str>);

impl Libraries for Fake {
    fn load(
        &self,
        reference: &LibraryRef,
        _: &str,
        _: &Allow,
    ) -> Result<Arc<LoadedLibrary>, LibraryError> {
        let digest = match reference {
            LibraryRef::Kept(digest) => digest.clone(),
            other => {
                let path = other.to_string();
                let name = path.rsplit('/').next().unwrap_or_default();
                (*self.0.get(name).ok_or(LibraryError::Missing)?).to_owned()
            }
        };
        let number = |name: &str| vec![Field::required(name, DataType::Int64)];
        let function = |index, name: &str, kind, results| Function {
            index,
            name: name.to_owned(),
            kind,
            doc: String::new(),
            parameters: number("x"),
            results,
            state: Vec::new(),
            state_version: 1,
        };
        let yes = vec![Field::required("yes", DataType::Boolean)];
        Ok(Arc::new(LoadedLibrary {
            digest,
            functions: vec![
                function(0, "is_odd", Kind::Scalar, yes),
                function(1, "sum", Kind::Aggregate, number("sum")),
                function(2, "max", Kind::Aggregate, number("max")),
            ],
        }))
    }
}

const TOML: &str = r#"name = "job"
[source.in]
connector = "stdin"
format = "json"
columns = { x = "int64" }
[stage.odd]
from = "in"
filter = "odd.wasm#is_odd"
[stage.it]
from = "odd"
window = { global = true }
aggregate = [{ call = "std#sum" }, { call = "mine.wasm#max" }]
[sink.out]
from = "it"
connector = "blackhole"
"#;

fn with<T>(
    digests: &[(&'static str, &'static str)],
    load: impl FnOnce(&Environment<'_>) -> T,
) -> T {
    load(&Environment {
        libraries: &Fake(digests.iter().copied().collect()),
        resolve_paths: &|path| Ok(vec![PathBuf::from(path)]),
        parquet_schema: &|_| Err(String::new()),
        generator_schema: Schema::default(),
        variable: &|_| None,
        cores: 2,
    })
}

fn plan(digests: &[(&'static str, &'static str)]) -> Plan {
    let plan = with(digests, |environment| {
        load_text(Path::new("job.toml"), TOML, environment)
    });
    plan.unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"))
}

const BEFORE: [(&str, &str); 3] = [("odd.wasm", "o1"), ("std", "s1"), ("mine.wasm", "m1")];

fn told(components: &[PinnedComponent]) -> Vec<String> {
    components.iter().map(ToString::to_string).collect()
}

#[test]
fn what_has_not_changed_is_not_pinned() {
    let components = stage_components(&plan(&BEFORE));
    let found = pinned(&plan(&BEFORE), &components, |_| true);
    assert_eq!(found, Pinned::default());
}

#[test]
fn a_plan_runs_with_the_components_of_a_checkpoint() {
    let components = stage_components(&plan(&BEFORE));
    let after = [("odd.wasm", "o2"), ("std", "s1"), ("mine.wasm", "m2")];
    let found = pinned(&plan(&after), &components, |digest| digest != "o1");
    assert_eq!(
        told(&found.used),
        ["stage `it`: `mine.wasm` was m1 and is m2 now"]
    );
    assert_eq!(
        told(&found.missing),
        ["stage `odd`: `odd.wasm` was o1 and is o2 now"]
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("job.toml");
    std::fs::write(&path, TOML).expect("written");
    let plan = with(&after, |environment| {
        load_with(&path, environment, &found.overrides)
    });
    let now = stage_components(&plan.expect("it is right"));
    assert_eq!(now["it"], components["it"]);
    assert_eq!(now["odd"][0].digest, "o2");
}

#[test]
fn a_component_that_was_used_in_the_place_of_another_is_known_by_the_name_of_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("job.toml");
    std::fs::write(&path, TOML).expect("written");
    let all = [
        ("odd.wasm", "o1"),
        ("std", "s1"),
        ("mine.wasm", "m1"),
        ("even.wasm", "e1"),
    ];
    let overrides = Overrides::default().component("odd", Path::new("even.wasm"));
    let ran = with(&all, |environment| {
        load_with(&path, environment, &overrides)
    });
    let components = stage_components(&ran.expect("it is right"));
    let found = pinned(&plan(&BEFORE), &components, |_| true);
    assert_eq!(
        told(&found.used),
        ["stage `odd`: `odd.wasm` was e1 and is o1 now"]
    );
}

#[test]
fn without_names_a_component_is_pinned_if_only_one_can_be_meant() {
    let nameless = |digests: &[&str]| {
        let used = digests.iter().map(|digest| UsedComponent {
            library: None,
            digest: (*digest).to_owned(),
        });
        StageComponents::from([("it".into(), used.collect())])
    };
    let components = nameless(&["s1", "m1"]);
    let one = [("odd.wasm", "o2"), ("std", "s1"), ("mine.wasm", "m2")];
    let found = pinned(&plan(&one), &components, |_| true);
    assert_eq!(
        told(&found.used),
        ["stage `it`: `mine.wasm` was m1 and is m2 now"]
    );
    let both = [("odd.wasm", "o2"), ("std", "s2"), ("mine.wasm", "m2")];
    let found = pinned(&plan(&both), &components, |_| true);
    assert_eq!(found, Pinned::default());
}
