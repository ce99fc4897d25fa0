//! For tests: texts from memory, and what they decode to as lines of text.

use std::{sync::Arc, time::Duration};

use arrow::{
    array::{Array, RecordBatch},
    util::display::{ArrayFormatter, FormatOptions},
};

use super::{
    Decoded, Decoding, EventTime, EventTimeUnit, Format, Partition, Read,
    text::{Bytes, Fill, TextPartition},
};
use crate::{
    batch::{Batch, DataType, Field, Schema},
    time::{ManualClock, Timestamp},
};

/// The instant at which the clock of the tests stands: 2024-01-01.
pub(super) const NOW: Timestamp = Timestamp::from_micros(1_704_067_200_000_000);

/// How to read columns given as `name: type`, separated by commas. A column `ts` of type
/// `timestamp` is the event time if there is a unit for it.
pub(super) fn decoding(format: Format, columns: &str, unit: Option<EventTimeUnit>) -> Decoding {
    let schema = schema(columns);
    let event_time = unit.map(|unit| EventTime {
        column: schema.find("ts").expect("a column `ts`").0,
        unit,
    });
    Decoding {
        format,
        schema,
        event_time,
        max_ahead: None,
        batch_rows: 1000,
    }
}

/// The columns given as `name: type`, separated by commas.
pub(super) fn schema(columns: &str) -> Schema {
    let field = |column: &str| {
        let (name, kind) = column.split_once(':').expect("a name and a type");
        let kind = DataType::from_name(kind.trim()).expect("a type");
        Field::nullable(name.trim(), kind)
    };
    let columns = columns.split(',').filter(|column| !column.is_empty());
    Schema::new(columns.map(field).collect()).expect("different names")
}

/// A text in memory, handed out a few bytes at a time.
struct Memory {
    text: Vec<u8>,
    taken: usize,
    chunk: usize,
}

impl Bytes for Memory {
    fn fill(&mut self, buffer: &mut Vec<u8>, _wait: Duration) -> anyhow::Result<Fill> {
        let rest = &self.text[self.taken..];
        let chunk = &rest[..rest.len().min(self.chunk)];
        buffer.extend_from_slice(chunk);
        self.taken += chunk.len();
        Ok(if chunk.is_empty() {
            Fill::End
        } else {
            Fill::Some
        })
    }

    fn taken(&self) -> u64 {
        self.taken as u64
    }
}

/// A partition named `in` with this text.
pub(super) fn text_partition(decoding: &Decoding, text: &[u8], chunk: usize) -> impl Partition {
    let memory = Memory {
        text: text.to_vec(),
        taken: 0,
        chunk,
    };
    TextPartition::new(
        "in".into(),
        memory,
        decoding,
        Arc::new(ManualClock::new(NOW)),
    )
}

/// Reads a partition to its end, waiting for rows if need be.
pub(super) fn read_all(partition: &mut dyn Partition) -> anyhow::Result<Vec<Decoded>> {
    let mut all = Vec::new();
    loop {
        match partition.read()? {
            Read::Rows(decoded) => all.push(decoded),
            Read::Idle | Read::Watermark(_) => {}
            Read::End => return Ok(all),
        }
    }
}

/// Every row, good or bad, in order: its number and values, or its number and the reason.
pub(super) fn listing(all: &[Decoded]) -> Vec<String> {
    let mut rows: Vec<(u64, String)> = Vec::new();
    for decoded in all {
        check_batch(&decoded.batch);
        for (row, values) in values(decoded.batch.record()).into_iter().enumerate() {
            let position = decoded.batch.origin().position(row).expect("an origin");
            rows.push((position.number, values));
        }
        for bad in &decoded.rejected {
            rows.push((bad.position.number, format!("BAD {}", bad.reason)));
        }
    }
    rows.sort_by_key(|&(number, _)| number);
    rows.into_iter()
        .map(|(number, text)| format!("{number}: {text}"))
        .collect()
}

/// The values of each row, separated by bars; null is `-`.
pub(super) fn values(record: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("-");
    let columns = record.columns().iter().map(|column| {
        let column = match column.data_type() {
            arrow::datatypes::DataType::Timestamp(unit, Some(_)) => {
                let plain = arrow::datatypes::DataType::Timestamp(*unit, None);
                arrow::compute::cast(column, &plain).expect("only the zone changes")
            }
            _ => Arc::clone(column),
        };
        let formatter = ArrayFormatter::try_new(&column, &options).expect("a formatter");
        (0..column.len())
            .map(|row| formatter.value(row).to_string())
            .collect::<Vec<_>>()
    });
    let columns: Vec<_> = columns.collect();
    (0..record.num_rows())
        .map(|row| {
            let values: Vec<_> = columns.iter().map(|column| column[row].as_str()).collect();
            values.join("|")
        })
        .collect()
}

/// What every batch of a source promises.
#[track_caller]
fn check_batch(batch: &Batch) {
    let Some(times) = batch.times() else { return };
    assert_eq!(times.len(), batch.rows());
    let shared = batch.record().columns().iter().any(|column| {
        let column = column.to_data();
        column.null_count() == 0
            && column
                .buffers()
                .first()
                .is_some_and(|buffer| buffer.as_ptr() == times.inner().as_ptr())
    });
    assert!(
        shared || batch.rows() == 0,
        "the times are not those of a column"
    );
}

/// Reads a text in chunks and batches of many sizes; the rows must be `expected` every time.
#[track_caller]
pub(super) fn check_text(decoding: &Decoding, text: impl AsRef<[u8]>, expected: &[&str]) {
    for (chunk, batch_rows) in [(1 << 20, 1000), (1, 1), (7, 3), (64, 1000), (1 << 20, 2)] {
        let decoding = Decoding {
            batch_rows,
            ..decoding.clone()
        };
        let mut partition = text_partition(&decoding, text.as_ref(), chunk);
        let all = read_all(&mut partition).expect("a text that can be read");
        assert!(all.iter().all(|decoded| decoded.batch.rows() <= batch_rows));
        assert_eq!(
            listing(&all),
            expected,
            "chunks of {chunk}, batches of {batch_rows}"
        );
    }
}

/// The error that reading a text ends with.
#[track_caller]
pub(super) fn text_error(decoding: &Decoding, text: impl AsRef<[u8]>) -> String {
    let mut partition = text_partition(decoding, text.as_ref(), 1000);
    let error = read_all(&mut partition).expect_err("an error");
    format!("{error:#}")
}

/// Rows of every type, nulls and extremes among them.
pub(super) fn rows_of_every_type() -> (Schema, Batch) {
    use arrow::array::{
        ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array,
        StringArray, TimestampMicrosecondArray,
    };
    let schema = schema(
        "b: boolean, i: int32, n: int64, f: float32, x: float64, t: timestamp, s: utf8, y: binary",
    );
    let times = vec![Some(0), None, Some(-1), Some(1_704_067_200_123_456)];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(BooleanArray::from(vec![
            Some(true),
            None,
            Some(false),
            None,
        ])),
        Arc::new(Int32Array::from(vec![
            Some(i32::MAX),
            None,
            Some(i32::MIN),
            Some(0),
        ])),
        Arc::new(Int64Array::from(vec![
            Some(i64::MAX),
            None,
            Some(i64::MIN),
            Some(0),
        ])),
        Arc::new(Float32Array::from(vec![
            Some(0.1),
            None,
            Some(-1e-30),
            Some(3e38),
        ])),
        Arc::new(Float64Array::from(vec![
            Some(0.1),
            None,
            Some(-1e-300),
            Some(1e300),
        ])),
        Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")),
        Arc::new(StringArray::from(vec![
            Some("a"),
            None,
            Some("ä,\"\n\r"),
            Some(" "),
        ])),
        Arc::new(BinaryArray::from(vec![
            Some(&b"\x00\xff"[..]),
            None,
            Some(b"a"),
            Some(b"\n"),
        ])),
    ];
    let batch = Batch::new(
        schema.to_arrow(),
        columns,
        4,
        None,
        crate::batch::Origin::Derived,
    );
    (schema, batch.expect("columns of the schema"))
}
