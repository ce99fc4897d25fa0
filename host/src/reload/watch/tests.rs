//! What editors, compilers and deployments do to files, on the real file system.
//!
//! That something is *not* reported is seen by changing another file afterwards: the first report is
//! of that one alone.

use std::{
    fs::{self, File, FileTimes},
    io::Write,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
};

use super::*;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with the files `a.wasm` and `b.wasm`, which are watched.
struct Desk {
    folder: tempfile::TempDir,
    watcher: Watcher,
    changes: Receiver<Vec<PathBuf>>,
}

impl Desk {
    fn new() -> Self {
        Self::with(STILL, true, |_| {})
    }

    fn with(still: Duration, listen: bool, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a.wasm", "b.wasm"] {
            fs::write(folder.path().join(name), "old").expect("a file");
        }
        prepare(folder.path());
        let files = ["a.wasm", "b.wasm"].map(|name| folder.path().join(name));
        let (sender, changes) = channel();
        let tell = move |files| drop(sender.send(files));
        let watcher = Watcher::start_with(files.into(), tell, still, listen).expect("a watcher");
        Self {
            folder,
            watcher,
            changes,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("a file");
    }

    /// The names of the files of the next report.
    #[track_caller]
    fn next(&self) -> Vec<String> {
        let files = self.changes.recv_timeout(PATIENCE).expect("a report");
        let name = |file: &PathBuf| {
            let name = file.strip_prefix(self.folder.path()).expect("a path below");
            name.display().to_string()
        };
        files.iter().map(name).collect()
    }

    /// Makes sure that nothing has been reported so far, nor will be.
    #[track_caller]
    fn expect_nothing(&self) {
        self.write("b.wasm", "the end");
        assert_eq!(self.next(), ["b.wasm"]);
    }

    /// Makes sure that `a.wasm` is reported, once.
    #[track_caller]
    fn expect_a(&self) {
        assert_eq!(self.next(), ["a.wasm"]);
        self.expect_nothing();
    }
}

#[test]
fn a_file_that_is_written_in_place_has_changed() {
    let desk = Desk::new();
    desk.write("a.wasm", "new");
    desk.expect_a();
}

#[test]
fn a_file_that_is_renamed_over_another_has_changed() {
    let desk = Desk::new();
    desk.write("a.wasm~", "new");
    fs::rename(desk.path("a.wasm~"), desk.path("a.wasm")).expect("a rename");
    desk.expect_a();
}

#[test]
fn an_editor_that_moves_the_old_file_away_first_is_understood() {
    let desk = Desk::new();
    fs::rename(desk.path("a.wasm"), desk.path("a.wasm.bak")).expect("a rename");
    desk.write("4913", "");
    fs::remove_file(desk.path("4913")).expect("a file");
    desk.write("a.wasm", "new");
    fs::remove_file(desk.path("a.wasm.bak")).expect("a file");
    desk.expect_a();
    // And again, with the new file.
    fs::rename(desk.path("a.wasm"), desk.path("a.wasm.bak")).expect("a rename");
    desk.write("a.wasm", "newer");
    assert_eq!(desk.next(), ["a.wasm"]);
}

#[test]
fn touching_a_file_or_writing_the_same_is_no_change() {
    let desk = Desk::new();
    let file = File::options().write(true).open(desk.path("a.wasm"));
    let now = FileTimes::new().set_modified(std::time::SystemTime::now());
    file.and_then(|file| file.set_times(now)).expect("a touch");
    desk.write("a.wasm~", "old");
    fs::rename(desk.path("a.wasm~"), desk.path("a.wasm")).expect("a rename");
    desk.expect_nothing();
}

#[test]
fn a_file_that_is_gone_is_no_change_until_it_is_back() {
    let desk = Desk::new();
    fs::remove_file(desk.path("a.wasm")).expect("a file");
    desk.expect_nothing();
    desk.write("a.wasm", "old");
    desk.write("b.wasm", "and on");
    assert_eq!(desk.next(), ["b.wasm"]);
    fs::remove_file(desk.path("a.wasm")).expect("a file");
    desk.write("a.wasm", "new");
    assert_eq!(desk.next(), ["a.wasm"]);
}

#[test]
fn a_half_written_file_is_not_reported() {
    // Writing takes a while; the file is never still for so long.
    let desk = Desk::with(Duration::from_secs(3), true, |_| {});
    let mut file = File::create(desk.path("a.wasm")).expect("a file");
    for _ in 0..50 {
        file.write_all(b"part ").expect("a write");
        thread::sleep(Duration::from_millis(5));
        assert!(desk.changes.try_recv().is_err());
    }
    assert_eq!(desk.next(), ["a.wasm"]);
}

#[test]
fn files_that_are_written_together_are_reported_together() {
    let desk = Desk::with(Duration::from_millis(700), true, |_| {});
    desk.write("a.wasm", "new");
    desk.write("b.wasm", "new");
    assert_eq!(desk.next(), ["a.wasm", "b.wasm"]);
}

#[test]
fn a_folder_that_is_deleted_and_made_again_is_still_watched() {
    let desk = Desk::with(STILL, true, |root| {
        fs::create_dir_all(root.join("out/deep")).expect("folders");
        fs::write(root.join("out/deep/c.wasm"), "old").expect("a file");
    });
    let file = desk.path("out/deep/c.wasm");
    desk.watcher.set_files(vec![file.clone()]);
    for content in ["one", "two", "three"] {
        fs::remove_dir_all(desk.path("out")).expect("a folder");
        fs::create_dir_all(desk.path("out/deep")).expect("folders");
        fs::write(&file, content).expect("a file");
        assert_eq!(desk.next(), ["out/deep/c.wasm"]);
    }
    // Moved away, and another put in its place.
    fs::rename(desk.path("out"), desk.path("before")).expect("a rename");
    fs::create_dir_all(desk.path("out/deep")).expect("folders");
    fs::write(&file, "four").expect("a file");
    assert_eq!(desk.next(), ["out/deep/c.wasm"]);
}

#[test]
fn a_folder_that_does_not_exist_yet_is_waited_for() {
    let desk = Desk::new();
    let file = desk.path("some/day/c.wasm");
    desk.watcher.set_files(vec![file.clone()]);
    fs::create_dir_all(desk.path("some/day")).expect("folders");
    fs::write(&file, "new").expect("a file");
    assert_eq!(desk.next(), ["some/day/c.wasm"]);
}

#[cfg(unix)]
#[test]
fn what_is_behind_symbolic_links_is_watched() {
    use std::os::unix::fs::symlink;

    let replace = |link: &Path, target: &str| {
        let beside = link.with_extension("link");
        symlink(target, &beside).expect("a link");
        fs::rename(&beside, link).expect("a rename");
    };
    let desk = Desk::with(STILL, true, |root| {
        for release in ["1", "2"] {
            let folder = root.join("releases").join(release);
            fs::create_dir_all(&folder).expect("folders");
            fs::write(folder.join("c.wasm"), release).expect("a file");
        }
        symlink("releases/1", root.join("current")).expect("a link");
        symlink("current/c.wasm", root.join("c.wasm")).expect("a link");
    });
    desk.watcher.set_files(vec![desk.path("c.wasm")]);
    // The file behind the links is written.
    desk.write("releases/1/c.wasm", "1.1");
    assert_eq!(desk.next(), ["c.wasm"]);
    // The link to the folder is replaced, then the file behind it written.
    replace(&desk.path("current"), "releases/2");
    assert_eq!(desk.next(), ["c.wasm"]);
    desk.write("releases/2/c.wasm", "2.1");
    assert_eq!(desk.next(), ["c.wasm"]);
    // The link to the file is replaced; then by a file.
    replace(&desk.path("c.wasm"), "releases/1/c.wasm");
    assert_eq!(desk.next(), ["c.wasm"]);
    fs::remove_file(desk.path("c.wasm")).expect("a link");
    desk.write("c.wasm", "no link");
    assert_eq!(desk.next(), ["c.wasm"]);
    // A link to nothing is a file that is gone.
    replace(&desk.path("c.wasm"), "nowhere");
    replace(&desk.path("c.wasm"), "releases/2/c.wasm");
    assert_eq!(desk.next(), ["c.wasm"]);
}

#[test]
fn looking_once_a_second_is_enough() {
    let desk = Desk::with(STILL, false, |_| {});
    desk.write("a.wasm", "new");
    desk.expect_a();
    fs::remove_file(desk.path("a.wasm")).expect("a file");
    desk.write("a.wasm~", "newer");
    fs::rename(desk.path("a.wasm~"), desk.path("a.wasm")).expect("a rename");
    assert_eq!(desk.next(), ["a.wasm"]);
}

#[test]
fn other_files_of_the_folder_do_not_matter() {
    let desk = Desk::new();
    for number in 0..3_000 {
        desk.write(&format!("{number}.o"), "object");
    }
    desk.expect_nothing();
}

#[test]
fn a_dropped_watcher_says_no_more() {
    let desk = Desk::new();
    let path = desk.path("a.wasm");
    drop(desk.watcher);
    fs::write(path, "new").expect("a file");
    let last = desk.changes.recv_timeout(PATIENCE);
    assert_eq!(last, Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_watcher_may_be_dropped_by_what_it_calls() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.wasm");
    let (sender, inside) = channel::<Watcher>();
    let (done, ended) = channel::<()>();
    let tell = move |_| {
        drop(inside.recv());
        let _ = done.send(());
    };
    let watcher = Watcher::start(vec![file.clone()], tell).expect("a watcher");
    sender.send(watcher).expect("a receiver");
    fs::write(&file, "new").expect("a file");
    assert_eq!(ended.recv_timeout(PATIENCE), Ok(()));
    assert_eq!(
        ended.recv_timeout(PATIENCE),
        Err(RecvTimeoutError::Disconnected)
    );
}

#[test]
fn paths_may_be_relative_to_the_current_folder() {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let current = std::env::current_dir().expect("a folder");
    let place = folder.path().canonicalize().expect("a path");
    let relative = place.strip_prefix(current.canonicalize().expect("a path"));
    let file = relative.expect("below").join("a.wasm");
    let (sender, changes) = channel();
    let tell = move |files| drop(sender.send(files));
    let _watcher = Watcher::start(vec![file.clone()], tell).expect("a watcher");
    fs::write(&file, "new").expect("a file");
    assert_eq!(changes.recv_timeout(PATIENCE), Ok(vec![file]));
}
