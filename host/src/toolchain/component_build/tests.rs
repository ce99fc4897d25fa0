//! Builds of real packages, and commands that go wrong.

use std::fs;

use super::*;
use crate::pipeline::BuildConfig;

/// A package without dependencies in `folder`, and the outline of a pipeline that names its component.
fn package(folder: &Path, name: &str) {
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a file");
    fs::write(folder.join("src/lib.rs"), SOURCE).expect("a file");
}

const SOURCE: &str = "#[no_mangle]\npub extern \"C\" fn one() -> u32 {\n    1\n}\n";

fn outline(component: &Path) -> Outline {
    Outline {
        components: vec![(component.to_owned(), "it.wasm".to_owned())],
        builds: Vec::new(),
    }
}

fn command(folder: &Path, command: &str, watch: &[&str]) -> Outline {
    let component = folder.join("it.wasm");
    Outline {
        builds: vec![BuildConfig {
            name: "it.wasm".to_owned(),
            component: component.clone(),
            command: ShellCommand::new(command, command),
            folder: folder.to_owned(),
            watch: watch.iter().map(|place| (*place).to_owned()).collect(),
        }],
        ..outline(&component)
    }
}

#[test]
fn a_package_is_found_beside_its_component_and_above_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("a path");
    package(&root.join("lib"), "hot-days");
    let workspace = "[workspace]\nmembers = [\"lib\"]\nresolver = \"2\"\n";
    fs::write(root.join("Cargo.toml"), workspace).expect("a file");
    for component in ["lib/hot_days.wasm", "jobs/daily/hot_days.wasm"] {
        let component = root.join(component);
        fs::create_dir_all(component.parent().expect("a folder")).expect("folders");
        let found = builds(&outline(&component)).expect("Cargo answers");
        let [build] = &found.builds[..] else {
            panic!("one build: {found:?}");
        };
        let sources = build.sources().files;
        for source in ["lib/src/lib.rs", "lib/Cargo.toml", "Cargo.toml"] {
            assert!(sources.contains(&root.join(source)), "{sources:?}");
        }
    }
    let other = builds(&outline(&root.join("lib/cold_days.wasm"))).expect("Cargo answers");
    assert!(other.builds.is_empty() && other.remarks.is_empty());
}

#[test]
fn what_cargo_cannot_read_elsewhere_is_remarked_and_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("a path");
    fs::write(root.join("Cargo.toml"), "this is no manifest").expect("a file");
    let named = command(&root, "true", &["src"]);
    let found = builds(&named).expect("nobody asks Cargo");
    assert!(found.builds.len() == 1 && found.remarks.is_empty());
    let found = builds(&outline(&root.join("it.wasm"))).expect("a remark");
    assert!(found.builds.is_empty());
    assert_eq!(found.remarks.len(), 1);
    assert!(found.remarks[0].starts_with("cannot ask Cargo about"));
}

#[test]
fn packages_beside_it_are_sources_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("a path");
    package(&root.join("it"), "it");
    package(&root.join("other"), "other");
    let manifest = root.join("it/Cargo.toml");
    let mut text = fs::read_to_string(&manifest).expect("a file");
    text.push_str("\n[dependencies]\nother = { path = \"../other\" }\n");
    fs::write(&manifest, text).expect("a file");
    let found = builds(&outline(&root.join("it/it.wasm"))).expect("Cargo answers");
    let sources = found.builds[0].sources().files;
    assert!(
        sources.contains(&root.join("other/src/lib.rs")),
        "{sources:?}"
    );
}

#[test]
fn a_package_is_built_and_put_in_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    package(folder.path(), "it");
    let component = folder.path().join("it.wasm");
    let found = builds(&outline(&component)).expect("Cargo answers");
    let (build, runner) = (&found.builds[0], Runner::default());
    assert_eq!(
        build.run(&runner, false),
        BuildResult::Built { changed: true }
    );
    let first = fs::read(&component).expect("a component");
    assert_eq!(&first[..4], b"\0asm");
    assert_eq!(
        build.run(&runner, false),
        BuildResult::Built { changed: false }
    );

    let broken = SOURCE.replace("    1\n", "    \"one\"\n");
    fs::write(folder.path().join("src/lib.rs"), broken).expect("a file");
    let BuildResult::Failed { errors } = build.run(&runner, false) else {
        panic!("it does not compile");
    };
    assert!(errors.contains("mismatched types"), "{errors}");
    assert!(errors.contains("src/lib.rs:3:5"), "{errors}");
    assert_eq!(fs::read(&component).expect("a component"), first);
}

#[test]
fn what_a_command_says_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |line: &str| {
        let found = builds(&command(folder.path(), line, &["src"])).expect("a command");
        found.builds[0].run(&Runner::default(), false)
    };
    let failed = |errors: &str| BuildResult::Failed {
        errors: errors.to_owned(),
    };
    let component = folder.path().join("it.wasm");
    let unwritten = format!("`true` has not written `{}`", component.display());
    assert_eq!(run("true"), failed(&unwritten));
    assert_eq!(
        run("echo x > it.wasm"),
        BuildResult::Built { changed: true }
    );
    assert_eq!(
        run("echo x > it.wasm"),
        BuildResult::Built { changed: false }
    );
    let line = "echo a.c:3:1: no; echo more >&2; exit 3";
    let expected = format!("a.c:3:1: no\nmore\n`{line}` failed: exit status: 3");
    assert_eq!(run(line), failed(&expected));
}

#[test]
fn a_command_without_a_package_must_say_what_to_watch() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = builds(&command(folder.path(), "make", &[])).expect_err("unknown");
    let text = error.to_string();
    assert!(
        text.contains("[build.\"it.wasm\"]") && text.contains("watch"),
        "{text}"
    );
}
