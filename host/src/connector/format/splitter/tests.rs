//! Rows in pieces.

use proptest::prelude::*;

use super::*;

/// Splits `text`, handed over `chunk` bytes at a time, with a bound of 20 bytes a row.
fn split(layout: Layout, text: &str, chunk: usize) -> Vec<String> {
    let mut splitter = Splitter::new(layout, 20);
    let mut buffer = Vec::new();
    let mut found = Vec::new();
    let mut chunks = text.as_bytes().chunks(chunk);
    loop {
        let ended = match chunks.next() {
            Some(bytes) => {
                buffer.extend_from_slice(bytes);
                false
            }
            None => {
                if buffer.last().is_some_and(|&byte| byte != b'\n') {
                    buffer.push(b'\n');
                }
                true
            }
        };
        loop {
            let (row, reason) = match splitter.next(&buffer, ended) {
                Next::Row(row) => (row, String::new()),
                Next::Bad(row, reason) => (row, format!(" ({reason})")),
                Next::More => break,
            };
            let text = String::from_utf8_lossy(&buffer[row.bytes]);
            found.push(format!("{}:{text}{reason}", row.line));
        }
        // What has been returned may go.
        let gone = splitter.start();
        buffer.drain(..gone);
        splitter.shift(gone);
        if ended {
            return found;
        }
    }
}

#[track_caller]
fn check(layout: Layout, text: &str, expected: &[&str]) {
    for chunk in [1, 2, 3, 5, 1000] {
        assert_eq!(split(layout, text, chunk), expected, "chunks of {chunk}");
    }
}

#[test]
fn lines_end_at_line_breaks() {
    check(Layout::Lines, "", &[]);
    check(Layout::Lines, "a\nb\n", &["1:a", "2:b"]);
    check(Layout::Lines, "a\r\nb\r\n", &["1:a", "2:b"]);
    check(Layout::Lines, "a\nb", &["1:a", "2:b"]);
    check(Layout::Lines, "\"a\nb\"", &["1:\"a", "2:b\""]);
}

#[test]
fn blank_lines_are_counted_but_are_no_rows() {
    check(Layout::Lines, "\n\na\n\r\n \nb", &["3:a", "5: ", "6:b"]);
    check(Layout::Json, "\n\na\n\r\n \t\nb\n\n", &["3:a", "6:b"]);
    check(Layout::Csv, "\n\na\n\r\r\n \nb\n", &["3:a", "5: ", "6:b"]);
}

#[test]
fn quotes_hide_line_breaks_in_csv() {
    check(Layout::Csv, "\"a\nb\",c\nd", &["1:\"a\nb\",c", "3:d"]);
    check(
        Layout::Csv,
        "a,\"\n\"\"\n\",c\nd",
        &["1:a,\"\n\"\"\n\",c", "4:d"],
    );
    check(
        Layout::Csv,
        "\"a\"\n\"\"\nb\n",
        &["1:\"a\"", "2:\"\"", "3:b"],
    );
    check(Layout::Csv, "a,\"b\"\r\nc\r\n", &["1:a,\"b\"", "2:c"]);
}

#[test]
fn a_quote_within_a_field_hides_nothing() {
    check(Layout::Csv, "5\" pipe,3\nb", &["1:5\" pipe,3", "2:b"]);
    check(Layout::Csv, "\"a\"b\"\nc", &["1:\"a\"b\"", "2:c"]);
}

#[test]
fn quotes_that_are_never_closed_cost_one_line() {
    check(
        Layout::Csv,
        "a\n\"b\nc\nd",
        &["1:a", "2:\"b (its quotes are never closed)", "3:c", "4:d"],
    );
    check(
        Layout::Csv,
        "a\n\"b\nc\nddddddddddddddddd\ne\n\"\nf",
        &[
            "1:a",
            "2:\"b (its quotes are not closed within 20 bytes)",
            "3:c",
            "4:ddddddddddddddddd",
            "5:e",
            "6:\" (its quotes are never closed)",
            "7:f",
        ],
    );
}

#[test]
fn a_row_beyond_the_bound_is_bad() {
    let fits = "x".repeat(20);
    let beyond = "y".repeat(21);
    let far_beyond = "\"".repeat(2000);
    let shown = &far_beyond[..20];
    for layout in [Layout::Json, Layout::Lines] {
        check(
            layout,
            &format!("{fits}\n{beyond}\n{far_beyond}\nz"),
            &[
                &format!("1:{fits}"),
                &format!("2:{} (the row is longer than 20 bytes)", &beyond[..20]),
                &format!("3:{shown} (the row is longer than 20 bytes)"),
                "4:z",
            ],
        );
    }
    check(
        Layout::Csv,
        &format!("{fits}\n{beyond}\n\"{beyond}\"\nz"),
        &[
            &format!("1:{fits}"),
            &format!("2:{} (the row is longer than 20 bytes)", &beyond[..20]),
            &format!("3:\"{} (the row is longer than 20 bytes)", &beyond[..19]),
            "4:z",
        ],
    );
}

/// Splits a text with a bound of 20 bytes a row, and forgets what is known of quotes that are not closed, if
/// `forgetful`.
fn split_at_once(text: &str, forgetful: bool) -> Vec<Next> {
    let mut splitter = Splitter::new(Layout::Csv, 20);
    let mut found = Vec::new();
    loop {
        if forgetful {
            splitter.unclosed = None;
        }
        match splitter.next(text.as_bytes(), true) {
            Next::More => return found,
            next => found.push(next),
        }
    }
}

proptest! {
    #[test]
    fn what_is_known_of_open_quotes_changes_nothing(text in "[\"\"\"a,\r\n\n]{0,120}\n") {
        prop_assert_eq!(split_at_once(&text, false), split_at_once(&text, true));
    }
}

#[test]
fn quotes_that_every_line_opens_are_looked_at_once() {
    // Each of a million rows would otherwise be followed to the end of the text.
    let lines = 1_000_000;
    let text = "a\"a,\"\n".repeat(lines);
    let mut splitter = Splitter::new(Layout::Csv, MAX_ROW_BYTES);
    for _ in 0..lines {
        let next = splitter.next(text.as_bytes(), true);
        let Next::Bad(row, reason) = next else {
            panic!("{next:?}");
        };
        assert_eq!(row.bytes.len(), 5);
        assert_eq!(reason, "its quotes are never closed");
    }
    assert_eq!(splitter.next(text.as_bytes(), true), Next::More);
}
