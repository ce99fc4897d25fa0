//! The way of somebody who has never seen Tidemill: `new`, `build`, `run`.

use super::{
    component::{succeed, tidemill},
    language::Language,
};

/// What the pipeline of every template prints.
const EXPECTED: &str = "\
sensor,window_start,window_end,mean_fahrenheit
";

/// A library is begun, built and run, and prints the rows of all others.
pub fn runs(language: &'static Language) {
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
}
