//! What is read on, in which order, and what is refused.

use super::*;
use crate::connector::{
    harness::read_all, position::WAY_OUT, resolve_paths, socket::SocketSource, stdin::StdinSource,
};

/// A directory of texts of lines.
struct Lines(tempfile::TempDir);

impl Lines {
    fn new(files: &[(&str, &str)]) -> Self {
        let lines = Self(tempfile::tempdir().expect("a directory"));
        for (name, text) in files {
            lines.write(name, text);
        }
        lines
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn open(&self) -> Box<dyn Source> {
        let paths = resolve_paths(self.0.path()).expect("files");
        let mut decoding = decoding(Format::Lines, "line: utf8", None);
        decoding.batch_rows = 1;
        Box::new(FileSource::new(paths, decoding, clock()))
    }

    /// Reads the first file and half of the second one.
    fn half(&self) -> SourceProgress {
        let open = || self.open();
        let mut reader = Reader::new(&open);
        while reader.finished.is_empty() {
            reader.step(0);
        }
        reader.step(0);
        reader.progress()
    }

    /// The error of going on.
    #[track_caller]
    fn check_refused(&self, before: &SourceProgress, expected: &str) {
        let mut source = self.open();
        let opened = source.resume(before).and_then(|()| source.next_partition());
        let shown = format!("{:#}", opened.err().expect("an error"));
        let directory = format!("{}/", self.0.path().display());
        assert_eq!(
            shown.replace(&directory, ""),
            format!("{expected}: {WAY_OUT}")
        );
    }

    /// The rows that are left, file by file.
    fn rest(&self, before: &SourceProgress) -> Vec<String> {
        let mut source = self.open();
        source.resume(before).expect("it can be read on");
        let mut rows = Vec::new();
        while let Some(mut partition) = source.next_partition().expect("a partition") {
            let all = read_all(partition.as_mut()).expect("rows");
            rows.extend(listing(&all));
        }
        rows
    }
}

#[test]
fn new_files_are_read_after_those_that_are_open() {
    let lines = Lines::new(&[("b", "b1\nb2\n"), ("d", "d1\nd2\n"), ("e", "e1\n")]);
    let before = lines.half();
    assert_eq!(before.finished.len(), 1);
    lines.write("a", "a1\n");
    lines.write("c", "c1\n");
    assert_eq!(lines.rest(&before), ["2: d2", "1: e1", "1: a1", "1: c1"]);
    fs::remove_file(lines.path("b")).expect("nobody needs it");
    assert_eq!(lines.rest(&before).len(), 4);
}

#[test]
fn nothing_is_left_when_all_has_been_read() {
    let lines = Lines::new(&[("a", "a1\n")]);
    let before = SourceProgress {
        open: Vec::new(),
        finished: vec![lines.path("a").display().to_string().into()],
    };
    assert!(lines.rest(&before).is_empty());
    let mut source = lines.open();
    source.resume(&before).expect("it can be read on");
    assert_eq!(source.partitions(), 1);
}

#[test]
fn a_file_is_the_same_however_its_path_is_spelled() {
    let lines = Lines::new(&[("a", "a1\n"), ("b", "b1\nb2\n"), ("c", "c1\n")]);
    let mut before = lines.half();
    let directory = lines.0.path().display().to_string();
    let respell = |name: &Arc<str>| Arc::from(name.replace(&directory, &format!("{directory}/.")));
    for name in &mut before.finished {
        *name = respell(name);
    }
    for (name, _) in &mut before.open {
        *name = respell(name);
    }
    assert_eq!(lines.rest(&before), ["2: b2", "1: c1"]);
    let mut source = lines.open();
    source.resume(&before).expect("it can be read on");
    let partition = source.next_partition().expect("a file").expect("the first");
    assert_eq!(*partition.name(), before.open[0].0);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_cannot_be_read_again() {
    let lines = decoding(Format::Lines, "line: utf8", None);
    let source = FileSource::new(vec!["/dev/null".into()], lines, clock());
    let partition = source.next_partition().expect("a file").expect("the first");
    assert_eq!(partition.position(), None);
}

#[test]
fn the_rate_does_not_make_up_for_a_pause() {
    let slow = GeneratorConfig {
        rate: Some(10),
        ..generator(1)
    };
    let made = |rows| {
        let fast = GeneratorConfig {
            batch_rows: rows,
            ..generator(1)
        };
        let open = || -> Box<dyn Source> {
            Box::new(GeneratorSource::new(fast.clone()).expect("a generator"))
        };
        let mut reader = Reader::new(&open);
        reader.step(0);
        reader.progress()
    };
    let mut source = GeneratorSource::new(slow).expect("a generator");
    source.resume(&made(90)).expect("the same readings");
    let mut partition = source.next_partition().expect("one").expect("the first");
    let started = std::time::Instant::now();
    let Read::Rows(decoded) = partition.read().expect("readings") else {
        panic!("the first reading is due at once");
    };
    assert_eq!(listing(&[decoded]).len(), 1);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn a_file_that_has_grown_is_read_on() {
    let lines = Lines::new(&[("a", "a1\n"), ("b", "b1\nb2")]);
    let before = lines.half();
    lines.write("b", "b1\nb2 and more\nb3");
    assert_eq!(lines.rest(&before), ["2: b2 and more", "3: b3"]);
}

#[test]
fn a_file_that_is_not_what_it_was_is_refused() {
    let lines = Lines::new(&[("a", "a1\n"), ("b", "b1\nb2")]);
    let before = lines.half();
    lines.write("b", "b0\nb2\nb3");
    lines.check_refused(
        &before,
        "cannot go on in `b` at line 2: it is not the file that was read so far: of the 3 bytes read, \
         the last 3 are others now",
    );
    lines.write("b", "b1\nb");
    lines.check_refused(
        &before,
        "cannot go on in `b` at line 2: the file had 5 bytes when it was read so far, and now has 4",
    );
    fs::remove_file(lines.path("b")).expect("a file");
    lines.check_refused(
        &before,
        "cannot go on in `b`: a part of it has been read, and it is not among the files of the source \
         any more",
    );
    lines.write("b", "b1\nb2");
    assert_eq!(lines.rest(&before), ["2: b2"]);
}

#[test]
fn a_compressed_file_that_is_not_what_it_was_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.gz");
    let mut decoding = decoding(Format::Lines, "line: utf8", None);
    decoding.batch_rows = 1;
    let open = || -> Box<dyn Source> {
        Box::new(FileSource::new(
            vec![path.clone()],
            decoding.clone(),
            clock(),
        ))
    };
    fs::write(&path, compress(".gz", b"one\ntwo\nthree\n")).expect("a file");
    let mut reader = Reader::new(&open);
    reader.step(0);
    reader.step(0);
    let before = reader.progress();
    let incompressible: String = (0..200_u32)
        .map(|n| char::from(b'a' + (n * n % 23) as u8))
        .collect();
    for (text, expected) in [
        (
            format!("{incompressible}\n"),
            "at line 3: it is not the file that was read so far: of the 8 bytes read, the last 8 are others now",
        ),
        (
            String::new(),
            "at line 3: the file had 34 bytes when it was read so far, and now has 20",
        ),
    ] {
        fs::write(&path, compress(".gz", text.as_bytes())).expect("a file");
        let mut source = open();
        let opened = source
            .resume(&before)
            .and_then(|()| source.next_partition());
        let shown = format!("{:#}", opened.err().expect("an error"));
        assert_eq!(
            shown,
            format!("cannot go on in `{}` {expected}: {WAY_OUT}", path.display())
        );
    }
}

#[test]
fn a_parquet_file_that_is_not_what_it_was_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.parquet");
    let mut decoding = decoding(Format::Parquet, "n: int32", None);
    decoding.batch_rows = 3;
    let open = || -> Box<dyn Source> {
        Box::new(FileSource::new(
            vec![path.clone()],
            decoding.clone(),
            clock(),
        ))
    };
    write_parquet(&path, &[(1, 5); 10], 2);
    let mut reader = Reader::new(&open);
    reader.step(0);
    let before = reader.progress();
    let mut source = open();
    source.resume(&before).expect("it can be read on");
    drop(source.next_partition().expect("the same file"));
    write_parquet(&path, &[(7, 5); 10], 2);
    let mut source = open();
    let opened = source
        .resume(&before)
        .and_then(|()| source.next_partition());
    let shown = format!("{:#}", opened.err().expect("an error"));
    let expected = format!(
        "cannot go on in `{}` at row 1 of row group 1: it is not the file that was read so far: its \
         last bytes are others now: {WAY_OUT}",
        path.display()
    );
    assert_eq!(shown, expected);
}

#[test]
fn other_readings_are_refused() {
    let open = || -> Box<dyn Source> {
        Box::new(GeneratorSource::new(generator(1)).expect("a generator"))
    };
    let mut reader = Reader::new(&open);
    reader.step(0);
    let before = reader.progress();
    let resume = |config| {
        let mut source = GeneratorSource::new(config).expect("a generator");
        source.resume(&before).map_err(|error| error.to_string())
    };
    assert_eq!(
        resume(generator(2)),
        Err(format!(
            "cannot go on with other readings: `seed` of the generator was 1, and is 2 now: {WAY_OUT}"
        ))
    );
    let fewer = GeneratorConfig {
        rows: Some(9),
        ..generator(1)
    };
    assert_eq!(
        resume(fewer),
        Err(format!(
            "cannot go on: the generator has made 10 readings, and `rows` is 9 now: {WAY_OUT}"
        ))
    );
    let faster = GeneratorConfig {
        rows: None,
        rate: Some(5),
        ..generator(1)
    };
    assert_eq!(resume(faster), Ok(()));
}

#[test]
fn what_comes_once_cannot_be_read_again() {
    let lines = || decoding(Format::Lines, "line: utf8", None);
    let stdin = || StdinSource::new(lines(), clock());
    let socket = || SocketSource::new("localhost:9".to_owned(), lines(), clock());
    let nothing = SourceProgress::default();
    let error = stdin().resume(&nothing).expect_err("an error");
    assert_eq!(
        error.to_string(),
        "what came through standard input cannot be read again"
    );
    let error = socket().resume(&nothing).expect_err("an error");
    assert_eq!(
        error.to_string(),
        "what came through `tcp://localhost:9` cannot be read again"
    );
    let ended = |name: &str| SourceProgress {
        open: Vec::new(),
        finished: vec![name.into()],
    };
    let mut stdin = stdin();
    stdin
        .resume(&ended("standard input"))
        .expect("it has ended");
    assert!(stdin.next_partition().expect("nothing").is_none());
    let mut socket = socket();
    socket
        .resume(&ended("tcp://localhost:9"))
        .expect("it has ended");
    assert!(socket.next_partition().expect("nothing").is_none());
}

#[test]
fn a_file_is_the_same_wherever_the_job_is_run() {
    let lines = Lines::new(&[("a", "a1\n"), ("b", "b1\nb2\n"), ("c", "c1\n")]);
    let folder = lines.0.path();
    let open = |base: PathBuf| {
        let paths = resolve_paths(&base).expect("files");
        let mut decoding = decoding(Format::Lines, "line: utf8", None);
        decoding.batch_rows = 1;
        FileSource::new(paths, decoding, clock()).in_folder(base)
    };
    let before = {
        let open = || -> Box<dyn Source> { Box::new(open(folder.to_path_buf())) };
        let mut reader = Reader::new(&open);
        while reader.finished.is_empty() {
            reader.step(0);
        }
        reader.step(0);
        reader.progress()
    };
    assert_eq!(before.finished, [Arc::from("a")]);
    assert_eq!(*before.open[0].0, *"b");
    // The same folder by another way, as if it was spelled from elsewhere.
    let name = folder.file_name().expect("a name");
    let mut source = open(folder.join("..").join(name));
    source.resume(&before).expect("it can be read on");
    let mut names = Vec::new();
    while let Some(partition) = source.next_partition().expect("a partition") {
        names.push(partition.name().to_string());
    }
    assert_eq!(names, ["b", "c"]);
}
