//! The debouncer under a clock that the tests set.

use proptest::prelude::*;

use super::*;

const STEP: Duration = Duration::from_millis(10);

/// A file that is written in memory, and the debouncer that watches it.
struct World {
    now: Duration,
    debouncer: Debouncer,
    /// How the file looks, and what is in it.
    file: Option<(Look, Digest)>,
    /// Since when it is like that.
    since: Duration,
    reports: Vec<Digest>,
}

const FILE: &str = "a.wasm";

impl World {
    fn new(file: Option<(Look, Digest)>) -> Self {
        let mut debouncer = Debouncer::new(STILL);
        let (look, content) = file.unzip();
        debouncer.watch(Duration::ZERO, [(FILE.into(), look, content)]);
        Self {
            now: Duration::ZERO,
            debouncer,
            file,
            since: Duration::ZERO,
            reports: Vec::new(),
        }
    }

    fn put(&mut self, file: Option<(Look, Digest)>) {
        self.file = file;
        self.since = self.now;
    }

    /// Lets time pass; a watcher looks at every step.
    fn pass(&mut self, millis: u64) {
        let until = self.now + Duration::from_millis(millis);
        while self.now < until {
            self.now += STEP;
            self.look();
        }
    }

    fn look(&mut self) {
        let (look, content) = self.file.unzip();
        self.debouncer.observe(self.now, Path::new(FILE), look);
        for path in self.debouncer.due(self.now) {
            if self.debouncer.settle(self.now, &path, look, content) {
                assert!(self.now >= self.since + STILL, "it was still moving");
                self.reports.extend(content);
            }
        }
    }
}

fn written(content: u8, at: u64, inode: u64) -> Option<(Look, Digest)> {
    Some((Look::invented(content.into(), at, inode), [content; 32]))
}

#[test]
fn a_file_is_reported_once_it_stands_still() {
    let mut world = World::new(written(1, 0, 1));
    world.pass(3_000);
    for part in 2..20 {
        world.put(written(part, u64::from(part), 1));
        world.pass(100);
        assert_eq!(world.reports, Vec::<Digest>::new());
    }
    world.pass(60);
    assert_eq!(world.reports, [[19; 32]]);
}

#[test]
fn a_gap_is_no_change_and_neither_is_the_same_content_again() {
    let mut world = World::new(written(1, 0, 1));
    world.put(None);
    world.pass(5_000);
    world.put(written(1, 9, 2));
    world.pass(5_000);
    assert_eq!(world.reports, Vec::<Digest>::new());
    world.put(None);
    world.pass(10);
    world.put(written(2, 10, 3));
    world.pass(500);
    assert_eq!(world.reports, [[2; 32]]);
}

#[test]
fn a_file_that_was_never_there_is_a_change_when_it_comes() {
    let mut world = World::new(None);
    world.pass(10_000);
    assert_eq!(world.debouncer.wait(world.now), None);
    world.put(written(1, 0, 1));
    world.pass(500);
    assert_eq!(world.reports, [[1; 32]]);
}

#[test]
fn a_write_that_leaves_no_trace_but_the_content_is_found() {
    let mut world = World::new(written(1, 0, 1));
    world.pass(1_000);
    let (look, _) = written(1, 0, 1).expect("a file");
    world.put(Some((look, [7; 32])));
    world.pass(2_000);
    assert_eq!(world.reports, [[7; 32]]);
    // Later, somebody has to say that the file was touched.
    world.pass(10_000);
    world.put(Some((look, [8; 32])));
    world.debouncer.touched(world.now, Path::new(FILE));
    world.pass(500);
    assert_eq!(world.reports, [[7; 32], [8; 32]]);
}

#[test]
fn a_file_that_is_written_while_it_is_read_is_read_again() {
    let mut debouncer = Debouncer::new(STILL);
    let file = Path::new(FILE);
    let (before, _) = written(1, 0, 1).expect("a file");
    let (after, _) = written(2, 1, 1).expect("a file");
    debouncer.watch(Duration::ZERO, [(FILE.into(), Some(before), Some([1; 32]))]);
    debouncer.touched(Duration::ZERO, file);
    assert_eq!(debouncer.due(STILL), [file]);
    assert!(!debouncer.settle(STILL, file, Some(after), Some([9; 32])));
    assert_eq!(debouncer.due(STILL + STEP), Vec::<PathBuf>::new());
    assert_eq!(debouncer.due(STILL * 2), [file]);
    assert!(debouncer.settle(STILL * 2, file, Some(after), Some([2; 32])));
}

#[test]
fn what_is_written_together_is_due_together() {
    let (look, content) = written(1, 0, 1).expect("a file");
    let mut debouncer = Debouncer::new(STILL);
    let names = ["a", "b"].map(PathBuf::from);
    let files = names.clone().map(|name| (name, Some(look), Some(content)));
    debouncer.watch(Duration::ZERO, files);
    let [a, b] = &names;
    debouncer.touched(Duration::ZERO, a);
    debouncer.touched(Duration::from_millis(100), b);
    assert_eq!(debouncer.due(STILL), Vec::<PathBuf>::new());
    assert_eq!(debouncer.due(Duration::from_millis(250)), names);
    // One that never stands still does not keep the others for ever.
    debouncer.touched(Duration::from_millis(1_100), b);
    assert_eq!(
        debouncer.due(Duration::from_millis(1_160)),
        std::slice::from_ref(a)
    );
}

#[test]
fn files_that_stay_keep_what_is_known_of_them() {
    let (look, content) = written(1, 0, 1).expect("a file");
    let mut debouncer = Debouncer::new(STILL);
    let file = |content| (PathBuf::from(FILE), Some(look), Some(content));
    debouncer.watch(Duration::ZERO, [file(content)]);
    debouncer.watch(Duration::ZERO, [file([2; 32])]);
    debouncer.touched(Duration::ZERO, Path::new(FILE));
    let path = Path::new(FILE);
    assert!(debouncer.settle(STILL, path, Some(look), Some([2; 32])));
    debouncer.watch(STILL, []);
    assert_eq!(debouncer.wait(STILL), None);
}

#[derive(Clone, Debug)]
enum Deed {
    Write(u8),
    Replace(u8),
    Delete,
    Touch,
    Pass(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (1..5u8).prop_map(Deed::Write),
        (1..5u8).prop_map(Deed::Replace),
        Just(Deed::Delete),
        Just(Deed::Touch),
        (1..40u64).prop_map(|steps| Deed::Pass(steps * 10)),
    ]
}

proptest! {
    /// Whatever is done to a file: only what stood still is reported, nothing twice in a row, and in
    /// the end what is there.
    #[test]
    fn the_last_report_is_what_is_there(deeds in prop::collection::vec(deed(), 0..60)) {
        let mut world = World::new(written(0, 0, 0));
        let mut last = [0; 32];
        for (number, deed) in deeds.into_iter().enumerate() {
            let at = number as u64 + 1;
            match deed {
                Deed::Write(content) => world.put(written(content, at, 0)),
                Deed::Replace(content) => world.put(written(content, 0, at)),
                Deed::Delete => world.put(None),
                Deed::Touch => {
                    let touched = world.file.map(|(_, content)| {
                        (Look::invented(content[0].into(), at, 0), content)
                    });
                    if touched.is_some() {
                        world.put(touched);
                    }
                }
                Deed::Pass(millis) => world.pass(millis),
            }
        }
        world.pass(3_000);
        for &report in &world.reports {
            prop_assert_ne!(report, last);
            last = report;
        }
        if let Some((_, content)) = world.file {
            prop_assert_eq!(last, content);
        }
        // Nothing is left to wait for.
        prop_assert_eq!(world.debouncer.wait(world.now), None);
    }
}
