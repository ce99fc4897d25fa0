//! Builds a library that is a Cargo package.
//!
//! Also compiled into the build script: names nothing of this crate.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::Context;

/// The target that libraries are compiled for. It has no operating system, so what is compiled
/// imports nothing but what the contract offers.
const TARGET: &str = "wasm32-unknown-unknown";

/// What the compiler is told for that target. Every engine has vectors; the SDK's loops work in blocks
/// large enough that checks of the deadline do not undo their gain.
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// Why a package cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no `Cargo.toml`.
    #[error("no `Cargo.toml` in `{0}`; `tidemill build` takes the directory of a Cargo package")]
    NotAPackage(
        /// The directory.
        PathBuf,
    ),
    /// The target is not installed.
    #[error("the target `{TARGET}` is not installed; install it with `rustup target add {TARGET}`")]
    TargetMissing,
    /// Cargo has failed, and has said why.
    #[error("`cargo build` failed, see above")]
    Cargo,
    /// Cargo has made nothing that could become a component.
    #[error(
        "the package makes no WebAssembly module; set `crate-type = [\"cdylib\", \"rlib\"]` in the `[lib]` section of its Cargo.toml"
    )]
    NoModule,
}

/// Compiles the package in `directory` and returns its core module. What Cargo prints goes to
/// standard error. `target_dir` is where Cargo puts what it makes; the package's own by default.
///
/// # Errors
///
/// [`BuildError`], or what keeps Cargo from being run.
pub fn build_crate(
    directory: &Path,
    target_dir: Option<&Path>,
) -> anyhow::Result<(String, Vec<u8>)> {
    compile(directory, target_dir, &[], |mut cargo| {
        let output = cargo.stderr(Stdio::inherit()).output()?;
        Ok((output.status, output.stdout))
    })
}

/// Does the same with more options for Cargo, which `run` runs: it gives back how that ended, and what it has
/// told on standard output.
pub(super) fn compile(
    directory: &Path,
    target_dir: Option<&Path>,
    options: &[&str],
    run: impl FnOnce(Command) -> anyhow::Result<(ExitStatus, Vec<u8>)>,
) -> anyhow::Result<(String, Vec<u8>)> {
    let manifest = directory.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(BuildError::NotAPackage(directory.to_owned()).into());
    }
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["rustc", "--release", "--lib", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(&manifest)
        .args(options)
        // Small and fast, whatever the package's workspace says.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")
        .env("CARGO_PROFILE_RELEASE_LTO", "true")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        // Names stay: they are what a backtrace of a trap is made of.
        .env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo");
    if env::var_os(FLAGS).is_none() {
        cargo.env(FLAGS, "-C target-feature=+simd128");
    }
    if let Some(target_dir) = target_dir {
        cargo.arg("--target-dir").arg(target_dir);
    }
    // When Cargo or Clippy runs us, what it has set is meant for the host's own code.
    for name in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        cargo.env_remove(name);
    }
    let run = run(cargo);
    let (status, told) = run.context("cannot run `cargo`; install Rust from https://rustup.rs")?;
    if !status.success() {
        return Err(if target_is_missing() {
            BuildError::TargetMissing.into()
        } else {
            BuildError::Cargo.into()
        });
    }
    let messages = String::from_utf8_lossy(&told);
    let path = module_path(&messages, &manifest).ok_or(BuildError::NoModule)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let module = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok((name.into_owned(), module))
}

/// The path of the `.wasm` file among Cargo's messages, one JSON object a line.
fn module_path(messages: &str, manifest: &Path) -> Option<PathBuf> {
    let manifest = manifest.canonicalize().ok()?;
    let artifacts = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact");
    artifacts
        .filter(|message| message["manifest_path"].as_str().map(Path::new) == Some(&manifest))
        .filter_map(|message| {
            let files = message["filenames"].as_array()?;
            let mut paths = files.iter().filter_map(|file| file.as_str());
            paths
                .find(|path| path.ends_with(".wasm"))
                .map(PathBuf::from)
        })
        .next_back()
}

/// Whether rustup says that the target is not there; without rustup, nobody knows.
fn target_is_missing() -> bool {
    let rustup = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    rustup.is_ok_and(|output| {
        output.status.success()
            && !String::from_utf8_lossy(&output.stdout)
                .lines()
                .any(|line| line == TARGET)
    })
}
