//! Files that are damaged, lie, or mean more than they have.

mod crafted_pages;

use std::ops::Range;

use arrow::array::{BinaryDictionaryBuilder, FixedSizeBinaryArray, StringDictionaryBuilder};
use parquet::{
    basic::{Compression, Encoding},
    file::{
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder},
        reader::FileReader as _,
        serialized_reader::SerializedFileReader,
    },
};

use super::*;

/// A file with these bytes.
fn file(bytes: &[u8]) -> Written {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("bytes");
    Written(file)
}

impl Written {
    fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.0.path()).expect("bytes")
    }

    /// The rows that come out, and the error at the end.
    fn read_on(&self, columns: &str) -> (Vec<String>, Option<String>) {
        let mut decoding = decoding(Format::Parquet, columns, None);
        decoding.batch_rows = 10;
        let (mut all, mut end) = (Vec::new(), Ok(()));
        for threads in [1, 2, 5] {
            let threads = NonZero::new(threads).expect("there are some");
            let (found, found_end) = match self.open(&decoding) {
                Ok(partition) if threads.get() == 1 => read_on(partition),
                Ok(partition) => read_on(partition.ahead(threads)),
                Err(error) => (Vec::new(), Err(error)),
            };
            if threads.get() > 1 {
                assert_eq!(listing(&found), listing(&all), "{threads} threads");
                assert_eq!(told(&found_end), told(&end), "{threads} threads");
            }
            (all, end) = (found, found_end);
        }
        let path = self.0.path().display().to_string();
        let error = end
            .err()
            .map(|error| format!("{error:#}").replace(&path, "in"));
        (listing(&all), error)
    }

    #[track_caller]
    fn check_damage(&self, expected: &str) {
        let (_, error) = self.read_on("n: int64, s: utf8");
        let error = error.expect("an error");
        assert!(
            error.contains(expected) && error.contains("`in`"),
            "{error}"
        );
    }
}

/// Numbers and words, in row groups of 100 rows.
fn words(rows: i64) -> Written {
    let words = (0..rows).map(|row| ["some", "words", "come", "again"][row as usize % 4]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", column(Int64Array::from_iter_values(0..rows))),
        ("s", column(StringArray::from_iter_values(words))),
    ];
    let rows = RecordBatch::try_from_iter(columns).expect("columns");
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(100))
        .set_data_page_row_count_limit(20)
        .set_write_batch_size(20)
        .build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a file");
    file(&bytes)
}

#[test]
fn files_that_break_off_are_an_error() {
    let whole = words(300).bytes();
    for length in [
        0,
        4,
        7,
        8,
        100,
        whole.len() / 2,
        whole.len() - 9,
        whole.len() - 1,
    ] {
        file(&whole[..length]).check_damage("cannot read `in` as parquet");
    }
    // The end is there, and the beginning is not.
    file(&whole[whole.len() / 2..]).check_damage("damaged");
}

/// Where a column of a row group begins and ends.
fn place(written: &Written, group: usize, column: usize) -> Range<usize> {
    let file = written.0.reopen().expect("a file");
    let reader = SerializedFileReader::new(file).expect("a footer");
    let (start, length) = reader
        .metadata()
        .row_group(group)
        .column(column)
        .byte_range();
    start as usize..(start + length) as usize
}

#[test]
fn rows_before_a_damaged_page_are_given_before_the_error() {
    let whole = words(300);
    let mut bytes = whole.bytes();
    let end = place(&whole, 1, 0).end;
    let scratch = bytes[end - 40..end].iter_mut();
    scratch.for_each(|byte| *byte ^= 0x5a);
    let (rows, error) = file(&bytes).read_on("n: int64, s: utf8");
    let error = error.expect("an error");
    assert!((100..200).contains(&rows.len()), "{} rows", rows.len());
    assert_eq!(rows[99], "100: 99|again");
    let behind = format!("cannot read `in` behind row {}", rows.len());
    assert!(error.starts_with(&behind), "{error}");
}

#[test]
fn rows_before_a_page_that_is_none_are_given_before_the_error() {
    for (group, column, name) in [(2, 0, "n"), (2, 1, "s"), (1, 1, "s")] {
        let whole = words(300);
        let mut bytes = whole.bytes();
        let start = place(&whole, group, column).start;
        bytes[start..start + 20].fill(0xff);
        let (rows, error) = file(&bytes).read_on("n: int64, s: utf8");
        assert_eq!(rows.len(), group * 100);
        let expected = format!(
            "cannot read `in` behind row {}: column `{name}` of row group {group} is damaged: there is no page",
            group * 100
        );
        let error = error.expect("an error");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn small_row_groups_share_a_batch() {
    let all = words(300)
        .read(&decoding(Format::Parquet, "n: int64, s: utf8", None))
        .expect("rows");
    assert_eq!(all.len(), 1);
}

#[test]
fn no_flipped_bit_does_harm() {
    let whole = words(120).bytes();
    let good = file(&whole).read_on("n: int64, s: utf8").0;
    assert_eq!(good.len(), 120);
    for bit in (0..whole.len() * 8).step_by(13) {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let (rows, error) = file(&bytes).read_on("n: int64, s: utf8");
        // Without an error, all rows are there. What is in them is known by the checksums of the pages.
        assert!(
            error.is_some() || rows.len() == 120,
            "bit {bit}: {} rows",
            rows.len()
        );
    }
}

#[test]
fn other_numbers_of_rows_than_there_are_are_an_error() {
    // 100, as it stands in the footer: of the file, the values of its columns, and its row group.
    let whole = words(100).bytes();
    let start = whole.len() - 8 - footer_length(&whole);
    let places: Vec<_> = (start..whole.len())
        .filter(|&at| whole[at..].starts_with(&[0xc8, 1]))
        .collect();
    assert!(places.len() >= 4, "{places:?}");
    let with = |places: &[usize], number: u8| {
        let mut bytes = whole.clone();
        for &place in places {
            bytes[place] = number;
        }
        file(&bytes)
    };
    with(&places[..1], 0xc6).check_damage("it should have 99 rows, and its row groups have 100");
    let (rows, error) = with(&places, 0xca).read_on("n: int64, s: utf8");
    assert!(
        rows.len() <= 100 && error.is_some(),
        "{} rows, {error:?}",
        rows.len()
    );
    let (rows, error) = with(&places, 0xc9).read_on("n: int64, s: utf8");
    assert!(rows.is_empty(), "{rows:?}");
    assert!(
        error
            .expect("an error")
            .contains("row group 0 has -101 rows")
    );
}

fn footer_length(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len() - 8..bytes.len() - 4];
    u32::from_le_bytes(tail.try_into().expect("four bytes")) as usize
}

/// A file of nothing but a footer.
fn footer(thrift: &[u8]) -> Written {
    let mut bytes = b"PAR1".to_vec();
    bytes.extend_from_slice(thrift);
    bytes.extend_from_slice(&(thrift.len() as u32).to_le_bytes());
    bytes.extend_from_slice(b"PAR1");
    file(&bytes)
}

#[test]
fn schemas_that_are_deep_or_lie_are_refused() {
    // A version, then a list of so many elements, each a group with a name and so many children.
    let schema = |elements: u32, children: &[u8]| {
        let mut thrift = vec![0x15, 4, 0x19, 0xfc];
        let mut length = elements;
        while length > 0x7f {
            thrift.push(length as u8 | 0x80);
            length >>= 7;
        }
        thrift.push(length as u8);
        for _ in 0..elements {
            thrift.extend_from_slice(&[0x35, 0, 0x18, 1, b'a', 0x15]);
            thrift.extend_from_slice(children);
            thrift.push(0);
        }
        thrift.extend_from_slice(&[0x16, 0, 0x19, 0x0c, 0]);
        footer(&thrift)
    };
    schema(200_000, &[2]).check_damage("its columns are nested more than 64 deep");
    schema(3, &[0xfe, 0xff, 0xff, 0xff, 0x0f])
        .check_damage("a column has 2147483647 parts, and only 2 follow");
    footer(&[0x15, 4, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07]).check_damage("footer is damaged");
}

#[test]
fn more_columns_than_are_read_are_refused() {
    let element = |name: &[u8], children: usize| {
        let mut element = vec![0x35, 0, 0x18];
        element.extend_from_slice(&varint(name.len()));
        element.extend_from_slice(name);
        element.push(0x15);
        element.extend_from_slice(&varint(2 * children));
        element.push(0);
        element
    };
    let schema = |elements: &[Vec<u8>], groups: &[u8]| {
        let mut thrift = vec![0x15, 4, 0x19, 0xfc];
        thrift.extend_from_slice(&varint(elements.len()));
        thrift.extend_from_slice(&elements.concat());
        thrift.extend_from_slice(&[0x16, 0]);
        thrift.extend_from_slice(groups);
        thrift.push(0);
        footer(&thrift)
    };
    let one = element(b"a", 0);
    schema(&vec![one.clone(); 65_538], &[0x19, 0x0c])
        .check_damage("it has more than 65536 columns");
    // Three row groups, each with so many columns of which nothing is said.
    let mut group = vec![0x19, 0xfc];
    group.extend_from_slice(&varint(200_000));
    group.resize(group.len() + 200_000 + 1, 0);
    let groups = [vec![0x19, 0x3c], group.repeat(3)].concat();
    schema(&[element(b"a", 1), one.clone()], &groups)
        .check_damage("its row groups have 600000 columns together, and at most 524288 are read");
    let long = element(&[b'a'; 1 << 20], 100);
    schema(
        &[vec![element(b"a", 1), long], vec![one; 100]].concat(),
        &[0x19, 0x0c],
    )
    .check_damage("the names of its columns have more than 64 MiB");
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Texts of nothing but `x`, of this length.
fn long_texts(rows: usize, length: usize, properties: WriterPropertiesBuilder) -> Written {
    let properties = properties
        .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_write_batch_size(1)
        .build();
    let text = column(StringArray::from(vec!["x".repeat(length)]));
    let row = RecordBatch::try_from_iter([("s", text)]).expect("a column");
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, row.schema(), Some(properties)).expect("a writer");
    for _ in 0..rows {
        writer.write(&row).expect("a row");
    }
    writer.close().expect("a file");
    assert!(bytes.len() < 1 << 20);
    file(&bytes)
}

impl Written {
    fn open_columns(&self, columns: &str) -> anyhow::Result<ParquetPartition> {
        self.open(&decoding(Format::Parquet, columns, None))
    }
}

fn next(partition: &mut ParquetPartition) -> anyhow::Result<Option<RecordBatch>> {
    let found = partition.input.next()?;
    Ok(found.map(|found| match found {
        Found::Rows(rows) => rows,
        Found::Decoded(_) => unreachable!("nobody decodes ahead"),
    }))
}

#[test]
fn a_batch_holds_no_more_pages_than_there_is_room_for() {
    let each = WriterProperties::builder().set_data_page_row_count_limit(1);
    let delta = WriterProperties::builder().set_encoding(Encoding::DELTA_BYTE_ARRAY);
    for (file, length, most) in [
        (long_texts(40, 8 << 20, each), 8 << 20, 9),
        (long_texts(300, 1 << 20, delta), 1 << 20, 66),
    ] {
        let mut partition = file.open_columns("s: utf8").expect("a file");
        let mut rows = 0;
        while let Some(found) = next(&mut partition).expect("rows") {
            assert!(found.num_rows() <= most, "{} rows", found.num_rows());
            rows += found.num_rows();
        }
        assert_eq!(rows, if length > 1 << 20 { 40 } else { 300 });
    }
}

#[test]
fn pages_of_one_row_that_are_too_large_together_are_refused() {
    let zeros = vec![0_u8; 220 << 20];
    let value = column(BinaryArray::from(vec![zeros.as_slice()]));
    let names = ["a", "b", "c", "d", "e"];
    let row = RecordBatch::try_from_iter(names.map(|name| (name, Arc::clone(&value))));
    let row = row.expect("columns");
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None);
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, row.schema(), Some(properties.build())).expect("a writer");
    writer.write(&row).expect("a row");
    writer.close().expect("a file");
    let file = file(&bytes);
    let error = file.open_columns("a: binary, b: binary, c: binary, d: binary, e: binary");
    let error = format!("{:#}", error.err().expect("an error"));
    assert!(
        error.contains("the pages of a single row would have")
            && error.contains("name fewer columns"),
        "{error}"
    );
    assert!(file.open_columns("a: binary, e: binary").is_ok());
}

#[test]
fn nulls_of_wide_types_come_a_few_rows_at_a_time() {
    let nulls = |width, rows| column(FixedSizeBinaryArray::new_null(width, rows));
    let names: Vec<_> = (0..300).map(|column| format!("c{column}")).collect();
    let columns = names.iter().map(|name| (name.as_str(), nulls(2048, 1000)));
    let file = write(columns.collect());
    let columns: Vec<_> = names.iter().map(|name| format!("{name}: binary")).collect();
    let mut partition = file.open_columns(&columns.join(", ")).expect("a file");
    let found = next(&mut partition).expect("rows").expect("some");
    assert_eq!(found.num_rows(), (16 << 20) / (300 * 2048));
    let file = write(vec![("a", nulls(9 << 20, 1)), ("b", nulls(9 << 20, 1))]);
    assert!(file.open_columns("a: binary").is_ok());
    let error = file
        .open_columns("a: binary, b: binary")
        .err()
        .expect("an error");
    let error = format!("{error:#}");
    assert!(
        error.contains(
            "a row takes 18874368 bytes, whatever is in it, and at most 16777216 are read"
        ),
        "{error}"
    );
}

#[test]
fn many_bad_rows_come_a_few_at_a_time() {
    let text = "x".repeat(100 << 10);
    let numbers = (0..200).map(|row| if row % 3 == 0 { row } else { 1 << 40 });
    let file = write(vec![
        ("n", column(Int64Array::from_iter_values(numbers))),
        ("s", column(StringArray::from(vec![text.as_str(); 200]))),
    ]);
    let all = file
        .read(&decoding(Format::Parquet, "n: int32, s: utf8", None))
        .expect("rows");
    for decoded in &all {
        let sizes = decoded.rejected.iter();
        let sizes = sizes.map(|bad| bad.row.len() + bad.raw.as_ref().map_or(0, Vec::len));
        let bytes: usize = sizes.sum();
        assert!(
            bytes <= decoder::MAX_REJECTED_BYTES + 4 * text.len(),
            "{bytes}"
        );
    }
    let listing = listing(&all);
    assert_eq!(listing.len(), 200);
    for (place, row) in listing.iter().enumerate() {
        let found = if place % 3 == 0 { "" } else { "BAD " };
        assert!(row.starts_with(&format!("{}: {found}", place + 1)));
        assert_eq!(row.contains("BAD"), place % 3 != 0);
    }
    let bytes: u64 = all.iter().map(|decoded| decoded.bytes).sum();
    assert_eq!(bytes, file.bytes().len() as u64);
}

#[test]
fn pages_that_become_too_large_are_refused() {
    let zeros = vec![0_u8; 300 << 20];
    let rows =
        RecordBatch::try_from_iter([("s", column(BinaryArray::from(vec![zeros.as_slice()])))]);
    let rows = rows.expect("a column");
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None);
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties.build()))
        .expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a file");
    assert!(bytes.len() < 1 << 20);
    let (_, error) = file(&bytes).read_on("s: binary");
    let error = error.expect("an error");
    assert!(
        error.starts_with("cannot read `in` as parquet: column `s` of row group 0 is damaged")
            && error.contains("bytes uncompressed, and at most 268435456 are read: write the file with smaller pages"),
        "{error}"
    );
}

#[test]
fn a_long_text_that_stands_for_many_rows_comes_a_few_rows_at_a_time() {
    let long = "x".repeat(3 << 20);
    let mut texts = StringDictionaryBuilder::<Int32Type>::new();
    let mut bytes = BinaryDictionaryBuilder::<Int32Type>::new();
    for _ in 0..1000 {
        texts.append_value(&long);
        bytes.append_value("y");
    }
    let file = write(vec![
        ("s", column(texts.finish())),
        ("b", column(bytes.finish())),
        (
            "l",
            column(LargeStringArray::from(vec![long.as_str(); 1000])),
        ),
    ]);
    let decoding = decoding(Format::Parquet, "s: utf8, b: binary, l: utf8", None);
    let columns = Columns::new(&decoding, Arc::new(ManualClock::new(NOW)));
    let unread = Unread::whole(file.0.path().to_path_buf());
    let mut partition = ParquetPartition::open(&unread, &decoding, columns).expect("a file");
    let mut rows = 0;
    while let Read::Rows(decoded) = partition.read().expect("rows") {
        assert_eq!(decoded.batch.rows(), 2);
        assert_eq!(
            decoded.batch.origin().position(0).expect("a place").number,
            rows + 1
        );
        rows += 2;
    }
    assert_eq!(rows, 1000);
}

#[test]
fn wide_values_come_a_few_rows_at_a_time() {
    let wide = vec![7_u8; 9 << 20];
    let values = vec![wide.as_slice(); 3];
    let values = FixedSizeBinaryArray::try_from_iter(values.into_iter()).expect("values");
    let file = write(vec![("b", column(values))]);
    let all = file
        .read(&decoding(Format::Parquet, "b: binary", None))
        .expect("rows");
    let rows: Vec<_> = all.iter().map(|decoded| decoded.batch.rows()).collect();
    assert_eq!(rows, [1, 1, 1]);
}
