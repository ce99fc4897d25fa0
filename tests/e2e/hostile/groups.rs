//! Groups whose accumulators or rows bring out the worst.

use super::{Fails, Letter, assert_harmless, check, honest, numbers, out, run};

const TOTAL: &str = "key = [\"k\"]\nwindow = { global = true }\naggregate = [\n  \
    { call = \"hostile#total\", args = [\"n\"], CONFIG },\n  { call = \"std#count\" },\n]";

const LARGEST: &str = "key = [\"k\"]\nwindow = { global = true }\naggregate = [\n  \
    { call = \"hostile#largest\", args = [\"n\"], CONFIG },\n  { call = \"std#count\" },\n]";

const SLIDING: &str = "key = [\"k\"]\nwindow = { sliding = \"4s\", slide = \"2s\" }\naggregate = [\n  \
    { call = \"hostile#total\", args = [\"n\"], CONFIG },\n]";

#[test]
fn a_row_that_spoils_an_accumulator_is_in_no_window() {
    check(
        TOTAL,
        &[
            ("update:abort", Letter("trap: unreachable")),
            ("update:spin", Letter("took longer than 150ms")),
            ("update:hoard", Letter("out of memory: ")),
            ("update:refuse", Letter("not this")),
            (
                "update:no-columns",
                Letter("expected 1 state columns, found 0"),
            ),
            (
                "update:wrong-type",
                Letter("state `state`: expected int64, found float64"),
            ),
            ("update:few-rows", Letter("expected 1 values, found 0")),
            (
                "update:nulls",
                Letter("null in row 0 of a column without nulls"),
            ),
            ("update:more", Letter("expected 1 state rows, found 2")),
            ("update:less", Letter("expected 1 state rows, found 0")),
            (
                "update:most",
                Letter("expected 1 state rows, found 4294967295"),
            ),
            ("update:error", Letter("no luck")),
            ("update:errors-twice", Letter("no luck")),
            ("update:error-beyond", Letter("error for row 1 of 1 rows")),
            ("update:errors-too-many", Letter("2 row errors for 1 rows")),
        ],
    );
}

#[test]
fn a_window_without_a_result_is_a_dead_letter() {
    check(
        TOTAL,
        &[
            ("finish:abort", Letter("trap: unreachable")),
            ("finish:dig", Letter("trap: ")),
            ("finish:refuse", Letter("not this")),
            (
                "finish:no-columns",
                Letter("expected 1 result columns, found 0"),
            ),
            (
                "finish:wrong-type",
                Letter("result `r`: expected int64, found float64"),
            ),
            ("finish:few-rows", Letter("expected 1 values, found 0")),
            ("finish:nulls", Letter("null in row 0")),
            ("finish:more", Letter("expected 1 result rows, found 2")),
        ],
    );
}

#[test]
fn a_group_without_a_result_is_a_dead_letter() {
    check(
        LARGEST,
        &[
            ("evaluate:abort", Letter("trap: unreachable")),
            ("evaluate:refuse", Letter("not this")),
            (
                "evaluate:no-columns",
                Letter("expected 1 result columns, found 0"),
            ),
            (
                "evaluate:wrong-type",
                Letter("result `r`: expected int64, found float64"),
            ),
            ("evaluate:few-rows", Letter("expected 1 values, found 0")),
            ("evaluate:error", Letter("no luck")),
            ("evaluate:errors-twice", Letter("no luck")),
            ("evaluate:error-beyond", Letter("error for row 1 of 1 rows")),
            (
                "evaluate:errors-too-many",
                Letter("2 row errors for 1 rows"),
            ),
        ],
    );
}

#[test]
fn limits_that_are_too_low_for_a_single_window_fail_the_job() {
    let late = "cannot make the result of a single window: took longer than 150ms";
    let large = "cannot make the result of a single window: out of memory: ";
    check(
        TOTAL,
        &[("finish:spin", Fails(late)), ("finish:hoard", Fails(large))],
    );
    check(
        LARGEST,
        &[
            ("evaluate:spin", Fails(late)),
            ("evaluate:hoard", Fails(large)),
        ],
    );
}

#[test]
fn accumulators_that_cannot_be_made_fail_the_job() {
    check(
        TOTAL,
        &[
            (
                "init:abort",
                Fails("function `total` cannot make an accumulator"),
            ),
            ("init:spin", Fails("took longer than 150ms")),
            ("init:hoard", Fails("out of memory: ")),
            ("init:refuse", Fails("not this")),
            (
                "init:wrong-type",
                Fails("state `state`: expected int64, found float64"),
            ),
            ("init:more", Fails("expected 1 state rows, found 2")),
            ("init:less", Fails("expected 1 state rows, found 0")),
        ],
    );
}

/// Only windows with rows in both of their halves are merged, whatever their numbers are: three of eleven.
#[test]
fn a_window_that_cannot_be_merged_is_a_dead_letter() {
    let all = honest(SLIDING, |_| true);
    assert_eq!(all.len(), 11);
    for (deed, reason) in [
        ("merge:abort", "trap: unreachable"),
        ("merge:refuse", "not this"),
        ("merge:wrong-type", "expected int64, found float64"),
        ("merge:more", "expected 1 state rows, found 2"),
    ] {
        let (workspace, run) = run(SLIDING, deed, &numbers(|_| true));
        assert_harmless(deed, &run);
        assert_eq!(run.status, 0, "{deed}: {}", run.stderr);
        let letters = workspace.json_lines("dead");
        assert_eq!(letters.len(), 3, "{deed}: {letters:?}");
        for letter in letters {
            assert_eq!(letter["kind"], "window", "{deed}");
            let found = letter["reason"].as_str().expect("a reason");
            assert!(found.contains(reason), "{deed}: {found}");
        }
        let rows = out(&workspace, SLIDING);
        assert_eq!(rows.len(), 8, "{deed}");
        assert!(rows.iter().all(|row| all.contains(row)), "{deed}: {rows:?}");
    }
}

#[test]
fn a_window_that_lacks_means_to_be_merged_fails_the_job() {
    for (deed, reason) in [
        ("merge:spin", "took longer than 150ms"),
        ("merge:hoard", "out of memory: "),
    ] {
        let (_, run) = run(SLIDING, deed, &numbers(|_| true));
        assert_harmless(deed, &run);
        assert_eq!(run.status, 1, "{deed}: {}", run.stderr);
        let cause = format!("cannot merge what a single key has come to: {reason}");
        assert!(run.stderr.contains(&cause), "{deed}: {}", run.stderr);
    }
}
