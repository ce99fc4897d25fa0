//! Sources that are dropped and opened again give the rows of those that are not.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, TimestampMillisecondArray};
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};
use proptest::prelude::*;

use super::{
    Decoding, EventTimeUnit, Format, GeneratorConfig, Partition, Read, ReadPosition, Source,
    SourceProgress,
    file_source::FileSource,
    generator::GeneratorSource,
    harness::{NOW, decoding, listing},
    socket::SocketSource,
    stdin::StdinSource,
    text::tests::{csv_rows, json_lines},
};
use crate::time::ManualClock;

/// What a job knows of a source.
struct Reader<'a> {
    open_source: &'a dyn Fn() -> Box<dyn Source>,
    source: Box<dyn Source>,
    open: Vec<Box<dyn Partition>>,
    finished: Vec<Arc<str>>,
    /// Where partitions are to be read on that have not been opened again.
    known: Vec<(Arc<str>, ReadPosition)>,
    rows: Vec<(Arc<str>, Vec<String>)>,
    ended: bool,
}

impl<'a> Reader<'a> {
    fn new(open_source: &'a dyn Fn() -> Box<dyn Source>) -> Self {
        Self {
            open_source,
            source: open_source(),
            open: Vec::new(),
            finished: Vec::new(),
            known: Vec::new(),
            rows: Vec::new(),
            ended: false,
        }
    }

    /// Reads a batch of one of the partitions; opens another one if fewer than two are open.
    fn step(&mut self, choice: usize) {
        if self.open.len() < 2 && !self.ended {
            match self.source.next_partition().expect("a partition") {
                Some(partition) => {
                    self.known.retain(|(name, _)| name != partition.name());
                    self.open.push(partition);
                }
                None => self.ended = true,
            }
        }
        if self.open.is_empty() {
            return;
        }
        let place = choice % self.open.len();
        let partition = &mut self.open[place];
        let name = Arc::clone(partition.name());
        match partition.read().expect("rows") {
            Read::Rows(decoded) => {
                let rows = listing(&[decoded]);
                match self.rows.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => known.extend(rows),
                    None => self.rows.push((name, rows)),
                }
            }
            Read::Idle | Read::Watermark(_) => {}
            Read::End => {
                self.open.remove(place);
                self.finished.push(name);
            }
        }
    }

    fn progress(&self) -> SourceProgress {
        let position = |partition: &Box<dyn Partition>| {
            let position = partition.position().expect("a position");
            let text = position.0.to_string();
            let position = serde_json::from_str(&text).expect("what was written");
            (Arc::clone(partition.name()), ReadPosition(position))
        };
        let open = self.open.iter().map(position);
        SourceProgress {
            open: open.chain(self.known.iter().cloned()).collect(),
            finished: self.finished.clone(),
        }
    }

    fn restart(&mut self) {
        let progress = self.progress();
        self.open.clear();
        self.source = (self.open_source)();
        self.source.resume(&progress).expect("it can be read on");
        self.known = progress.open;
        self.ended = false;
    }

    fn done(&self) -> bool {
        self.ended && self.open.is_empty()
    }
}

/// All rows, read with a restart before each step that `cuts` says, over and over.
fn read(open: &dyn Fn() -> Box<dyn Source>, cuts: &[bool]) -> Vec<(Arc<str>, Vec<String>)> {
    let mut reader = Reader::new(open);
    let mut steps = 0;
    while !reader.done() {
        if cuts.get(steps % cuts.len().max(1)) == Some(&true) {
            reader.restart();
        }
        reader.step(steps / 3);
        steps += 1;
    }
    reader.rows.sort();
    reader.rows
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(NOW))
}

fn compress(compression: &str, text: &[u8]) -> Vec<u8> {
    match compression {
        "" => text.to_vec(),
        ".gz" => {
            let level = flate2::Compression::fast();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(text).expect("memory");
            encoder.finish().expect("memory")
        }
        _ => zstd::encode_all(text, 1).expect("memory"),
    }
}

/// What a text is like.
#[derive(Clone, Copy, Debug)]
struct Shape {
    mark: bool,
    carriage_returns: bool,
    open_end: bool,
}

fn shapes() -> impl Strategy<Value = Shape> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(mark, carriage_returns, open_end)| {
        Shape {
            mark,
            carriage_returns,
            open_end,
        }
    })
}

fn text(header: &str, rows: &[String], shape: Shape) -> String {
    let end = if shape.carriage_returns { "\r\n" } else { "\n" };
    let mut text = if shape.mark { "\u{feff}" } else { "" }.to_owned();
    for row in std::iter::once(header).filter(|header| !header.is_empty()) {
        text.push_str(row);
        text.push_str(end);
    }
    for row in rows {
        text.push_str(row);
        text.push_str(end);
    }
    if shape.open_end && !rows.is_empty() {
        text.truncate(text.len() - end.len());
    }
    text
}

/// Writes texts to files, and reads them with and without restarts.
fn check(
    decoding: &Decoding,
    texts: &[String],
    chunk: usize,
    cuts: &[bool],
) -> Result<(), TestCaseError> {
    for compression in ["", ".gz", ".zst"] {
        let directory = tempfile::tempdir().expect("a directory");
        let mut paths = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let path = directory.path().join(format!("{index}.txt{compression}"));
            fs::write(&path, compress(compression, text.as_bytes())).expect("a file");
            paths.push(path);
        }
        let open = || -> Box<dyn Source> {
            let source = FileSource::new(paths.clone(), decoding.clone(), clock());
            Box::new(source.in_chunks_of(chunk))
        };
        let expected = read(&open, &[]);
        prop_assert_eq!(read(&open, cuts), expected, "{}", compression);
    }
    Ok(())
}

fn texts(
    header: &'static str,
    rows: impl Strategy<Value = String>,
) -> impl Strategy<Value = Vec<String>> {
    let text = (prop::collection::vec(rows, 0..150), shapes())
        .prop_map(move |(rows, shape)| text(header, &rows, shape));
    prop::collection::vec(text, 1..4)
}

fn cuts() -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(any::<bool>(), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn json_goes_on_where_it_was(
        texts in texts("", json_lines().prop_map(|(line, _)| line)),
        chunk in 1_usize..3000,
        batch_rows in 1_usize..20,
        cuts in cuts(),
    ) {
        let columns = "ts: timestamp, n: int64, s: utf8";
        let mut decoding = decoding(Format::Json, columns, Some(EventTimeUnit::Millis));
        decoding.batch_rows = batch_rows;
        check(&decoding, &texts, chunk, &cuts)?;
    }

    #[test]
    fn csv_goes_on_where_it_was(
        texts in texts("n,ts,s", csv_rows().prop_map(|(row, _)| row)),
        chunk in 1_usize..3000,
        batch_rows in 1_usize..20,
        cuts in cuts(),
    ) {
        let columns = "ts: timestamp, n: int64, s: utf8";
        let mut decoding = decoding(Format::Csv, columns, Some(EventTimeUnit::Millis));
        decoding.batch_rows = batch_rows;
        check(&decoding, &texts, chunk, &cuts)?;
    }

    #[test]
    fn lines_go_on_where_they_were(
        texts in texts("", ".{0,60}"),
        chunk in 1_usize..3000,
        batch_rows in 1_usize..20,
        cuts in cuts(),
    ) {
        let mut decoding = decoding(Format::Lines, "line: utf8", None);
        decoding.batch_rows = batch_rows;
        check(&decoding, &texts, chunk, &cuts)?;
    }

    #[test]
    fn parquet_goes_on_where_it_was(
        rows in prop::collection::vec((any::<i32>(), 0..10), 0..80),
        row_group in 1_usize..30,
        batch_rows in 1_usize..20,
        cuts in cuts(),
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.parquet");
        write_parquet(&path, &rows, row_group);
        let columns = "ts: timestamp, n: int32";
        let mut decoding = decoding(Format::Parquet, columns, Some(EventTimeUnit::Millis));
        decoding.batch_rows = batch_rows;
        let open = || -> Box<dyn Source> {
            let paths = vec![path.clone()];
            Box::new(FileSource::new(paths, decoding.clone(), clock()))
        };
        prop_assert_eq!(read(&open, &cuts), read(&open, &[]));
    }

    #[test]
    fn readings_go_on_where_they_were(
        seed in any::<u64>(),
        rows in 0_u64..200,
        rate in prop::option::of(100_000_u64..1_000_000),
        disorder in 0.0..1.0,
        batch_rows in 1_usize..20,
        cuts in cuts(),
    ) {
        let config = GeneratorConfig { rows: Some(rows), rate, batch_rows, disorder, ..generator(seed) };
        let open = || -> Box<dyn Source> {
            Box::new(GeneratorSource::new(config.clone()).expect("a generator"))
        };
        prop_assert_eq!(read(&open, &cuts), read(&open, &[]));
    }
}

fn generator(seed: u64) -> GeneratorConfig {
    GeneratorConfig {
        seed,
        rows: Some(100),
        rate: None,
        sensors: 20,
        start_millis: 1_704_067_200_000,
        step_millis: 100,
        disorder: 0.1,
        max_disorder: crate::time::Duration::from_secs(5),
        batch_rows: 10,
    }
}

/// Rows of which some do not fit the columns that are asked for.
fn write_parquet(path: &Path, rows: &[(i32, i32)], row_group: usize) {
    let numbers = rows.iter().map(|&(number, kind)| match kind {
        0 => None,
        1 => Some(i64::MAX),
        _ => Some(i64::from(number)),
    });
    let times = rows
        .iter()
        .map(|&(number, kind)| (kind != 2).then_some(i64::from(number)));
    let columns: [(&str, ArrayRef, bool); 2] = [
        ("n", Arc::new(numbers.collect::<Int64Array>()), true),
        (
            "ts",
            Arc::new(times.collect::<TimestampMillisecondArray>()),
            true,
        ),
    ];
    let rows = RecordBatch::try_from_iter_with_nullable(columns).expect("columns");
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(row_group))
        .build();
    let file = fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a file");
}

#[test]
fn a_row_that_is_too_long_is_given_up_once() {
    let long = "x".repeat(17 << 20);
    let mut decoding = decoding(Format::Lines, "line: utf8", None);
    decoding.batch_rows = 1;
    let text = format!("a\n{long}\nb\n{long}");
    check(&decoding, &[text], 1 << 20, &[true]).expect("the same rows");
}

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
        let paths = super::resolve_paths(self.0.path()).expect("files");
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
        assert_eq!(shown.replace(&directory, ""), expected);
    }

    /// The rows that are left, file by file.
    fn rest(&self, before: &SourceProgress) -> Vec<String> {
        let mut source = self.open();
        source.resume(before).expect("it can be read on");
        let mut rows = Vec::new();
        while let Some(mut partition) = source.next_partition().expect("a partition") {
            let all = super::harness::read_all(partition.as_mut()).expect("rows");
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
            format!("cannot go on in `{}` {expected}", path.display())
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
         last bytes are others now",
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
        Err("cannot go on with other readings: `seed` of the generator was 1, and is 2 now".into())
    );
    let fewer = GeneratorConfig {
        rows: Some(9),
        ..generator(1)
    };
    assert_eq!(
        resume(fewer),
        Err("cannot go on: the generator has made 10 readings, and `rows` is 9 now".into())
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
