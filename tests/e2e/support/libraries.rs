//! Builds the libraries that tests call, with the command that users build theirs with.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use super::root;

/// The component of the library in `udfs/NAME` or `tests/guests/NAME`, built if it is older than its
/// source.
pub fn library(name: &str) -> PathBuf {
    let homes = ["udfs", "tests/guests"].map(|home| root().join(home).join(name));
    let source = homes.into_iter().find(|home| home.is_dir());
    let source = source.unwrap_or_else(|| panic!("no library `{name}`"));
    let component = root().join("target/guests").join(format!("{name}.wasm"));
    let shared = ["guest-sdk", "wit", "udfs/dice"].map(|home| root().join(home));
    let inputs = [std::slice::from_ref(&source), shared.as_slice()].concat();
    let newest = inputs
        .iter()
        .map(|input| newest(input))
        .max()
        .expect("four");
    if modified(&component).is_none_or(|built| built < newest) {
        fs::create_dir_all(root().join("target/guests")).expect("a folder");
        let status = Command::new(env!("CARGO_BIN_EXE_tidemill"))
            .arg("build")
            .arg(&source)
            .arg("--output")
            .arg(&component)
            .env("CARGO_TARGET_DIR", root().join("target/guests"))
            .status();
        assert!(
            status.expect("the binary runs").success(),
            "`{name}` cannot be built"
        );
    }
    component
}

/// Where tests keep compiled code: together, so that each library is compiled once.
pub fn cache() -> PathBuf {
    root().join("target/guests/cache")
}

/// When something in `folder` was last changed.
fn newest(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "wasm"))
        .map(|path| {
            if path.is_dir() {
                newest(&path)
            } else {
                modified(&path).expect("a file")
            }
        })
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}
