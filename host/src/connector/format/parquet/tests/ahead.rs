//! Files that a thread reads ahead of what is asked for, in rows that are large and small. That they give the same
//! rows and errors is tested with all files that are decoded ahead.

use parquet::file::properties::WriterProperties;

use super::{
    damaged::{long_texts, words},
    *,
};

/// Reads a file ahead. Returns how many rows it has, and how many batches were asked for, or read, and had not been
/// handed on, behind each batch.
fn read(file: &Written) -> (usize, Vec<usize>) {
    let partition = file.open("s: utf8").expect("a file");
    let mut partition = partition.ahead().expect("a thread");
    let mut rows = 0;
    let mut ahead = Vec::new();
    while let Some(found) = partition.batches.next().expect("rows") {
        rows += found.num_rows();
        let Batches::Ahead(groups) = &partition.batches else {
            panic!("it is read ahead");
        };
        ahead.push(groups.asked);
    }
    (rows, ahead)
}

#[test]
fn batches_are_read_ahead_unless_they_hold_much() {
    let (rows, ahead) = read(&words(1000));
    assert_eq!(rows, 1000);
    assert!(!ahead.is_empty() && ahead.iter().all(|&asked| asked == 2));

    let each = WriterProperties::builder().set_data_page_row_count_limit(1);
    let (rows, ahead) = read(&long_texts(40, 8 << 20, each));
    assert_eq!(rows, 40);
    assert!(ahead.len() >= 4 && ahead.iter().all(|&asked| asked == 0));
}
