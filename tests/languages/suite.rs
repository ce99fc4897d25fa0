//! The cases that are the same for every language.

use std::fs;

use super::{
    component::{built, copy, succeed, tidemill, told},
    language::{LANGUAGES, Language, root},
};

/// Runs the cases whose names begin with one of `names`, with these components.
#[track_caller]
fn cases(names: &[&str], components: &[(&str, &Language, &str)]) {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(root().join("tests/languages/cases")).expect("cases") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if names.iter().any(|begin| name.starts_with(begin)) {
            copy(&path, &folder.path().join(name));
        }
    }
    for (name, language, library) in components {
        fs::copy(built(language, library), folder.path().join(name)).expect("a copy");
    }
    let options = ["test", ".", "--restart-everywhere", "--parallelism", "1,3"];
    let said = succeed(tidemill(folder.path(), &options));
    assert!(said.contains("ok  "), "{said}");
}

/// All functions, types, nulls, errors, traps, and the next version.
pub(crate) fn rows(language: &'static Language) {
    cases(
        &[""],
        &[
            ("suite.wasm", language, "suite"),
            ("twin.wasm", language, "suite"),
            ("suite_next.wasm", language, "suite_next"),
        ],
    );
}

/// A running stage goes from this language to the next one in the list, and to the next version there.
pub(crate) fn twins(language: &'static Language) {
    let others: Vec<&Language> = LANGUAGES
        .iter()
        .filter(|other| other.missing().is_none())
        .collect();
    let own = others.iter().position(|other| other.name == language.name);
    let twin = others[(own.expect("it is there") + 1) % others.len()];
    cases(
        &["next_", "twin_"],
        &[
            ("suite.wasm", language, "suite"),
            ("twin.wasm", twin, "suite"),
            ("suite_next.wasm", twin, "suite_next"),
        ],
    );
}

/// Names, types and states are those of Rust, everything is documented, nothing is imported, and a wrong configuration
/// is refused.
pub(crate) fn signatures(language: &'static Language) {
    let shown = |language: &Language, library: &str| {
        let component = built(language, library);
        let folder = component.parent().expect("a folder");
        let said = succeed(tidemill(folder, &["inspect", &format!("{library}.wasm")]));
        assert!(said.contains("imports  none: pure"), "{said}");
        let functions = said.split("\n\n").skip(1);
        let mut functions: Vec<String> = functions.map(without_documentation).collect();
        functions.sort();
        functions
    };
    for library in ["suite", "suite_next"] {
        assert_eq!(shown(language, library), shown(&LANGUAGES[0], library));
    }
    let component = built(language, "suite");
    let folder = component.parent().expect("a folder");
    for (config, named) in [
        (r#"{"threshold": 25}"#, None),
        (r#"{"threshold": "warm"}"#, Some("threshold")),
        (r#"{"threshhold": 25}"#, Some("threshhold")),
    ] {
        let mut command = tidemill(folder, &["inspect", "suite.wasm", "--config", config]);
        let output = command.output().expect("it runs");
        assert_eq!(
            output.status.success(),
            named.is_none(),
            "{config}: {}",
            told(&output)
        );
        let text = told(&output);
        assert!(
            named.is_none_or(|named| text.contains(named)),
            "{config}: {text}"
        );
    }
}

/// What `inspect` tells of a function, but for the documentation, which it must have.
fn without_documentation(function: &str) -> String {
    let (documentation, facts): (Vec<&str>, Vec<&str>) = function
        .trim()
        .lines()
        .partition(|line| line.starts_with("  ") && !line.starts_with("  state"));
    assert!(!documentation.is_empty(), "{function}");
    facts.join("\n")
}
