//! Jobs with checkpoints that write to one directory, one after the other.

use super::*;

/// What a sink had staged for a checkpoint.
type Checkpoint = (u64, Option<Transaction>);

fn go_on(directory: &Path, (checkpoint, transaction): &Checkpoint) -> anyhow::Result<FileSink> {
    let mut sink = numbers(directory, Format::Csv, Roll::default())?;
    sink.recover(Some(Staged {
        checkpoint: *checkpoint,
        transaction: transaction.as_ref(),
    }))?;
    Ok(sink)
}

fn start(directory: &Path) -> FileSink {
    let mut sink = numbers(directory, Format::Csv, Roll::default()).expect("a sink");
    sink.recover(None).expect("a directory");
    sink
}

/// Writes a number for a checkpoint and makes it visible.
fn show(sink: &mut FileSink, checkpoint: u64, number: i64) -> Checkpoint {
    let staged = hide(sink, checkpoint, number);
    sink.commit(staged.1.as_ref().expect("rows"))
        .expect("visible files");
    staged
}

/// Writes a number for a checkpoint.
fn hide(sink: &mut FileSink, checkpoint: u64, number: i64) -> Checkpoint {
    sink.write(&batch([number])).expect("rows");
    (checkpoint, sink.stage(checkpoint).expect("whole files"))
}

/// A job cannot go on from a checkpoint, and the file that is said to be another one's. Nothing changes.
#[track_caller]
fn check_refused(directory: &Path, from: &Checkpoint, file: &str) {
    let before = names(directory);
    let error = go_on(directory, from).err().expect("an error");
    assert_eq!(
        format!("{error:#}"),
        format!(
            "cannot go on from checkpoint {}: another job has left its result in `{}` since, `{file}`: \
             move it away with `.part-owner`, or start over with `--fresh`",
            from.0,
            directory.display()
        )
    );
    assert_eq!(names(directory), before);
}

#[test]
fn what_another_job_with_checkpoints_has_left_is_not_taken_for_our_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut first = start(directory);
    show(&mut first, 1, 1);
    show(&mut first, 2, 2);
    let shown = (3, first.stage(3).expect("nothing"));
    let hidden = hide(&mut first, 4, 4);
    drop(first);
    let mut second = start(directory);
    for checkpoint in 1..=5 {
        show(&mut second, checkpoint, 10);
    }
    drop(second);
    check_refused(directory, &shown, "part-0000000001-00000.csv");
    let error = go_on(directory, &hidden).err().expect("an error");
    let shown = error.to_string();
    assert!(shown.contains("cannot go on from checkpoint 4"), "{shown}");
    assert_eq!(visible(directory, Format::Csv), [10; 5]);
}

#[test]
fn a_job_that_has_shown_nothing_replaces_what_it_has_found_and_no_more() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut first = start(directory);
    let of_first = show(&mut first, 1, 1);
    drop(first);
    let mut second = start(directory);
    let of_second = (1, second.stage(1).expect("nothing"));
    drop(second);
    // Nothing of the second one is visible yet, so the first one goes on.
    let mut first = go_on(directory, &of_first).expect("its own directory");
    let of_first = show(&mut first, 2, 2);
    drop(first);
    check_refused(directory, &of_second, "part-0000000002-00000.csv");
    assert_eq!(visible(directory, Format::Csv), [1, 2]);
    // One that starts over takes the place of all of them.
    let mut third = start(directory);
    let staged = hide(&mut third, 1, 3);
    drop(third);
    let mut third = go_on(directory, &staged).expect("what it has found");
    assert_eq!(visible(directory, Format::Csv), [3]);
    let later = show(&mut third, 2, 4);
    drop(third);
    let error = go_on(directory, &of_first).err().expect("an error");
    assert!(error.to_string().contains("cannot go on"), "{error:#}");
    drop(go_on(directory, &later).expect("its own directory"));
    assert_eq!(visible(directory, Format::Csv), [3, 4]);
    // It can go back to before it has shown anything.
    drop(go_on(directory, &staged).expect("its own directory"));
    assert_eq!(visible(directory, Format::Csv), [3]);
}

#[test]
fn a_job_that_has_shown_nothing_knows_what_it_has_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    for finds_an_owner in [false, true] {
        let mut former = start(directory);
        show(&mut former, 1, 1);
        drop(former);
        if !finds_an_owner {
            fs::remove_file(directory.join(owner::FILE)).expect("a file");
        }
        let mut first = start(directory);
        let of_first = (1, first.stage(1).expect("nothing"));
        drop(first);
        // Its file is called like the one that was found.
        let mut second = start(directory);
        show(&mut second, 1, 2);
        drop(second);
        check_refused(directory, &of_first, "part-0000000001-00000.csv");
        assert_eq!(visible(directory, Format::Csv), [2]);
    }
}

#[test]
fn a_job_without_checkpoints_takes_the_directory_over() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut first = start(directory);
    show(&mut first, 1, 1);
    let of_first = (2, first.stage(2).expect("nothing"));
    drop(first);
    let second = numbers(directory, Format::Csv, Roll::default()).expect("a sink");
    Box::new(second).finish().expect("a file");
    fs::remove_file(directory.join("part-00000.csv")).expect("a file");
    let error = go_on(directory, &of_first).err().expect("an error");
    let shown = format!("{error:#}");
    assert!(shown.contains("another job has left"), "{shown}");
}

#[test]
fn a_sink_that_can_be_left_out_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut sink = start(directory.path());
    let (_, staged) = hide(&mut sink, 1, 1);
    let staged = staged.expect("rows");
    assert!(staged.has_rows());
    sink.commit(&staged).expect("visible files");
    let nothing = sink.stage(2).expect("nothing").expect("an owner");
    assert!(!nothing.has_rows());
    assert!(Transaction(serde_json::json!([1])).has_rows());
}

#[test]
fn files_of_a_job_that_has_ended_can_be_moved_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut sink = start(directory);
    show(&mut sink, 1, 1);
    let last = (2, sink.stage(2).expect("nothing"));
    Box::new(sink).finish().expect("nothing left");
    fs::remove_file(directory.join("part-0000000001-00000.csv")).expect("a file");
    for _ in 0..2 {
        let sink = go_on(directory, &last).expect("its own directory");
        Box::new(sink).finish().expect("nothing left");
        assert_eq!(visible(directory, Format::Csv), [0; 0]);
    }
}

#[test]
fn what_was_staged_is_not_made_visible_among_the_files_of_another_job() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut first = start(directory);
    let shown = show(&mut first, 1, 1).1.expect("rows");
    let nothing = first.stage(2).expect("nothing").expect("an owner");
    drop(first);
    let mut second = start(directory);
    show(&mut second, 1, 2);
    drop(second);
    fs::write(directory.join(".part-0000000007-00000.csv.staged"), "").expect("a file");
    let before = names(directory);
    let error = settle(&shown).expect_err("it is another job's");
    assert_eq!(
        error.to_string(),
        format!(
            "another job has left its result in `{}` since, `part-0000000001-00000.csv`: move it away \
             with `.part-owner`, or start over with `--fresh`",
            directory.display()
        )
    );
    // There is nothing to do, also while the other job is running.
    let running = numbers(directory, Format::Csv, Roll::default()).expect("a sink");
    assert_eq!(settle(&nothing).expect("nothing to do"), 0);
    drop(running);
    assert_eq!(names(directory), before);
    assert_eq!(visible(directory, Format::Csv), [2]);
}

#[test]
fn a_directory_that_a_job_has_left_says_nothing_of_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut former = start(directory);
    show(&mut former, 1, 1);
    drop(former);
    let mut first = start(directory);
    let of_first = hide(&mut first, 1, 2);
    drop(first);
    let transaction = of_first.1.as_ref().expect("rows");
    for hidden in [1, 0] {
        assert_eq!(settle(transaction).expect("what it has found"), hidden);
        assert_eq!(names(directory), ["part-0000000001-00000.csv"]);
        assert_eq!(visible(directory, Format::Csv), [2]);
    }
    // A sink that is new in the pipeline may write there, and one that has had another name.
    let mut second = go_on(directory, &(1, None)).expect("nobody's directory");
    let of_second = (2, second.stage(2).expect("nothing"));
    drop(second);
    drop(go_on(directory, &of_second).expect("nobody's directory"));
    let mut renamed = go_on(directory, &of_first).expect("its own directory");
    show(&mut renamed, 2, 3);
    drop(renamed);
    assert_eq!(settle(transaction).expect("its own directory"), 0);
    drop(go_on(directory, &of_first).expect("its own directory"));
    assert_eq!(visible(directory, Format::Csv), [2]);
}

#[test]
fn a_sink_that_is_new_in_a_pipeline_leaves_the_files_of_another_job_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut other = start(directory);
    show(&mut other, 3, 1);
    drop(other);
    check_refused(directory, &(1, None), "part-0000000003-00000.csv");
    fs::remove_file(directory.join("part-0000000003-00000.csv")).expect("a file");
    let mut sink = go_on(directory, &(1, None)).expect("an empty directory");
    let nothing = (2, sink.stage(2).expect("nothing"));
    drop(sink);
    let mut sink = go_on(directory, &nothing).expect("its own directory");
    show(&mut sink, 3, 2);
    assert_eq!(visible(directory, Format::Csv), [2]);
}

#[test]
fn a_transaction_knows_where_it_was_staged() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut sink = start(directory.path());
    let staged = sink.stage(1).expect("nothing").expect("a directory");
    assert!(is_staged_at(&staged, directory.path()));
    assert!(!is_staged_at(&staged, &directory.path().join("another")));
    let unknown = Transaction(serde_json::json!({ "files": [] }));
    assert!(!is_staged_at(&unknown, directory.path()));
    assert_eq!(settle(&unknown).expect("nothing to do"), 0);
}
