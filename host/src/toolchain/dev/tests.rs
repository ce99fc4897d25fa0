//! Components that a shell builds, again and again.

use std::{fs, sync::mpsc::channel};

use super::*;
use crate::{
    pipeline::{BuildConfig, Outline, ShellCommand},
    toolchain::builds,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with `a.wasm`, which `command` makes of what is in `src`.
fn outline(folder: &tempfile::TempDir, command: &str) -> Outline {
    let source = folder.path().join("src");
    fs::create_dir_all(&source).expect("a folder");
    fs::write(source.join("lib"), "one").expect("a file");
    let component = folder.path().join("a.wasm");
    Outline {
        components: vec![(component.clone(), "a.wasm".to_owned())],
        builds: vec![BuildConfig {
            name: "a.wasm".to_owned(),
            component,
            command: ShellCommand::new(command, command),
            folder: folder.path().to_owned(),
            watch: vec!["src".to_owned()],
        }],
    }
}

#[test]
fn what_changes_is_built_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let builds = builds(&outline(&folder, "cat src/* > a.wasm && ! grep bad a.wasm"));
    let (sender, events) = channel();
    let tell = move |build: &ComponentBuild, event: &BuildEvent| {
        let _ = sender.send((event.text(build, false), event.clone()));
    };
    let dev = Dev::start(builds.expect("commands"), false, tell).expect("a thread");
    let next = || loop {
        match events.recv_timeout(PATIENCE).expect("an event") {
            (_, BuildEvent::Started) => {}
            (text, BuildEvent::Ended { result, .. }) => return (text, result),
        }
    };
    let source = folder.path().join("src");
    fs::write(source.join("lib"), "two").expect("a file");
    assert_eq!(next().1, BuildResult::Built { changed: true });
    let made = fs::read_to_string(folder.path().join("a.wasm"));
    assert_eq!(made.expect("a file"), "two");
    // A file that is new, and one that is gone.
    let made = folder.path().join("made");
    fs::write(&made, "and more").expect("a file");
    fs::rename(&made, source.join("more")).expect("a rename");
    assert_eq!(next().1, BuildResult::Built { changed: true });
    fs::remove_file(source.join("more")).expect("a file");
    assert_eq!(next().1, BuildResult::Built { changed: true });
    fs::write(source.join("lib"), "bad").expect("a file");
    let (text, result) = next();
    assert!(matches!(result, BuildResult::Failed { .. }), "{result:?}");
    assert!(
        text.starts_with("a.wasm: the build failed: `cat src/*"),
        "{text}"
    );
    drop(dev);
    assert!(events.recv_timeout(PATIENCE).is_err(), "it is over");
}

#[test]
fn a_change_while_it_is_built_builds_once_more() {
    let folder = tempfile::tempdir().expect("a folder");
    // The first build waits until the file has been changed once more.
    let command = "cat src/lib > a.wasm; while [ -e hold ]; do sleep 0.05; done";
    let builds = builds(&outline(&folder, command)).expect("a command");
    let hold = folder.path().join("hold");
    fs::write(&hold, "").expect("a file");
    let (sender, events) = channel();
    let tell = move |_: &ComponentBuild, event: &BuildEvent| {
        let _ = sender.send(event.clone());
    };
    let _dev = Dev::start(builds, false, tell).expect("a thread");
    let next = || events.recv_timeout(PATIENCE).expect("an event");
    let source = folder.path().join("src/lib");
    fs::write(&source, "two").expect("a file");
    assert_eq!(next(), BuildEvent::Started);
    fs::write(&source, "three").expect("a file");
    fs::remove_file(&hold).expect("a file");
    for _ in 0..3 {
        next();
    }
    let made = fs::read_to_string(folder.path().join("a.wasm"));
    assert_eq!(made.expect("a file"), "three");
}

#[test]
fn the_first_mistake_is_told_with_its_place() {
    let errors = "warning: unused\n  --> src/lib.rs:1:1\nerror[E0308]: mismatched types\n \
                  --> src/lib.rs:7:5\n  |\nerror: aborting\n";
    let told = first_error(errors);
    assert_eq!(told, "error[E0308]: mismatched types (src/lib.rs:7:5)");
    assert_eq!(
        first_error("make: nothing to do\n\n"),
        "make: nothing to do"
    );
    assert_eq!(first_error(""), "no reason");
}
