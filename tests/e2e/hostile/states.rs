//! States that come back as something else.

use super::{Fails, Letter, check};

const STAGE: &str = "key = [\"k\"]\nprocess = \"hostile#running\"\nCONFIG";

#[test]
fn a_row_that_spoils_the_state_has_not_touched_it() {
    check(
        STAGE,
        &[
            ("process:abort", Letter("trap: unreachable")),
            ("process:spin", Letter("took longer than 150ms")),
            ("process:hoard", Letter("out of memory: ")),
            ("process:refuse", Letter("not this")),
            (
                "process:state-more",
                Letter("expected 1 state rows, found 2"),
            ),
            (
                "process:state-less",
                Letter("expected 1 state rows, found 0"),
            ),
            (
                "process:state-most",
                Letter("expected 1 state rows, found 4294967295"),
            ),
            (
                "process:state-wrong-type",
                Letter("state `state`: expected int64, found float64"),
            ),
            (
                "process:state-no-columns",
                Letter("expected 1 state columns, found 0"),
            ),
            (
                "process:state-few-rows",
                Letter("expected 1 values, found 0"),
            ),
            (
                "process:state-nulls",
                Letter("null in row 0 of a column without nulls"),
            ),
            ("process:error", Letter("no luck")),
            (
                "process:error-and-result",
                Letter("row 0 has both an error and results"),
            ),
            (
                "process:parents-beyond",
                Letter("parent is row 1 of 1 rows"),
            ),
        ],
    );
}

#[test]
fn states_that_cannot_be_made_fail_the_job() {
    check(
        STAGE,
        &[
            (
                "init:abort",
                Fails("function `running` cannot make a state"),
            ),
            ("init:spin", Fails("took longer than 150ms")),
            ("init:refuse", Fails("not this")),
            ("init:more", Fails("expected 1 state rows, found 2")),
        ],
    );
}
