//! Any bytes as the input of a source: nothing panics, and how they come in pieces changes nothing.

use std::{io::Write as _, sync::Arc};

use super::{
    Decoding, EventTimeUnit, Format, Partition as _, Read,
    format::{Columns, ParquetPartition},
    harness::{NOW, decoding, listing, read_all, text_partition},
    position::Unread,
};
use crate::time::ManualClock;

/// Columns of every type.
const COLUMNS: &str = "ts: timestamp, b: boolean, i: int32, n: int64, f: float32, x: float64, t: timestamp, \
                       s: utf8, y: binary";

/// The first two bytes say which format the others are, how the event time is spelled, and in how large
/// pieces they come.
pub fn fuzz_text(data: &[u8]) {
    let Some((&[how, size], text)) = data.split_first_chunk() else {
        return;
    };
    let unit = match how >> 4 & 3 {
        0 => None,
        1 => Some(EventTimeUnit::Millis),
        2 => Some(EventTimeUnit::Rfc3339),
        _ => Some(EventTimeUnit::Pattern("%Y-%m-%d %H:%M".to_owned())),
    };
    let whole = match how & 3 {
        0 => decoding(Format::Lines, "line: utf8", None),
        1 => decoding(Format::Csv, COLUMNS, unit),
        _ => decoding(Format::Json, COLUMNS, unit),
    };
    let pieces = Decoding {
        batch_rows: 1 + usize::from(size >> 4),
        ..whole.clone()
    };
    let read = |decoding: &Decoding, chunk: usize| {
        let all = read_all(&mut text_partition(decoding, text, chunk));
        all.map(|all| listing(&all))
            .map_err(|error| format!("{error:#}"))
    };
    let whole = read(&whole, 1 << 20);
    let pieces = read(&pieces, 1 + usize::from(size & 0xf));
    assert_eq!(whole, pieces, "pieces make no difference");
    // Every row is accounted for once.
    if let Ok(rows) = whole {
        let numbers = rows
            .iter()
            .map(|row| row.split_once(':').map(|(number, _)| number));
        let numbers: Vec<_> = numbers.collect();
        assert!(
            numbers.windows(2).all(|pair| pair[0] != pair[1]),
            "{rows:?}"
        );
    }
}

/// A file with these bytes.
pub fn fuzz_parquet(data: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(data).expect("room for it");
    let mut decoding = decoding(Format::Parquet, "n: int64, s: utf8", None);
    if let Ok(found) = super::parquet_schema(file.path()) {
        decoding.schema = found.schema;
    }
    let columns = Columns::new(&decoding, Arc::new(ManualClock::new(NOW)));
    let unread = Unread::whole(file.path().to_path_buf());
    let Ok(mut partition) = ParquetPartition::open(&unread, &decoding, columns) else {
        return;
    };
    // Pages of nulls may stand for more rows than anybody waits for.
    for _ in 0..100 {
        match partition.read() {
            Ok(Read::Rows(_)) => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_fuzzing_begins_with_does_no_harm() {
        crate::corpus("text")
            .iter()
            .for_each(|data| super::fuzz_text(data));
        crate::corpus("parquet")
            .iter()
            .for_each(|data| super::fuzz_parquet(data));
    }
}
