//! Sources that are dropped and opened again give the rows of those that are not.

mod examples;

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
        let position = |partition: &dyn Partition| {
            let position = partition.position().expect("a position");
            let text = position.0.to_string();
            let position = serde_json::from_str(&text).expect("what was written");
            (Arc::clone(partition.name()), ReadPosition(position))
        };
        let open = self.open.iter().map(|open| position(open.as_ref()));
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

pub(super) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(NOW))
}

pub(super) fn compress(compression: &str, text: &[u8]) -> Vec<u8> {
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

pub(super) fn texts(
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
