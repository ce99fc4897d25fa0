//! Functions that do something else than answer.

use super::{Letter, Right, check};

#[test]
fn a_breakdown_costs_the_row_that_it_is_about() {
    check(
        "map = \"hostile#next\"\nCONFIG",
        &[
            ("scalar:abort", Letter("trap: unreachable")),
            ("scalar:panic", Letter("trap: unreachable")),
            ("scalar:divide", Letter("trap: integer division by zero")),
            ("scalar:read", Letter("trap: access outside of its memory")),
            ("scalar:write", Letter("trap: access outside of its memory")),
            (
                "scalar:call-other-type",
                Letter("trap: indirect call type mismatch"),
            ),
            ("scalar:call-nothing", Letter("trap: undefined element")),
            ("scalar:dig", Letter("trap: ")),
            (
                "scalar:spin",
                Letter("took longer than 150ms (raise `limits.deadline`)"),
            ),
            ("scalar:hoard", Letter("out of memory: ")),
        ],
    );
}

#[test]
fn a_refusal_is_quoted_and_cut() {
    check(
        "map = \"hostile#next\"\nCONFIG",
        &[
            ("scalar:refuse", Letter("not this")),
            ("scalar:refuse-long", Letter("hands over more than")),
            (
                "scalar:refuse-escapes",
                Letter("\\u{1b}[2J\\u{7}\\u{202e}gone\\r"),
            ),
            ("scalar:refuse-silently", Letter("no reason given")),
        ],
    );
}

#[test]
fn a_guest_that_talks_too_much_is_not_listened_to() {
    check(
        "map = \"hostile#next\"\nCONFIG",
        &[
            ("scalar:log-lines", Right("a line")),
            ("scalar:log-bytes", Right("xxx")),
            ("scalar:log-long", Letter("hands over more than")),
            ("scalar:log-breaks", Right("")),
            ("scalar:log-escapes", Right("\\u{1b}[2J\\u{7}\\u{202e}gone")),
            (
                "scalar:log-for-ever",
                Letter("took longer than 150ms (raise `limits.deadline`)"),
            ),
        ],
    );
}
