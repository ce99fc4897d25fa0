//! Files that are decoded ahead give what they give to one thread: the same rows in the same batches, the same bad rows and
//! errors, and the same positions behind each read.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::{
    arrow::ArrowWriter,
    basic::Compression,
    file::properties::{WriterProperties, WriterVersion},
};
use proptest::prelude::*;

use super::{
    Decoding, EventTimeUnit, Format, Partition, Read, ReadPosition, Source as _, SourceProgress,
    file_source::FileSource,
    harness::{decoding, listing},
    resume_tests::{clock, compress, texts},
    text::tests::{csv_rows, json_lines},
};

/// What a read gives, and where the partition is then.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    /// Rows with their numbers and where they are from, and bad rows with reasons and what was read.
    rows: Vec<String>,
    /// How many rows are good, and how many bytes there were.
    counts: Option<(usize, u64)>,
    position: Option<ReadPosition>,
    end: Option<Result<(), String>>,
}

fn source(path: &Path, decoding: &Decoding, chunk: usize, threads: usize) -> FileSource {
    let source = FileSource::new(vec![path.to_path_buf()], decoding.clone(), clock());
    let mut source = source.in_chunks_of(chunk).ahead_from(0);
    source.decode_ahead(threads);
    source
}

fn step(partition: &mut dyn Partition) -> Step {
    let mut step = Step {
        rows: Vec::new(),
        counts: None,
        position: None,
        end: None,
    };
    match partition.read() {
        Ok(Read::Rows(decoded)) => {
            step.counts = Some((decoded.batch.rows(), decoded.bytes));
            let rejected = decoded.rejected.clone();
            step.rows = listing(&[decoded]);
            step.rows
                .extend(rejected.iter().map(|bad| format!("{bad:?}")));
        }
        Ok(Read::Idle | Read::Watermark(_)) => {}
        Ok(Read::End) => step.end = Some(Ok(())),
        Err(error) => step.end = Some(Err(format!("{error:#}"))),
    }
    step.position = partition.position();
    step
}

fn steps(source: &FileSource) -> Vec<Step> {
    let mut partition = match source.next_partition() {
        Ok(partition) => partition.expect("the first"),
        Err(error) => {
            return vec![Step {
                rows: Vec::new(),
                counts: None,
                position: None,
                end: Some(Err(format!("{error:#}"))),
            }];
        }
    };
    let mut steps = Vec::new();
    while steps.last().is_none_or(|last: &Step| last.end.is_none()) {
        steps.push(step(partition.as_mut()));
    }
    steps
}

/// Reads a file with one thread and with several, from its beginning and from where it may have been left.
fn check(path: &Path, decoding: &Decoding, chunk: usize) -> Result<(), TestCaseError> {
    let expected = steps(&source(path, decoding, chunk, 1));
    for threads in [2, 3, 7] {
        let found = steps(&source(path, decoding, chunk, threads));
        prop_assert_eq!(&found, &expected, "{} threads", threads);
    }
    // Some of many, others each time.
    let every = expected.len() / 8 + 1;
    for (index, step) in expected.iter().enumerate() {
        if index % every != chunk % every {
            continue;
        }
        let Some(position) = step.position.clone() else {
            continue;
        };
        let before = SourceProgress {
            open: vec![(path.display().to_string().into(), position)],
            finished: Vec::new(),
        };
        let mut source = source(path, decoding, chunk, 2);
        source.resume(&before).expect("it can be read on");
        let rest = steps(&source);
        let rows = |steps: &[Step]| -> Vec<Vec<String>> {
            steps.iter().map(|step| step.rows.clone()).collect()
        };
        // What comes after an error comes to the same.
        let from = (index + 1).min(expected.len() - 1);
        prop_assert_eq!(rows(&rest), rows(&expected[from..]), "from {}", index);
        prop_assert_eq!(&rest[rest.len() - 1].end, &expected[expected.len() - 1].end);
    }
    Ok(())
}

/// Writes a text to files, whole and broken off, and reads each.
fn check_text(decoding: &Decoding, text: &str, chunk: usize) -> Result<(), TestCaseError> {
    let directory = tempfile::tempdir().expect("a directory");
    for compression in ["", ".gz", ".zst"] {
        let path = directory.path().join(format!("a.txt{compression}"));
        let bytes = compress(compression, text.as_bytes());
        fs::write(&path, &bytes).expect("a file");
        check(&path, decoding, chunk)?;
        if !compression.is_empty() {
            fs::write(&path, &bytes[..bytes.len() * 2 / 3]).expect("a file");
            let broken = steps(&source(&path, decoding, chunk, 1));
            for threads in [2, 3] {
                let found = steps(&source(&path, decoding, chunk, threads));
                prop_assert_eq!(&found, &broken, "{} threads", threads);
            }
        }
    }
    Ok(())
}

fn decoded(format: Format, batch_rows: usize) -> Decoding {
    let columns = "ts: timestamp, n: int64, s: utf8";
    let mut decoding = decoding(format, columns, Some(EventTimeUnit::Millis));
    decoding.batch_rows = batch_rows;
    decoding
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn json_is_the_same(
        texts in texts("", json_lines().prop_map(|(line, _)| line)),
        chunk in 1_usize..3000,
        batch_rows in 1_usize..30,
    ) {
        check_text(&decoded(Format::Json, batch_rows), &texts[0], chunk)?;
    }

    #[test]
    fn csv_is_the_same(
        texts in texts("n,ts,s", csv_rows().prop_map(|(row, _)| row)),
        chunk in 1_usize..3000,
        batch_rows in 1_usize..30,
    ) {
        check_text(&decoded(Format::Csv, batch_rows), &texts[0], chunk)?;
    }

    #[test]
    fn lines_are_the_same(
        texts in texts("", ".{0,60}"),
        chunk in 1_usize..3000,
        batch_rows in 1_usize..30,
    ) {
        let mut lines = decoding(Format::Lines, "line: utf8", None);
        lines.batch_rows = batch_rows;
        check_text(&lines, &texts[0], chunk)?;
    }

    #[test]
    fn bad_headers_are_the_same(
        header in prop_oneof![Just("n,ts"), Just("\"n"), Just("n,ts,s,n"), Just("\u{1}")],
        chunk in 1_usize..10,
    ) {
        check_text(&decoded(Format::Csv, 3), &format!("{header}\n1,2,3\n"), chunk)?;
    }
}

/// Rows of a Parquet file, some with null times or texts that are long.
fn parquet_rows() -> impl Strategy<Value = Vec<(Option<i64>, i64, Option<String>)>> {
    let text = prop_oneof![
        4 => "[a-c]{0,3}",
        1 => ".{0,40}",
        1 => Just("long ".repeat(500)),
    ];
    let row = (
        prop::option::weighted(0.95, 0_i64..1_000_000),
        0_i64..5,
        prop::option::weighted(0.9, text),
    );
    prop::collection::vec(row, 0..400)
}

/// Where rows of a Parquet file end up together: in how many rows of a row group, a page, and a write to it.
fn layouts() -> impl Strategy<Value = WriterProperties> {
    (1_usize..200, 1_usize..40, any::<[bool; 3]>()).prop_map(
        |(group, page, [dictionary, new, packed])| {
            let version = match new {
                true => WriterVersion::PARQUET_2_0,
                false => WriterVersion::PARQUET_1_0,
            };
            let compression = match packed {
                true => Compression::SNAPPY,
                false => Compression::UNCOMPRESSED,
            };
            WriterProperties::builder()
                .set_max_row_group_row_count(Some(group))
                .set_data_page_row_count_limit(page)
                .set_write_batch_size(page.div_ceil(2))
                .set_dictionary_enabled(dictionary)
                .set_writer_version(version)
                .set_compression(compression)
                .build()
        },
    )
}

fn write_parquet(
    path: &Path,
    rows: &[(Option<i64>, i64, Option<String>)],
    layout: WriterProperties,
) {
    let times: Int64Array = rows.iter().map(|row| row.0).collect();
    let numbers = Int64Array::from_iter_values(rows.iter().map(|row| row.1));
    let texts: StringArray = rows.iter().map(|row| row.2.as_deref()).collect();
    let columns: [(&str, ArrayRef, bool); 3] = [
        ("ts", Arc::new(times), true),
        ("n", Arc::new(numbers), false),
        ("s", Arc::new(texts), true),
    ];
    let rows = RecordBatch::try_from_iter_with_nullable(columns).expect("columns");
    let file = fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(layout)).expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a file");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn parquet_is_the_same(
        rows in parquet_rows(),
        layout in layouts(),
        batch_rows in 1_usize..60,
        damage in prop::option::weighted(0.3, any::<(prop::sample::Index, u8)>()),
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.parquet");
        write_parquet(&path, &rows, layout);
        let decoding = decoded(Format::Parquet, batch_rows);
        let Some((place, byte)) = damage else {
            return check(&path, &decoding, batch_rows);
        };
        let mut bytes = fs::read(&path).expect("a file");
        let place = place.index(bytes.len());
        bytes[place] = byte;
        fs::write(&path, bytes).expect("a file");
        let expected = steps(&source(&path, &decoding, 1, 1));
        for threads in [2, 3, 7] {
            let found = steps(&source(&path, &decoding, 1, threads));
            prop_assert_eq!(&found, &expected, "{} threads", threads);
        }
    }
}

/// Rows that are read, and the end, of a file that something happens to once its first batch has been read.
fn read_while(name: &str, change: impl FnOnce(&Path)) -> (usize, Result<(), String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let path: PathBuf = directory.path().join(name);
    fs::write(&path, "row\n".repeat(3000)).expect("a file");
    let mut lines = decoding(Format::Lines, "line: utf8", None);
    lines.batch_rows = 100;
    let source = source(&path, &lines, 1000, 2);
    let mut partition = source.next_partition().expect("a file").expect("one");
    let mut rows = 0;
    let mut change = Some(change);
    loop {
        let step = step(partition.as_mut());
        rows += step.rows.len();
        if let Some(end) = step.end {
            return (rows, end);
        }
        if let Some(change) = change.take() {
            change(&path);
        }
    }
}

#[test]
fn a_file_that_is_cut_while_it_is_read_is_an_error() {
    let (rows, end) = read_while("a.txt", |path| {
        let file = fs::File::options().write(true).open(path).expect("a file");
        file.set_len(5000).expect("cut");
    });
    assert_eq!(rows, 1250);
    let error = end.expect_err("an error");
    assert!(
        error.starts_with("the input breaks off in line 1251: `")
            && error
                .ends_with("was cut while it was read, to 5000 of 12000 bytes: rows may be lost"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_replaced_or_removed_is_read_to_its_end() {
    let (rows, end) = read_while("a.txt", |path| {
        fs::write(path.with_extension("new"), "other\n").expect("a file");
        fs::rename(path.with_extension("new"), path).expect("replaced");
    });
    assert_eq!((rows, end), (3000, Ok(())));
    let (rows, end) = read_while("a.txt", |path| fs::remove_file(path).expect("removed"));
    assert_eq!((rows, end), (3000, Ok(())));
}
