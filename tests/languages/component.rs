//! Builds libraries with the command that users build theirs with, each once.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Output},
    time::SystemTime,
};

use super::language::{Language, path, root};

/// A command of the real binary, which finds the compilers.
pub(crate) fn tidemill(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidemill"));
    command
        .current_dir(folder)
        .args(arguments)
        .env("PATH", path())
        .env("TIDEMILL_CACHE", home().join("cache"))
        .env("CARGO_TARGET_DIR", home().join("target"))
        .env("TIDEMILL_LOG", "off");
    command
}

/// A line for the shell, which finds the compilers.
pub(crate) fn shell(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .current_dir(folder)
        .args(["-c", line])
        .env("PATH", path())
        .env("CARGO_TARGET_DIR", home().join("target"));
    command
}

/// What a command says that must succeed.
#[track_caller]
pub(crate) fn succeed(mut command: Command) -> String {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", told(&output));
    String::from_utf8(output.stdout).expect("text")
}

/// All that a command has said.
pub(crate) fn told(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{}\n{}{}", output.status, texts[0], texts[1])
}

/// What these tests keep from one run to the next.
fn home() -> PathBuf {
    root().join("target/languages")
}

/// The component of the library `suite` or `suite_next` in a language, built if it is older than what it is made of.
pub(crate) fn built(language: &Language, library: &str) -> PathBuf {
    let home = home();
    fs::create_dir_all(&home).expect("a folder");
    // Tests run in processes of their own.
    let lock = File::create(home.join(format!("{}.lock", language.name))).expect("a file");
    lock.lock().expect("a lock");
    let folder = home.join(language.name).join(library);
    let component = folder.join(format!("{library}.wasm"));
    let source = root()
        .join("tests/languages")
        .join(language.name)
        .join(library);
    let sdk = match language.name {
        "rust" => "guest-sdk/src",
        _ => "guest-sdk",
    };
    let inputs = [
        source.clone(),
        root().join(sdk),
        root().join("wit"),
        root().join("host/src/toolchain"),
    ];
    let newest = inputs.iter().map(|input| newest(input)).max();
    let modified = fs::metadata(&component)
        .and_then(|data| data.modified())
        .ok();
    if modified.is_none_or(|built| Some(built) < newest) {
        copy(&source, &folder);
        succeed(tidemill(&folder, &["build", "."]));
    }
    component
}

/// Copies the files of a folder, at any depth.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let copied = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).expect("a copy");
        }
    }
}

/// When something in a folder was last changed.
fn newest(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let times = entries.map(|entry| {
        let entry = entry.expect("an entry");
        if entry.path().is_dir() {
            newest(&entry.path())
        } else {
            let data = entry.metadata().expect("a file");
            data.modified().expect("a time")
        }
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}
