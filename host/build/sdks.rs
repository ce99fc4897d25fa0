//! Lists the files of the SDKs, for the host to embed.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// The workspace that the SDK of Rust gets in the folder of a library: what it takes from ours.
const WORKSPACE: &str = "rust/Cargo.toml";

/// An expression of Rust: a slice of paths, with `/`, and contents. `wit/…` is the contract, `template/…` what new
/// libraries in all languages have, `LANGUAGE/sdk/…` and `LANGUAGE/template/…` are those of a language.
pub(super) fn files(root: &Path) -> Result<String, Box<dyn Error>> {
    let sdks = root.join("guest-sdk");
    println!("cargo::rerun-if-changed={}", sdks.display());
    println!(
        "cargo::rerun-if-changed={}",
        root.join("Cargo.toml").display()
    );
    let mut files = BTreeMap::new();
    collect(&root.join("wit"), "wit", &mut files)?;
    for (from, to) in [
        ("src", "src"),
        ("Cargo.toml", "Cargo.toml"),
        ("macros/src", "macros/src"),
        ("macros/Cargo.toml", "macros/Cargo.toml"),
    ] {
        collect(&sdks.join(from), &format!("rust/sdk/{to}"), &mut files)?;
    }
    collect(&sdks.join("template"), "template", &mut files)?;
    for entry in fs::read_dir(&sdks)? {
        let language = entry?.file_name().to_string_lossy().into_owned();
        for part in ["sdk", "template"] {
            let folder = sdks.join(&language).join(part);
            if folder.is_dir() {
                collect(&folder, &format!("{language}/{part}"), &mut files)?;
            }
        }
    }
    let mut text = "&[\n".to_owned();
    for (name, path) in files {
        let path = path.canonicalize()?;
        writeln!(text, "({name:?}, include_bytes!({path:?})),")?;
    }
    let workspace = workspace(root)?;
    writeln!(text, "({WORKSPACE:?}, {workspace:?}.as_bytes()),\n]")?;
    Ok(text)
}

/// Adds a file, or the files of a folder at any depth, without what tools have left there.
fn collect(
    path: &Path,
    name: &str,
    files: &mut BTreeMap<String, PathBuf>,
) -> Result<(), Box<dyn Error>> {
    if path.is_file() {
        files.insert(name.to_owned(), path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let part = entry.file_name().to_string_lossy().into_owned();
        let is_left = [
            "node_modules",
            "__pycache__",
            ".venv",
            ".tidemill",
            "target",
        ]
        .contains(&part.as_str())
            || part.ends_with(".wasm");
        if !is_left {
            collect(&entry.path(), &format!("{name}/{part}"), files)?;
        }
    }
    Ok(())
}

/// A manifest of the SDK's workspace, from ours: the same versions of what it depends on.
fn workspace(root: &Path) -> Result<String, Box<dyn Error>> {
    let ours = fs::read_to_string(root.join("Cargo.toml"))?;
    let mut needed = Vec::new();
    for manifest in ["guest-sdk/Cargo.toml", "guest-sdk/macros/Cargo.toml"] {
        let manifest = fs::read_to_string(root.join(manifest))?;
        let names = manifest
            .lines()
            .filter(|line| line.contains("workspace = true"))
            .filter_map(|line| line.split(['.', ' ']).next());
        needed.extend(names.map(str::to_owned));
    }
    let mut text =
        "[workspace]\nresolver = \"3\"\nmembers = [\"sdk\", \"sdk/macros\"]\n".to_owned();
    let mut section = "";
    for line in ours.lines() {
        if line.starts_with('[') {
            section = line;
            if is_taken(section) {
                writeln!(text, "\n{line}")?;
            }
            continue;
        }
        let name = line.split(['.', ' ']).next().unwrap_or_default();
        let is_needed =
            section != "[workspace.dependencies]" || needed.iter().any(|other| other == name);
        if is_taken(section) && is_needed && !line.is_empty() && !line.starts_with('#') {
            writeln!(text, "{}", line.replace("guest-sdk", "sdk"))?;
        }
    }
    Ok(text)
}

/// Whether the packages of the SDK inherit from a section of the workspace.
fn is_taken(section: &str) -> bool {
    ["package", "dependencies", "lints"]
        .iter()
        .any(|part| section.starts_with(&format!("[workspace.{part}")))
}
