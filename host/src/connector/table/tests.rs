//! Tests of tables.

use std::{fs, path::PathBuf};

use arrow::array::{ArrayRef, StringArray};

use super::*;
use crate::{
    batch::KeyEncoder,
    connector::{
        Decoding, Format,
        harness::{NOW, decoding, values},
    },
    time::ManualClock,
};

/// Files in a directory, and a clock to read them by.
struct World {
    directory: tempfile::TempDir,
    clock: Arc<ManualClock>,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let world = Self {
            directory: tempfile::tempdir().expect("a directory"),
            clock: Arc::new(ManualClock::new(NOW)),
        };
        for (name, text) in files {
            world.write(name, text);
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    /// A table of the files that `path` means, looked up by its first column.
    fn open(&self, path: &str) -> anyhow::Result<Arc<Table>> {
        let config = TableConfig::File {
            path: self.path(path),
            decoding: stations(Format::Csv),
            refresh: Duration::from_secs(1),
        };
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        Table::open("stations", &config, vec![vec![0]], &clock).map(Arc::new)
    }

    fn error(&self, path: &str) -> String {
        let error = self.open(path).err().expect("an error");
        let error = format!("{error:#}");
        error.replace(&format!("{}/", self.directory.path().display()), "")
    }

    fn pass(&self, seconds: u32) {
        let now = self
            .clock
            .now()
            .saturating_add(Duration::from_secs(seconds));
        self.clock.set(now);
    }
}

fn stations(format: Format) -> Decoding {
    decoding(format, "station: utf8, height: int64", None)
}

/// The row that a key finds.
fn find(view: &mut TableView, station: &str) -> Option<String> {
    let encoder = KeyEncoder::new([arrow::datatypes::DataType::Utf8]).expect("a type of keys");
    let column: ArrayRef = Arc::new(StringArray::from(vec![station]));
    let keys = encoder.encode(&[column], 1).expect("keys");
    let content = view.current();
    let index = content.index(&[0]).expect("an index");
    let row = index.find(keys.get(0))?;
    values(content.rows()).into_iter().nth(row as usize)
}

#[test]
fn rows_of_all_files_are_found_by_their_key() {
    let world = World::new(&[
        ("a.csv", "station,height\na,1\nb,2\n"),
        ("b.csv", "height,station\n3,c\n,d\n4,\n5,\n"),
    ]);
    let mut view = world.open("?.csv").expect("a table").view();
    assert_eq!(find(&mut view, "b").as_deref(), Some("b|2"));
    assert_eq!(find(&mut view, "c").as_deref(), Some("c|3"));
    assert_eq!(find(&mut view, "d").as_deref(), Some("d|-"));
    assert_eq!(find(&mut view, "e"), None);
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_its_place() {
    let world = World::new(&[
        ("twice/a.csv", "station,height\na,1\nb,2\n"),
        ("twice/b.csv", "station,height\nc,1\na,2\n"),
        ("bad.csv", "station,height\na,1\nb,high\n"),
    ]);
    assert_eq!(
        world.error("twice"),
        "`twice/a.csv:2` and `twice/b.csv:3` have the same key: station = a"
    );
    let bad = "cannot decode `bad.csv:3`: column `height`: expected int64, found \"high\"";
    assert_eq!(world.error("bad.csv"), bad);
    assert_eq!(
        world.error("missing.csv"),
        "there is no file or directory `missing.csv`"
    );
}

#[test]
fn a_table_that_has_changed_is_read_again_when_it_is_time_to_look() {
    let world = World::new(&[("a.csv", "station,height\na,1\n")]);
    let mut view = world.open("a.csv").expect("a table").view();
    world.write("a.csv", "station,height\na,10\nb,2\n");
    assert_eq!(find(&mut view, "a").as_deref(), Some("a|1"));
    world.pass(1);
    assert_eq!(find(&mut view, "a").as_deref(), Some("a|10"));
    assert_eq!(find(&mut view, "b").as_deref(), Some("b|2"));
    world.write("a.csv", "station,height\nb,3\n");
    // A clock that is set back does not stop anybody from looking.
    world.clock.set(Timestamp::EPOCH);
    assert_eq!(find(&mut view, "a"), None);
}

#[test]
fn a_table_that_cannot_be_read_again_stays_as_it_was() {
    let world = World::new(&[("a.csv", "station,height\na,1\n")]);
    let mut view = world.open("a.csv").expect("a table").view();
    for text in [
        "station,height\na,1\na,2\n",
        "station,height\na,high\n",
        "x",
    ] {
        world.write("a.csv", text);
        world.pass(1);
        assert_eq!(find(&mut view, "a").as_deref(), Some("a|1"), "{text}");
    }
    fs::remove_file(world.path("a.csv")).expect("it is there");
    world.pass(1);
    assert_eq!(find(&mut view, "a").as_deref(), Some("a|1"));
    world.write("a.csv", "station,height\na,2\n");
    world.pass(1);
    assert_eq!(find(&mut view, "a").as_deref(), Some("a|2"));
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_table_is_not_waited_for() {
    let world = World::new(&[("a.csv", "station,name\n1,Oslo\n")]);
    let path = world.path("a.csv");
    fs::remove_file(&path).expect("removed");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo runs").success());
    assert_eq!(
        world.error("a.csv"),
        "cannot read `a.csv`: it is not a regular file"
    );
}

#[test]
fn files_that_come_and_go_are_noticed() {
    let world = World::new(&[
        ("t/a.csv", "station,height\na,1\n"),
        ("t/b.csv", "station,height\nb,2\n"),
    ]);
    let mut view = world.open("t").expect("a table").view();
    world.write("t/c.csv", "station,height\nc,3\n");
    fs::remove_file(world.path("t/a.csv")).expect("it is there");
    world.pass(1);
    assert_eq!(find(&mut view, "a"), None);
    assert_eq!(find(&mut view, "b").as_deref(), Some("b|2"));
    assert_eq!(find(&mut view, "c").as_deref(), Some("c|3"));
}

#[test]
fn all_views_see_the_new_content() {
    let world = World::new(&[("a.csv", "station,height\na,1\n")]);
    let table = world.open("a.csv").expect("a table");
    let (mut first, mut second) = (table.view(), table.view());
    world.write("a.csv", "station,height\na,10\n");
    world.pass(1);
    assert_eq!(find(&mut first, "a").as_deref(), Some("a|10"));
    assert_eq!(find(&mut second, "a").as_deref(), Some("a|10"));
    assert_eq!(find(&mut table.view(), "a").as_deref(), Some("a|10"));
}

#[test]
fn a_script_puts_rows_in_and_takes_them_out() {
    let config = TableConfig::Test {
        decoding: stations(Format::Json),
    };
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(NOW));
    let table = Table::open("stations", &config, vec![vec![0]], &clock).expect("a table");
    let table = Arc::new(table);
    let mut view = table.view();
    assert_eq!(find(&mut view, "a"), None);
    let row = r#"{"station": "a", "height": 1}"#;
    table.upsert(row).expect("a row");
    assert_eq!(find(&mut view, "a").as_deref(), Some("a|1"));
    table.upsert(r#"{"station": "b"}"#).expect("a row");
    table
        .upsert(r#"{"station": "a", "height": 2}"#)
        .expect("a row");
    assert_eq!(find(&mut view, "a").as_deref(), Some("a|2"));
    table.delete(r#"{"station": "a"}"#).expect("a key");
    assert_eq!(find(&mut view, "a"), None);
    assert_eq!(find(&mut view, "b").as_deref(), Some("b|-"));
    let error = table.upsert(r#"{"station": "a", "height": "x"}"#);
    assert_eq!(
        format!("{:#}", error.expect_err("a bad row")),
        "table `stations` cannot be changed: cannot decode `{\"station\": \"a\", \"height\": \"x\"}`: \
         column `height`: expected int64, found \"x\""
    );
}
