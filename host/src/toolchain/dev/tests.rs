//! Components that a shell builds, again and again.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use super::*;
use crate::{
    pipeline::{BuildConfig, Outline, ShellCommand},
    toolchain::builds,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with `a.wasm`, which a command makes of what is in `src`, where `lib` says `one`.
struct Desk {
    folder: tempfile::TempDir,
    dev: Option<Dev>,
    events: Receiver<(String, BuildEvent)>,
    /// What is called now.
    outline: Arc<Mutex<Outline>>,
}

/// How `name` is made by `command` of what is in `watch`.
fn config(folder: &Path, name: &str, command: &str, watch: &str) -> BuildConfig {
    BuildConfig {
        name: name.to_owned(),
        component: folder.join(name),
        command: ShellCommand::new(command, command),
        folder: folder.to_owned(),
        watch: vec![watch.to_owned()],
    }
}

fn outline(builds: Vec<BuildConfig>) -> Outline {
    let components = builds.iter();
    Outline {
        components: components
            .map(|build| (build.component.clone(), build.name.clone()))
            .collect(),
        builds,
    }
}

impl Desk {
    fn start(command: &str) -> Self {
        Self::watching(command, "src")
    }

    fn watching(command: &str, watch: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("src")).expect("a folder");
        fs::write(folder.path().join("src/lib"), "one").expect("a file");
        fs::write(folder.path().join("p.toml"), "").expect("a file");
        let first = outline(vec![config(folder.path(), "a.wasm", command, watch)]);
        let outline = Arc::new(Mutex::new(first.clone()));
        let present = Arc::clone(&outline);
        let find: Find = Box::new(move || builds(&present.lock().expect("no panic")).map(Some));
        let (sender, events) = channel();
        let tell = move |build: &ComponentBuild, event: &BuildEvent| {
            let _ = sender.send((event.text(build, false), event.clone()));
        };
        let found = builds(&first).expect("a command");
        let file = folder.path().join("p.toml");
        let dev = Dev::start(&file, found, find, Runner::default(), false, tell);
        Self {
            dev: Some(dev.expect("a thread")),
            folder,
            events,
            outline,
        }
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.folder.path().join(name), content).expect("a file");
    }

    fn made(&self) -> String {
        fs::read_to_string(self.folder.path().join("a.wasm")).expect("a file")
    }

    #[track_caller]
    fn next_event(&self) -> (String, BuildEvent) {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    /// What is said of the next build that ends, and what has become of it.
    #[track_caller]
    fn next(&self) -> (String, BuildResult) {
        loop {
            if let (text, BuildEvent::Ended { result, .. }) = self.next_event() {
                return (text, result);
            }
        }
    }

    #[track_caller]
    fn expect_built(&self) {
        let (text, result) = self.next();
        assert_eq!(result, BuildResult::Built { changed: true }, "{text}");
    }
}

#[test]
fn what_changes_is_built_again() {
    let mut desk = Desk::start("cat src/* > a.wasm && ! grep bad a.wasm");
    desk.expect_built();
    desk.dev.as_ref().expect("it builds").wait();
    assert_eq!(desk.made(), "one");
    desk.write("src/lib", "two");
    desk.expect_built();
    assert_eq!(desk.made(), "two");
    // A file that is new, and one that is gone.
    let (made, more) = (desk.folder.path().join("made"), "src/more");
    fs::write(&made, "and more").expect("a file");
    fs::rename(&made, desk.folder.path().join(more)).expect("a rename");
    desk.expect_built();
    fs::remove_file(desk.folder.path().join(more)).expect("a file");
    desk.expect_built();
    desk.write("src/lib", "bad");
    let (text, result) = desk.next();
    assert!(matches!(result, BuildResult::Failed { .. }), "{result:?}");
    assert!(
        text.starts_with("a.wasm: the build failed: `cat src/*"),
        "{text}"
    );
    assert!(!text.contains("waiting"), "{text}");
    drop(desk.dev.take());
    assert!(desk.events.recv_timeout(PATIENCE).is_err(), "it is over");
}

#[test]
fn a_first_build_that_fails_is_waited_for() {
    let desk = Desk::start("grep -q good src/lib && cp src/lib a.wasm");
    let (text, _) = desk.next();
    assert!(text.ends_with("a.wasm: waiting for a change\n"), "{text}");
    desk.write("src/lib", "good");
    desk.expect_built();
    desk.dev.as_ref().expect("it builds").wait();
}

#[test]
fn a_change_while_it_is_built_builds_once_more() {
    // The second build waits until the file has been changed once more, or its time is up.
    let wait = "i=0; while [ -e hold ] && [ $i -lt 600 ]; do sleep 0.05; i=$((i+1)); done";
    let desk = Desk::start(&format!("cat src/lib > a.wasm; echo > read; {wait}"));
    desk.expect_built();
    let path = |name| desk.folder.path().join(name);
    fs::remove_file(path("read")).expect("a file");
    desk.write("hold", "");
    desk.write("src/lib", "two");
    let until = Instant::now() + PATIENCE;
    while !path("read").exists() {
        assert!(Instant::now() < until, "it is not built");
        thread::sleep(Duration::from_millis(5));
    }
    desk.write("src/lib", "three");
    fs::remove_file(path("hold")).expect("a file");
    desk.expect_built();
    desk.expect_built();
    assert_eq!(desk.made(), "three");
}

#[test]
fn a_command_that_writes_what_it_is_made_of_is_not_run_for_ever() {
    // It writes something else each time, but makes the same of it.
    for (command, builds) in [
        ("cat src/lib > a.wasm; date +%N >> src/made", 3),
        ("date +%N > a.wasm; date +%N >> src/made", 6),
    ] {
        let desk = Desk::start(command);
        let mut ended = 0;
        // It comes to rest for longer than it takes to notice.
        while let Ok((_, event)) = desk.events.recv_timeout(Duration::from_secs(6)) {
            ended += usize::from(matches!(event, BuildEvent::Ended { .. }));
            assert!(ended <= builds, "it does not end");
        }
        assert!(ended > 1, "{ended} of {command}");
        // And goes on when somebody else changes something.
        desk.write("src/lib", "two");
        assert_eq!(desk.next_event().1, BuildEvent::Started);
    }
}

#[test]
fn what_a_command_makes_is_no_reason_to_run_it_again() {
    let desk = Desk::watching("date +%N > a.wasm", ".");
    desk.expect_built();
    let again = desk.events.recv_timeout(Duration::from_secs(3));
    assert!(again.is_err(), "{again:?}");
}

#[test]
fn what_is_called_later_is_built_too() {
    let desk = Desk::start("cat src/lib > a.wasm");
    desk.expect_built();
    let folder = desk.folder.path();
    let command = "cat src/lib src/lib > b.wasm";
    let more = outline(vec![
        config(folder, "a.wasm", "cat src/lib > a.wasm", "src"),
        config(folder, "b.wasm", command, "src"),
    ]);
    *desk.outline.lock().expect("no panic") = more;
    desk.write("p.toml", "# two of them\n");
    let (text, result) = desk.next();
    assert!(text.starts_with("b.wasm: built in"), "{text}");
    assert_eq!(result, BuildResult::Built { changed: true });
    let made = fs::read_to_string(folder.join("b.wasm"));
    assert_eq!(made.expect("a file"), "oneone");
}

#[test]
fn the_first_mistake_is_told_with_its_place() {
    let errors = "warning: unused\n  --> src/lib.rs:1:1\nerror[E0308]: mismatched types\n \
                  --> src/lib.rs:7:5\n  |\nerror: aborting\n";
    let told = first_error(errors);
    assert_eq!(told, "error[E0308]: mismatched types (src/lib.rs:7:5)");
    let errors = "src/a.c:13:26: error: use of undeclared identifier 'y'\n   13 |   return y;\n1 error generated.\n";
    let told = first_error(errors);
    assert_eq!(
        told,
        "src/a.c:13:26: error: use of undeclared identifier 'y'"
    );
    let errors = "Error: Failed to evaluate: unexpected token: ','\n    at /src/a.js:23:36\n\n";
    let told = first_error(errors);
    assert_eq!(
        told,
        "Error: Failed to evaluate: unexpected token: ',' (/src/a.js:23:36)"
    );
    assert_eq!(
        first_error("make: nothing to do\n\n"),
        "make: nothing to do"
    );
    assert_eq!(first_error(""), "no reason");
}
