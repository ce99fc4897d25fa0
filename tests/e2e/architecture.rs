//! What `docs/architecture.md` promises of the code, as far as it can be read off the code.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::root;

/// Modules of `host/src`, the lowest layer first. A module imports only from layers below its own.
const LAYERS: [&[&str]; 11] = [
    &["time"],
    &["batch"],
    &["window", "state", "metrics"],
    &["wasm", "connector"],
    &["operator"],
    &["pipeline"],
    &["checkpoint"],
    &["runtime"],
    &["reload", "replay"],
    &["test_kit", "toolchain"],
    &["cli"],
];

/// Crates that only the named modules may use.
const CONFINED: [(&str, &[&str]); 13] = [
    ("wasmtime", &["wasm"]),
    ("wasmtime_wasi", &["wasm"]),
    ("wit_component", &["toolchain"]),
    ("wit_parser", &["toolchain"]),
    ("wasmparser", &["toolchain"]),
    ("wasm_encoder", &["toolchain"]),
    ("which", &["toolchain"]),
    ("notify", &["reload"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("terminal_size", &["cli"]),
    ("annotate_snippets", &["pipeline"]),
    ("object_store", &["checkpoint"]),
];

/// Modules that do no I/O, know no Wasm and never wait.
const PURE: [&str; 5] = ["time", "batch", "window", "state", "metrics"];

/// A source file of the host.
struct Source {
    module: String,
    path: PathBuf,
    text: String,
    /// The text without comments.
    code: String,
}

#[test]
fn modules_import_only_from_lower_layers() {
    let sources = host_sources();
    let known = |module: &str| sources.iter().any(|source| source.module == module);
    for source in &sources {
        let Some(from) = layer(&source.module) else {
            let free = ["lib", "main"].contains(&source.module.as_str());
            assert!(
                free,
                "{}: `{}` has no layer",
                source.path.display(),
                source.module
            );
            continue;
        };
        for target in imports(&source.code, "crate::") {
            if target == source.module || !known(target) {
                continue;
            }
            let to = layer(target).expect("every module has a layer");
            assert!(
                to < from,
                "{}: `{}` must not import `{target}`",
                source.path.display(),
                source.module
            );
        }
    }
}

#[test]
fn heavy_crates_stay_in_their_module() {
    for source in host_sources() {
        for (name, homes) in CONFINED {
            let is_home = homes.contains(&source.module.as_str());
            let names_it = source.code.contains(&format!("{name}::"));
            assert!(
                is_home || !names_it,
                "{}: `{name}` is confined to {homes:?}",
                source.path.display()
            );
        }
    }
}

#[test]
fn pure_modules_touch_nothing_outside() {
    let outside = ["env", "fs", "io", "net", "process", "thread"];
    for source in host_sources() {
        if PURE.contains(&source.module.as_str()) {
            for name in imports(&source.code, "std::") {
                let path = source.path.display();
                assert!(!outside.contains(&name), "{path}: `std::{name}`");
            }
        }
    }
}

#[test]
fn imports_are_seen_alone_and_in_groups() {
    let code = "use std::fs;\nuse std::{collections::{BTreeMap, HashMap}, io::Write, net};";
    assert_eq!(imports(code, "std::"), ["fs", "collections", "io", "net"]);
}

#[test]
fn every_source_file_says_what_it_is_for() {
    for folder in ["host", "guest-sdk", "udfs", "tests"] {
        for path in files(&root().join(folder), "rs") {
            let text = fs::read_to_string(&path).expect("UTF-8 source");
            // Programs that show a compiler's message begin with what the compiler is shown.
            let shown = path.components().any(|part| part.as_os_str() == "ui");
            assert!(
                shown || text.starts_with("//!"),
                "{}: no `//!` on the first line",
                path.display()
            );
        }
    }
}

#[test]
fn links_in_the_documentation_lead_somewhere() {
    let mut pages = files(&root().join("docs"), "md");
    pages.push(root().join("README.md"));
    pages.extend(files(&root().join("udfs"), "md"));
    for page in pages {
        let text = fs::read_to_string(&page).expect("UTF-8 text");
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = link.split('#').next().expect("a first part");
            if path.is_empty() || path.contains("://") {
                continue;
            }
            let target = page.parent().expect("a folder").join(path);
            assert!(
                target.exists(),
                "{}: `{link}` leads nowhere",
                page.display()
            );
        }
    }
}

#[test]
fn the_top_level_holds_what_it_should() {
    let expected = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "Makefile",
        "README.md",
        "docs",
        "guest-sdk",
        "host",
        "tests",
        "udfs",
        "wit",
    ];
    let entries = fs::read_dir(root()).expect("the repository");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.retain(|name| !name.starts_with('.') && name != "target");
    names.sort();
    assert_eq!(names, expected);
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The first path segment after every `root`, looking inside `root{…}` groups.
fn imports<'a>(code: &'a str, root: &str) -> Vec<&'a str> {
    let mut imports = Vec::new();
    for path in code.split(root).skip(1) {
        let Some(group) = path.strip_prefix('{') else {
            imports.push(leading_name(path));
            continue;
        };
        let (mut depth, mut at_start) = (0, true);
        for (index, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => at_start = true,
                _ if at_start && !letter.is_whitespace() => {
                    imports.push(leading_name(&group[index..]));
                    at_start = false;
                }
                _ => {}
            }
        }
    }
    imports
}

fn leading_name(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    &text[..end.unwrap_or(text.len())]
}

fn host_sources() -> Vec<Source> {
    let src = root().join("host/src");
    let source = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("UTF-8 source");
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let inside = path.strip_prefix(&src).expect("a path under `src`");
        let first = inside.iter().next().expect("a name").to_string_lossy();
        Source {
            module: first.trim_end_matches(".rs").to_owned(),
            code: text.lines().filter(is_code).collect::<Vec<_>>().join("\n"),
            text,
            path,
        }
    };
    let sources: Vec<Source> = files(&src, "rs").into_iter().map(source).collect();
    assert!(sources.iter().all(|source| !source.text.is_empty()));
    sources
}

/// The files in `folder` with this extension, at any depth.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                found.extend(files(&path, extension));
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}
