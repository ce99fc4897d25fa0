//! What a footer tells of the earliest event time.

use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::*;
use crate::time::{Duration, Timestamp};

/// The earliest time that a file tells which has these times, two in each row group.
fn earliest(times: ArrayRef, unit: EventTimeUnit) -> Option<Timestamp> {
    open(times, EnabledStatistics::Chunk, &by(unit)).earliest()
}

fn by(unit: EventTimeUnit) -> Decoding {
    decoding(Format::Parquet, "ts: timestamp", Some(unit))
}

fn open(times: ArrayRef, statistics: EnabledStatistics, decoding: &Decoding) -> ParquetPartition {
    let rows = RecordBatch::try_from_iter_with_nullable([("ts", times, true)]).expect("a column");
    let file = tempfile::NamedTempFile::new().expect("a file");
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(2))
        .set_statistics_enabled(statistics)
        .build();
    let mut writer =
        ArrowWriter::try_new(&file, rows.schema(), Some(properties)).expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a file");
    let columns = Columns::new(decoding, Arc::new(ManualClock::new(NOW)));
    let file = Unread::whole(file.path().to_path_buf());
    ParquetPartition::open(&file, decoding, columns).expect("a file")
}

fn micros(micros: i64) -> Option<Timestamp> {
    Some(Timestamp::from_micros(micros))
}

#[test]
fn the_least_of_all_row_groups_counts() {
    let numbers = || column(Int64Array::from(vec![7, 9, 8, 3, 5]));
    assert_eq!(earliest(numbers(), EventTimeUnit::Millis), micros(3_000));
    assert_eq!(
        earliest(numbers(), EventTimeUnit::Seconds),
        micros(3_000_000)
    );
    let nanos = column(TimestampNanosecondArray::from(vec![5_999, -1, 7]));
    assert_eq!(earliest(nanos, EventTimeUnit::Millis), micros(-1));
    let zoned = TimestampMillisecondArray::from(vec![5, 4, 3]).with_timezone("+02:00");
    assert_eq!(
        earliest(column(zoned), EventTimeUnit::Millis),
        micros(3_000)
    );
    let days = column(Date32Array::from(vec![2, 1, 3]));
    assert_eq!(
        earliest(days, EventTimeUnit::Millis),
        micros(86_400_000_000)
    );
    let some = column(Int64Array::from(vec![Some(7), None, Some(4)]));
    assert_eq!(earliest(some, EventTimeUnit::Millis), micros(4_000));
}

#[test]
fn a_file_that_has_been_read_in_part_tells_nothing() {
    let file = write(vec![("ts", column(Int64Array::from(vec![1, 2, 3])))]);
    let decoding = Decoding {
        batch_rows: 1,
        ..by(EventTimeUnit::Millis)
    };
    let mut partition = file.open(&decoding).expect("a file");
    for (rows, expected) in [(0, micros(1_000)), (1, None)] {
        let again = Unread {
            position: partition.position(),
            ..Unread::whole(file.0.path().to_path_buf())
        };
        let columns = Columns::new(&decoding, Arc::new(ManualClock::new(NOW)));
        let again = ParquetPartition::open(&again, &decoding, columns).expect("a file");
        assert_eq!(again.earliest(), expected, "behind {rows} rows");
        partition.read().expect("a row");
    }
}

#[test]
fn it_is_unknown_if_a_row_group_does_not_tell_it_or_tells_none() {
    let numbers = || column(Int64Array::from(vec![7, 9, 3]));
    let decoding = by(EventTimeUnit::Millis);
    let untold = open(numbers(), EnabledStatistics::None, &decoding);
    assert_eq!(untold.earliest(), None);
    let texts = column(StringArray::from(vec!["1970-01-01T00:00:01Z"]));
    assert_eq!(earliest(texts, EventTimeUnit::Rfc3339), None);
    let absurd = column(Int64Array::from(vec![1, 2, i64::MIN]));
    assert_eq!(earliest(absurd, EventTimeUnit::Millis), None);
    let nulls = column(Int64Array::from(vec![Some(1), Some(2), None]));
    assert_eq!(earliest(nulls, EventTimeUnit::Millis), None);
    let no_times = decoding_of("ts: int64");
    assert_eq!(
        open(numbers(), EnabledStatistics::Chunk, &no_times).earliest(),
        None
    );
    // Rows that are too far ahead are bad.
    let mut ahead = by(EventTimeUnit::Seconds);
    ahead.max_ahead = Some(Duration::from_secs(60));
    let now = NOW.as_micros() / 1_000_000;
    let times = |first| column(Int64Array::from(vec![first, first + 1]));
    let near = open(times(now + 60), EnabledStatistics::Chunk, &ahead);
    assert_eq!(near.earliest(), micros((now + 60) * 1_000_000));
    let far = open(times(now + 61), EnabledStatistics::Chunk, &ahead);
    assert_eq!(far.earliest(), None);
}

fn decoding_of(columns: &str) -> Decoding {
    decoding(Format::Parquet, columns, None)
}
