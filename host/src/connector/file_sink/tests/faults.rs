//! A disk that is full.

use super::*;
use crate::connector::file_sink::disk::faults::{Fault, with};

/// Writes numbers until the disk is full at the write after `writes`. Returns the error.
fn fill(directory: &Path, format: Format, writes: usize) -> Option<String> {
    let mut sink = numbers(directory, format, Roll::default()).expect("a sink");
    sink.recover(None).expect("a sink");
    sink.write(&batch([1])).expect("rows");
    let first = sink.stage(1).expect("whole files").expect("rows");
    sink.commit(&first).expect("visible files");
    sink.write(&batch([2])).expect("rows");
    sink.stage(2).expect("whole files");
    let before = names(directory);
    let (result, _) = with(Fault::FullAfter(writes), || {
        sink.write(&batch(0..10_000))?;
        sink.write(&batch(0..100_000))?;
        sink.stage(3)
    });
    drop(sink);
    let mut after = names(directory);
    after.retain(|name| !name.contains("-0000000003-"));
    let whole: Vec<_> = before
        .into_iter()
        .filter(|name| !names::is_temporary(name))
        .collect();
    assert_eq!(after, whole, "what was whole stays, and nothing else");
    assert_eq!(visible(directory, format), [1]);
    result.err().map(|error| format!("{error:#}"))
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    for (format, extension) in FORMATS.into_iter().zip(["jsonl", "csv", "parquet"]) {
        let mut faults = 0;
        loop {
            let directory = tempfile::tempdir().expect("a directory");
            let Some(error) = fill(directory.path(), format, faults) else {
                break;
            };
            let file = directory
                .path()
                .join(format!(".part-00003.{extension}.tmp"));
            let start = format!("cannot write `{}`: ", file.display());
            assert!(error.starts_with(&start), "{error}");
            assert!(error.to_lowercase().contains("no storage space"), "{error}");
            faults += 1;
        }
        assert!(faults > 0, "{format:?} was never written");
    }
}

#[test]
fn a_full_disk_leaves_the_former_result_of_a_job_without_checkpoints() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("part-00000.csv");
    fs::write(&path, "n\n-1\n").expect("a file");
    let mut sink = numbers(directory.path(), Format::Csv, Roll::default()).expect("a sink");
    sink.write(&batch([1])).expect("rows");
    let (result, _) = with(Fault::FullAfter(0), || Box::new(sink).finish());
    let error = format!("{:#}", result.expect_err("an error"));
    let start = format!("cannot write `{}`: ", path.display());
    assert!(error.starts_with(&start), "{error}");
    assert_eq!(names(directory.path()), ["part-00000.csv"]);
    assert_eq!(visible(directory.path(), Format::Csv), [-1]);
}
