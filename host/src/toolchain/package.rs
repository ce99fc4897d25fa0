//! Finds the Cargo package that a component is built from, and what that package is made of.

use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use serde_json::Value;

/// A Cargo package whose library is a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    /// The folder of its `Cargo.toml`.
    pub(super) directory: PathBuf,
    /// The files and folders it is made of, with those of the packages beside it that it depends on.
    /// They need not be there.
    pub(super) sources: Vec<PathBuf>,
}

impl Package {
    /// Finds the package that makes `component`: one whose library is called like the file, in the
    /// folder of the file or one above it, or in the workspace there. `None` if there is none.
    ///
    /// # Errors
    ///
    /// If several packages of the same workspace have that name. Where Cargo cannot be asked, what stands there
    /// may have nothing to do with the component: why it cannot is added to `remarks`.
    pub(super) fn of(component: &Path, remarks: &mut Vec<String>) -> anyhow::Result<Option<Self>> {
        let component = std::path::absolute(component).context("there is no current folder")?;
        let (Some(folder), Some(name)) = (component.parent(), component.file_stem()) else {
            return Ok(None);
        };
        let Some(name) = name.to_str() else {
            return Ok(None);
        };
        for folder in folder.ancestors() {
            if !folder.join("Cargo.toml").is_file() {
                continue;
            }
            let metadata = match metadata(folder) {
                Ok(metadata) => metadata,
                Err(error) => {
                    let remark = format!("{error:#}");
                    if !remarks.contains(&remark) {
                        remarks.push(remark);
                    }
                    continue;
                }
            };
            let mut found: Vec<&Value> = packages(&metadata)
                .filter(|package| library(package).as_deref() == Some(name))
                .collect();
            // Of several, the one in whose folder the component stands.
            let own = |package: &&&Value| {
                directory(package).is_some_and(|own| component.parent() == Some(own.as_path()))
            };
            if let (true, Some(own)) = (found.len() > 1, found.iter().find(own).copied()) {
                found = vec![own];
            }
            match found[..] {
                [] => {}
                [package] => return Self::new(package, &metadata, remarks).map(Some),
                [one, other, ..] => bail!(
                    "`{}` may come from `{}` or from `{}`; say in the pipeline which, as in \
                     `[build.\"{name}.wasm\"]` with a `command`",
                    component.display(),
                    one["manifest_path"].as_str().unwrap_or_default(),
                    other["manifest_path"].as_str().unwrap_or_default(),
                ),
            }
        }
        Ok(None)
    }

    fn new(package: &Value, metadata: &Value, remarks: &mut Vec<String>) -> anyhow::Result<Self> {
        let directory = directory(package).context("Cargo names no folder for the package")?;
        let mut sources = BTreeSet::new();
        let mut seen = BTreeSet::new();
        // Cargo itself will say what is wrong with what it depends on.
        if let Err(error) = collect(package, metadata, &mut seen, &mut sources) {
            remarks.push(format!("{error:#}"));
        }
        Ok(Self {
            directory,
            sources: sources.into_iter().collect(),
        })
    }
}

/// Adds what `package` is made of, and the packages beside it that it depends on.
fn collect(
    package: &Value,
    metadata: &Value,
    seen: &mut BTreeSet<PathBuf>,
    sources: &mut BTreeSet<PathBuf>,
) -> anyhow::Result<()> {
    let Some(directory) = directory(package) else {
        return Ok(());
    };
    if !seen.insert(directory.clone()) {
        return Ok(());
    }
    // The contract stands in `wit`, if the package has one of its own.
    let parts = ["Cargo.toml", "build.rs", "src", "wit", ".cargo/config.toml"];
    sources.extend(parts.map(|part| directory.join(part)));
    // A library may have its source elsewhere.
    for target in targets(package) {
        if let Some(folder) = target["src_path"]
            .as_str()
            .and_then(|file| Path::new(file).parent())
            && target_kinds(target).any(|kind| kind == "lib" || kind == "cdylib")
            && folder != directory
        {
            sources.insert(folder.to_owned());
        }
    }
    if let Some(root) = metadata["workspace_root"].as_str() {
        sources.insert(Path::new(root).join("Cargo.toml"));
        sources.insert(Path::new(root).join("Cargo.lock"));
    }
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let needed = dependencies.filter(|dependency| dependency["kind"] != "dev");
    for path in needed.filter_map(|dependency| dependency["path"].as_str()) {
        let path = Path::new(path);
        let is_it = |package: &&Value| self::directory(package).as_deref() == Some(path);
        match packages(metadata).find(is_it) {
            Some(package) => collect(package, metadata, seen, sources)?,
            None => {
                let metadata = self::metadata(path)?;
                if let Some(package) = packages(&metadata).find(is_it) {
                    collect(package, &metadata, seen, sources)?;
                }
            }
        }
    }
    Ok(())
}

/// What Cargo says of the workspace of the package in `folder`.
fn metadata(folder: &Path) -> anyhow::Result<Value> {
    let manifest = folder.join("Cargo.toml");
    let asked = || format!("cannot ask Cargo about `{}`", manifest.display());
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .arg("--manifest-path")
        .arg(&manifest)
        .output()
        .context("cannot run `cargo`; install Rust from https://rustup.rs")
        .with_context(asked)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(anyhow::anyhow!("{}", said.trim())).with_context(asked);
    }
    serde_json::from_slice(&output.stdout).with_context(asked)
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

fn directory(package: &Value) -> Option<PathBuf> {
    let manifest = Path::new(package["manifest_path"].as_str()?);
    manifest.parent().map(Path::to_owned)
}

fn targets(package: &Value) -> impl Iterator<Item = &Value> {
    package["targets"].as_array().into_iter().flatten()
}

fn target_kinds(target: &Value) -> impl Iterator<Item = &str> {
    let kinds = target["kind"].as_array().into_iter().flatten();
    kinds.filter_map(Value::as_str)
}

/// The name that Cargo gives to the module of a package, if it makes one.
fn library(package: &Value) -> Option<String> {
    let module =
        targets(package).find(|target| target_kinds(target).any(|kind| kind == "cdylib"))?;
    Some(module["name"].as_str()?.replace('-', "_"))
}
