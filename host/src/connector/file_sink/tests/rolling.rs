//! Files that are followed by others.

use super::*;

fn write(roll: Roll, batches: &[&[i64]], format: Format) -> (tempfile::TempDir, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("part-00009.csv"), "n\n-1\n").expect("a file");
    let mut sink = numbers(directory.path(), format, roll).expect("a sink");
    for numbers in batches {
        sink.write(&batch(numbers.iter().copied())).expect("rows");
        sink.flush().expect("nothing");
    }
    let before = names(directory.path());
    let is_part = |name: &&String| Part::of(name).is_some();
    assert_eq!(before.iter().filter(is_part).count(), 1, "{before:?}");
    Box::new(sink).finish().expect("files");
    let names = names(directory.path());
    (directory, names)
}

#[test]
fn a_file_that_is_large_enough_is_followed_by_another() {
    let roll = Roll {
        size: Some(10),
        every: None,
    };
    let (directory, names) = write(
        roll,
        &[&[1000], &[1001], &[], &[1002], &[1003]],
        Format::Csv,
    );
    assert_eq!(names, ["part-00000.csv", "part-00001.csv"]);
    let text = |name: &str| fs::read_to_string(directory.path().join(name)).expect("a file");
    assert_eq!(text("part-00000.csv"), "n\n1000\n1001\n");
    assert_eq!(text("part-00001.csv"), "n\n1002\n1003\n");
    for format in FORMATS {
        let tiny = Roll {
            size: Some(1),
            every: None,
        };
        let (directory, names) = write(tiny, &[&[], &[1], &[2, 3], &[4]], format);
        assert_eq!(names.len(), 3, "{names:?}");
        assert_eq!(visible(directory.path(), format), [1, 2, 3, 4]);
    }
}

#[test]
fn a_file_that_is_old_enough_is_followed_by_another() {
    let roll = Roll {
        size: Some(1000),
        every: Some(crate::time::Duration::from_secs(2)),
    };
    assert!(!roll.is_due(999, Duration::from_millis(1999)));
    assert!(roll.is_due(1000, Duration::ZERO));
    assert!(roll.is_due(0, Duration::from_secs(2)));
    assert!(!Roll::default().is_due(u64::MAX, Duration::MAX));
    let at_once = Roll {
        size: None,
        every: crate::time::Duration::from_micros(0),
    };
    let (directory, names) = write(at_once, &[&[1], &[2]], Format::Json);
    assert_eq!(names, ["part-00000.jsonl", "part-00001.jsonl"]);
    assert_eq!(visible(directory.path(), Format::Json), [1, 2]);
}

#[test]
fn files_are_rolled_between_checkpoints_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let roll = Roll {
        size: Some(1),
        every: None,
    };
    let mut sink = numbers(directory.path(), Format::Csv, roll).expect("a sink");
    sink.recover(None).expect("an empty directory");
    for checkpoint in 1..=2 {
        for number in 0..2 {
            sink.write(&batch([number])).expect("rows");
        }
        let staged = sink.stage(checkpoint).expect("whole files");
        sink.commit(&staged.expect("rows")).expect("visible files");
    }
    Box::new(sink).finish().expect("nothing left");
    assert_eq!(
        names(directory.path()),
        [
            owner::FILE,
            "part-0000000001-00000.csv",
            "part-0000000001-00001.csv",
            "part-0000000002-00000.csv",
            "part-0000000002-00001.csv",
        ]
    );
}

#[test]
fn a_sink_that_is_dropped_leaves_nothing_of_what_was_rolled() {
    let directory = tempfile::tempdir().expect("a directory");
    let roll = Roll {
        size: Some(1),
        every: None,
    };
    let mut sink = numbers(directory.path(), Format::Csv, roll).expect("a sink");
    for number in 0..3 {
        sink.write(&batch([number])).expect("rows");
    }
    assert_eq!(names(directory.path()).len(), 3);
    drop(sink);
    assert!(names(directory.path()).is_empty());
}

#[test]
fn files_are_there_for_good_before_those_of_a_former_job_go() {
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["part-00000.csv", "part-00001.csv", "part-00002.csv"] {
        fs::write(directory.path().join(name), "n\n-1\n").expect("a file");
    }
    let roll = Roll {
        size: Some(1),
        every: None,
    };
    let mut sink = numbers(directory.path(), Format::Csv, roll).expect("a sink");
    for number in 0..2 {
        sink.write(&batch([number])).expect("rows");
    }
    let never = Fault::CrashAfter(usize::MAX);
    let (result, steps) = with(never, || Box::new(sink).finish());
    result.expect("files");
    let sync = sync_of(directory.path());
    let last = [
        "rename part-00001.csv",
        "rename part-00000.csv",
        &sync,
        "remove part-00002.csv",
        &sync,
    ];
    assert!(steps.ends_with(&last.map(str::to_owned)), "{steps:?}");
}
