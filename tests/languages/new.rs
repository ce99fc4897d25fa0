//! The way of somebody who has never seen Tidemill: `new`, `build`, `run`.

use super::{
    component::{shell, succeed, tidemill},
    language::{Language, root},
};

/// What the pipeline of every template prints.
const EXPECTED: &str = "\
sensor,window_start,window_end,mean_fahrenheit
oven,2026-01-01T12:00:00Z,2026-01-01T12:00:10Z,356.0
roof,2026-01-01T12:00:00Z,2026-01-01T12:00:10Z,81.5
oven,2026-01-01T12:00:10Z,2026-01-01T12:00:20Z,383.0
roof,2026-01-01T12:00:10Z,2026-01-01T12:00:20Z,80.6
";

/// A library is begun, built and run, and prints the rows of all others. Its own tests pass.
pub(crate) fn runs(language: &'static Language) {
    let folder = tempfile::tempdir().expect("a folder");
    succeed(tidemill(
        folder.path(),
        &["new", "heat", "--lang", language.name],
    ));
    let library = folder.path().join("heat");
    let said = succeed(tidemill(folder.path(), &["build", "heat"]));
    assert_eq!(said.trim(), "heat/heat.wasm");
    assert_eq!(
        succeed(tidemill(&library, &["run", "pipeline.toml"])),
        EXPECTED
    );
    succeed(shell(&library, language.own_tests));
}

/// What the SDK's own tests say.
pub(crate) fn sdk(language: &'static Language) {
    if let Some(tests) = language.sdk_tests {
        succeed(shell(&root(), tests));
    }
}
