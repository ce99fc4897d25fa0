//! Answers that are not what the catalog promises.

use super::{Letter, check};

#[test]
fn columns_of_numbers_are_checked() {
    check(
        "map = \"hostile#next\"\nCONFIG",
        &[
            (
                "scalar:no-columns",
                Letter("expected 1 result columns, found 0"),
            ),
            (
                "scalar:many-columns",
                Letter("expected 1 result columns, found 2"),
            ),
            (
                "scalar:thousand-columns",
                Letter("expected 1 result columns, found 1000"),
            ),
            (
                "scalar:wrong-type",
                Letter("result `r`: expected int64, found float64"),
            ),
            (
                "scalar:near-type",
                Letter("result `r`: expected int64, found timestamp"),
            ),
            ("scalar:no-rows", Letter("expected 1 values, found 0")),
            ("scalar:few-rows", Letter("expected 1 values, found 0")),
            ("scalar:many-rows", Letter("expected 1 values, found 2")),
            ("scalar:million-rows", Letter("hands over more than")),
            (
                "scalar:no-validity",
                Letter("expected 1 bytes of validity for 1 rows, found 0"),
            ),
            (
                "scalar:long-validity",
                Letter("expected 1 bytes of validity for 1 rows, found 2"),
            ),
            (
                "scalar:nulls",
                Letter("null in row 0 of a column without nulls"),
            ),
        ],
    );
}

#[test]
fn columns_of_texts_are_checked() {
    check(
        "map = \"hostile#text\"\nCONFIG",
        &[
            (
                "scalar:no-offsets",
                Letter("expected 2 offsets for 1 rows, found 0"),
            ),
            (
                "scalar:few-offsets",
                Letter("expected 2 offsets for 1 rows, found 1"),
            ),
            (
                "scalar:many-offsets",
                Letter("expected 2 offsets for 1 rows, found 3"),
            ),
            (
                "scalar:offset-first",
                Letter("expected the first offset to be 0, found 1"),
            ),
            (
                "scalar:offset-last",
                Letter("expected the last offset to be the length of the data, 3, found 2"),
            ),
            (
                "scalar:offset-beyond",
                Letter("expected the last offset to be the length of the data, 3, found 4"),
            ),
            (
                "scalar:offset-greatest",
                Letter("the length of the data, 3, found 4294967295"),
            ),
            (
                "scalar:offset-decreasing",
                Letter("expected the last offset to be the length of the data, 3, found 2"),
            ),
            ("scalar:not-text", Letter("row 0 is not UTF-8")),
            ("scalar:half-character", Letter("row 0 is not UTF-8")),
            (
                "scalar:bytes-for-text",
                Letter("expected utf8, found binary"),
            ),
            ("scalar:long-text", Letter("hands over more than")),
        ],
    );
}

#[test]
fn errors_of_rows_are_checked() {
    check(
        "map = \"hostile#next\"\nCONFIG",
        &[
            ("scalar:error", Letter("no luck")),
            ("scalar:errors-twice", Letter("no luck")),
            ("scalar:error-beyond", Letter("error for row 1 of 1 rows")),
            (
                "scalar:error-far-beyond",
                Letter("error for row 4294967295 of 1 rows"),
            ),
            ("scalar:errors-too-many", Letter("2 row errors for 1 rows")),
            ("scalar:errors-million", Letter("hands over more than")),
            ("scalar:error-long", Letter("hands over more than")),
            (
                "scalar:error-escapes",
                Letter("\\u{1b}[2J\\u{7}\\u{202e}gone\\r"),
            ),
            ("scalar:error-silent", Letter("no reason given")),
        ],
    );
}

#[test]
fn parents_of_rows_are_checked() {
    check(
        "flat_map = \"hostile#twins\"\nCONFIG",
        &[
            ("table:abort", Letter("trap: unreachable")),
            ("table:spin", Letter("took longer than 150ms")),
            ("table:wrong-type", Letter("expected int64, found float64")),
            ("table:error", Letter("no luck")),
            (
                "table:error-and-result",
                Letter("row 0 has both an error and results"),
            ),
            ("table:parents-beyond", Letter("parent is row 1 of 1 rows")),
            (
                "table:parents-far-beyond",
                Letter("parent is row 4294967295 of 1 rows"),
            ),
            (
                "table:parents-decreasing",
                Letter("parent 1 is row 0, before the one before, row 2"),
            ),
            ("table:parents-few", Letter("expected 1 values, found 2")),
            ("table:parents-many", Letter("expected 3 values, found 2")),
            ("table:parents-none", Letter("expected 0 values, found 2")),
            ("table:parents-million", Letter("hands over more than")),
        ],
    );
}
