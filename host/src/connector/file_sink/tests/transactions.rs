//! What is staged, committed and recovered, step by step.

use super::*;
use crate::connector::{
    file_sink::disk::faults::{Fault, with},
    position::WAY_OUT,
};

/// What a sink had staged for a checkpoint.
type Checkpoint = (u64, Option<Transaction>);

fn staged((checkpoint, transaction): &Checkpoint) -> Option<Staged<'_>> {
    Some(Staged {
        checkpoint: *checkpoint,
        transaction: transaction.as_ref(),
    })
}

fn open(directory: &Path, from: Option<Staged<'_>>) -> anyhow::Result<FileSink> {
    let mut sink = numbers(directory, Format::Csv, Roll::default())?;
    sink.recover(from)?;
    Ok(sink)
}

fn fresh(directory: &Path) -> FileSink {
    open(directory, None).expect("a sink")
}

/// Writes numbers and stages them.
fn stage(sink: &mut FileSink, checkpoint: u64, numbers: &[i64]) -> Checkpoint {
    sink.write(&batch(numbers.iter().copied())).expect("rows");
    (checkpoint, sink.stage(checkpoint).expect("whole files"))
}

fn commit(sink: &mut FileSink, (_, transaction): &Checkpoint) {
    if let Some(transaction) = transaction {
        sink.commit(transaction).expect("visible files");
    }
}

/// The files of the directory, but the one that says whose they are.
#[track_caller]
fn check(directory: &Path, expected: &[&str]) {
    let mut names = names(directory);
    names.retain(|name| name != owner::FILE);
    assert_eq!(names, expected);
}

/// The name that keeps others away.
const LOCK: &str = ".part-00000.csv.tmp";

#[test]
fn rows_become_visible_with_their_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut sink = fresh(directory);
    check(directory, &[LOCK]);
    let first = stage(&mut sink, 1, &[1, 2]);
    check(directory, &[LOCK, ".part-0000000001-00000.csv.staged"]);
    sink.write(&batch([3])).expect("rows");
    commit(&mut sink, &first);
    check(
        directory,
        &[LOCK, ".part-00002.csv.tmp", "part-0000000001-00000.csv"],
    );
    assert_eq!(visible(directory, Format::Csv), [1, 2]);
    commit(&mut sink, &first);
    let second = (2, sink.stage(2).expect("whole files"));
    assert_eq!(sink.stage(3).expect("nothing new"), second.1);
    commit(&mut sink, &second);
    let nothing = sink.stage(4).expect("nothing at all");
    assert!(nothing.is_some_and(|nothing| !nothing.has_rows()));
    Box::new(sink).finish().expect("nothing left");
    check(
        directory,
        &["part-0000000001-00000.csv", "part-0000000002-00000.csv"],
    );
    assert_eq!(visible(directory, Format::Csv), [1, 2, 3]);
}

#[test]
fn a_job_goes_on_from_its_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut sink = fresh(directory);
    let first = stage(&mut sink, 1, &[1]);
    commit(&mut sink, &first);
    let second = stage(&mut sink, 2, &[2]);
    let third = stage(&mut sink, 3, &[3]);
    drop(sink);
    // The second one was staged and never committed; the third one has it too.
    drop(open(directory, staged(&third)).expect("a sink"));
    assert_eq!(visible(directory, Format::Csv), [1, 2, 3]);
    drop(open(directory, staged(&second)).expect("a sink"));
    assert_eq!(visible(directory, Format::Csv), [1, 2]);
    let error = open(directory, staged(&third)).err().expect("an error");
    assert_eq!(
        format!("{error:#}"),
        format!(
            "cannot go on from checkpoint 3 in `{}`: `part-0000000003-00000.csv` is gone, and so is \
             `.part-0000000003-00000.csv.staged`: {WAY_OUT}",
            directory.display()
        )
    );
    assert_eq!(visible(directory, Format::Csv), [1, 2]);
}

#[test]
fn a_file_that_is_not_what_was_written_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut sink = fresh(directory);
    let first = stage(&mut sink, 1, &[1]);
    drop(sink);
    let file = directory.join(".part-0000000001-00000.csv.staged");
    fs::write(file, "n\n").expect("a file");
    let error = open(directory, staged(&first)).err().expect("an error");
    assert_eq!(
        error.root_cause().to_string(),
        format!(
            "`part-0000000001-00000.csv` has 2 bytes, and not the 4 that were written: {WAY_OUT}"
        )
    );
}

#[test]
fn what_a_former_job_has_left_goes_when_there_is_something_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let former = [
        "part-00000.csv",
        "part-0000000002-00000.csv",
        "part-0000000003-00000.csv",
    ];
    let hidden = [".part-00007.csv.tmp", ".part-0000000009-00000.csv.staged"];
    for name in former.iter().chain(&hidden) {
        fs::write(directory.join(name), "n\n-1\n").expect("a file");
    }
    let mut sink = fresh(directory);
    check(directory, &[&[LOCK], &former[..]].concat());
    let first = (1, sink.stage(1).expect("nothing"));
    assert!(first.1.is_some(), "what is to be replaced is remembered");
    commit(&mut sink, &first);
    drop(sink);
    let mut sink = open(directory, staged(&first)).expect("a sink");
    check(directory, &[&[LOCK], &former[..]].concat());
    let second = stage(&mut sink, 2, &[1]);
    let third = stage(&mut sink, 3, &[2]);
    commit(&mut sink, &second);
    assert_eq!(visible(directory, Format::Csv), [1]);
    drop(sink);
    let sink = open(directory, staged(&third)).expect("a sink");
    assert_eq!(visible(directory, Format::Csv), [1, 2]);
    Box::new(sink).finish().expect("nothing left");
    check(directory, &former[1..]);
}

#[test]
fn a_job_without_rows_leaves_an_empty_file() {
    for checkpoints in [0, 2] {
        let directory = tempfile::tempdir().expect("a directory");
        let directory = directory.path();
        fs::write(directory.join("part-00000.csv"), "n\n-1\n").expect("a file");
        let mut sink = fresh(directory);
        for checkpoint in 1..=checkpoints {
            let staged = stage(&mut sink, checkpoint, &[]);
            commit(&mut sink, &staged);
        }
        Box::new(sink).finish().expect("a file");
        let name = format!("part-000000000{checkpoints}-00000.csv");
        check(directory, &[&name]);
        let text = fs::read_to_string(directory.join(name)).expect("a file");
        assert_eq!(text, "n\n");
    }
}

#[test]
fn what_was_written_since_the_last_checkpoint_is_there_in_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut sink = fresh(directory);
    let first = stage(&mut sink, 1, &[1]);
    sink.write(&batch([2])).expect("rows");
    Box::new(sink).finish().expect("files");
    assert_eq!(visible(directory, Format::Csv), [1, 2]);
    // And goes when the job goes on from before.
    drop(open(directory, staged(&first)).expect("a sink"));
    assert_eq!(visible(directory, Format::Csv), [1]);
}

#[test]
fn the_result_of_another_job_is_not_mixed_in() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut sink = fresh(directory);
    let first = stage(&mut sink, 1, &[1]);
    commit(&mut sink, &first);
    let second = (2, sink.stage(2).expect("nothing"));
    drop(sink);
    let other = numbers(directory, Format::Csv, Roll::default()).expect("a sink");
    Box::new(other).finish().expect("a file");
    check(directory, &["part-00000.csv"]);
    let error = open(directory, staged(&second)).err().expect("an error");
    assert_eq!(
        format!("{error:#}"),
        format!(
            "cannot go on from checkpoint 2: another job has left its result in `{}` since, \
             `part-00000.csv`: move it away with `.part-owner`, or start over with `--fresh`",
            directory.display()
        )
    );
}

#[test]
fn a_job_without_checkpoints_takes_all_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut sink = fresh(directory);
    let first = stage(&mut sink, 1, &[1]);
    commit(&mut sink, &first);
    stage(&mut sink, 2, &[2]);
    drop(sink);
    check(
        directory,
        &[
            ".part-0000000002-00000.csv.staged",
            "part-0000000001-00000.csv",
        ],
    );
    let mut other = numbers(directory, Format::Json, Roll::default()).expect("a sink");
    other.write(&batch([7])).expect("rows");
    Box::new(other).finish().expect("a file");
    check(directory, &["part-00000.jsonl"]);
}

#[test]
fn nobody_else_writes_to_the_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut sink = fresh(directory);
    let first = stage(&mut sink, 1, &[1]);
    commit(&mut sink, &first);
    for format in FORMATS {
        let error = numbers(directory, format, Roll::default())
            .err()
            .expect("an error");
        assert_eq!(
            error.to_string(),
            format!("another job is writing to `{}`", directory.display())
        );
    }
    check(directory, &[LOCK, "part-0000000001-00000.csv"]);
    // A job that is killed leaves its lock behind, and nobody holds it.
    let (_, _) = with(Fault::CrashAfter(0), || drop(sink));
    check(directory, &[LOCK, "part-0000000001-00000.csv"]);
    drop(open(directory, staged(&first)).expect("a sink"));
    check(directory, &["part-0000000001-00000.csv"]);
}

#[test]
fn a_crash_of_the_machine_takes_nothing_away_that_was_staged() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut sink = fresh(directory.path());
    let never = Fault::CrashAfter(usize::MAX);
    let (first, steps) = with(never, || stage(&mut sink, 1, &[1]));
    let name = directory
        .path()
        .file_name()
        .expect("a name")
        .to_string_lossy();
    assert_eq!(
        steps,
        [
            "create .part-00001.csv.tmp",
            "write",
            "sync .part-00001.csv.tmp",
            "rename .part-0000000001-00000.csv.staged",
            &format!("sync names {name}"),
        ]
    );
    let ((), steps) = with(never, || commit(&mut sink, &first));
    let sync = format!("sync names {name}");
    assert_eq!(
        steps,
        [
            "remove .part-owner.tmp",
            "create .part-owner.tmp",
            "write",
            "sync .part-owner.tmp",
            "rename .part-owner",
            &sync,
            "rename part-0000000001-00000.csv",
            &sync,
        ]
    );
}

#[test]
fn checkpoints_must_be_announced() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut sink = numbers(directory.path(), Format::Csv, Roll::default()).expect("a sink");
    sink.stage(1).expect_err("an error");
}

#[test]
fn the_removal_of_what_a_former_job_has_left_survives_a_power_failure() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("part-00000.csv"), "n\n-1\n").expect("a file");
    let mut sink = fresh(directory.path());
    let first = stage(&mut sink, 1, &[1]);
    let never = Fault::CrashAfter(usize::MAX);
    let ((), steps) = with(never, || commit(&mut sink, &first));
    let name = directory
        .path()
        .file_name()
        .expect("a name")
        .to_string_lossy();
    let sync = format!("sync names {name}");
    let removed = ["remove part-00000.csv", &*sync];
    assert!(steps.ends_with(&removed.map(str::to_owned)), "{steps:?}");
}

#[test]
fn what_was_staged_can_be_made_visible_without_the_sink() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    fs::write(directory.join("part-00000.csv"), "n\n-1\n").expect("a file");
    let mut sink = fresh(directory);
    let (_, first) = stage(&mut sink, 1, &[1]);
    drop(sink);
    fs::write(directory.join(".part-00003.csv.tmp"), "n\n").expect("a file");
    let first = first.expect("a transaction");
    assert!(can_settle(&first));
    for hidden in [1, 0] {
        assert_eq!(settle(&first).expect("nothing is gone"), hidden);
        check(directory, &["part-0000000001-00000.csv"]);
    }
    fs::remove_file(directory.join("part-0000000001-00000.csv")).expect("removed");
    let error = settle(&first).expect_err("it is gone");
    assert_eq!(
        format!("{error:#}"),
        format!(
            "cannot look into `{}`: `part-0000000001-00000.csv` is gone, and so is \
             `.part-0000000001-00000.csv.staged`: {WAY_OUT}",
            directory.display()
        )
    );
    check(directory, &[]);
    // As it was before the directory was written down.
    let old = Transaction(serde_json::json!({ "files": [] }));
    assert!(!can_settle(&old));
}
