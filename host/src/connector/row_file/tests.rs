//! What is written for a source is read by it as it was.

use super::*;
use crate::{
    batch::Batch,
    connector::{
        SourceConfig,
        harness::{NOW, decoding, read_all, rows_of_every_type, values},
        open_source,
    },
    time::ManualClock,
};

/// The rows of a file, as a source with this decoding reads them.
fn read_back(path: &Path, decoding: &Decoding) -> Vec<String> {
    let config = SourceConfig::File {
        paths: vec![path.to_path_buf()],
        base: PathBuf::new(),
        decoding: decoding.clone(),
    };
    let source = open_source(&config, Arc::new(ManualClock::new(NOW))).expect("a source");
    let mut partition = source.next_partition().expect("a file").expect("one");
    let all = read_all(partition.as_mut()).expect("it can be read");
    assert!(all.iter().all(|decoded| decoded.rejected.is_empty()));
    all.iter()
        .flat_map(|decoded| values(decoded.batch.record()))
        .collect()
}

#[track_caller]
fn check(decoding: &Decoding, rows: &Batch) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows");
    let mut file = RowFile::create(&path, decoding).expect("a file");
    // In two parts.
    for part in [rows.slice(0, 1), rows.slice(1, rows.rows() - 1)] {
        file.write(part.record()).expect("written");
    }
    assert!(!path.exists(), "it is not whole yet");
    file.finish().expect("finished");
    assert_eq!(read_back(&path, decoding), values(rows.record()));
    let error = RowFile::create(&path, decoding).err().expect("an error");
    assert!(error.to_string().contains("is there already"), "{error}");
}

#[test]
fn rows_of_every_type_come_back_in_every_format() {
    let (schema, rows) = rows_of_every_type();
    for format in [Format::Json, Format::Csv, Format::Parquet] {
        let decoding = Decoding {
            schema: schema.clone(),
            ..decoding(format, "", None)
        };
        check(&decoding, &rows);
    }
}

#[test]
fn event_times_are_spelled_as_the_source_reads_them() {
    let column: ArrayRef = Arc::new(
        arrow::array::TimestampMicrosecondArray::from(vec![1_704_067_200_000_000, -5_000_000])
            .with_timezone("UTC"),
    );
    for unit in [
        EventTimeUnit::Seconds,
        EventTimeUnit::Millis,
        EventTimeUnit::Micros,
        EventTimeUnit::Nanos,
        EventTimeUnit::Rfc3339,
        EventTimeUnit::Pattern("%d.%m.%Y %H:%M:%S".to_owned()),
    ] {
        for format in [Format::Json, Format::Csv, Format::Parquet] {
            let decoding = decoding(format, "ts: timestamp", Some(unit.clone()));
            let columns = vec![Arc::clone(&column)];
            let rows = Batch::new(
                decoding.schema.to_arrow(),
                columns,
                2,
                None,
                crate::batch::Origin::Derived,
            );
            check(&decoding, &rows.expect("a batch"));
        }
    }
}

#[test]
fn lines_stay_lines() {
    let decoding = decoding(Format::Lines, "line: utf8", None);
    for lines in [
        ["a,b", " \"c\""],
        ["a\r", "\r"],
        ["\u{feff}a", "\u{feff}b\r"],
    ] {
        let column: ArrayRef = Arc::new(StringArray::from(lines.to_vec()));
        let schema = decoding.schema.to_arrow();
        let rows = Batch::new(schema, vec![column], 2, None, crate::batch::Origin::Derived);
        check(&decoding, &rows.expect("a batch"));
    }
}

#[test]
fn an_event_time_that_is_null_stays_null() {
    let micros = arrow::array::PrimitiveArray::<TimestampMicrosecondType>::new(
        vec![7_000_000].into(),
        Some(vec![false].into()),
    );
    let column: ArrayRef = Arc::new(micros.with_timezone("UTC"));
    let rows = RecordBatch::try_from_iter_with_nullable([("ts", column, true)]).expect("rows");
    for unit in [
        EventTimeUnit::Millis,
        EventTimeUnit::Rfc3339,
        EventTimeUnit::Pattern("%d.%m.%Y".to_owned()),
    ] {
        let decoding = decoding(Format::Json, "ts: timestamp", Some(unit));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows");
        let mut file = RowFile::create(&path, &decoding).expect("a file");
        file.write(&rows).expect("written");
        file.finish().expect("finished");
        let text = std::fs::read_to_string(&path).expect("a text");
        assert_eq!(text, "{\"ts\":null}\n");
    }
}
