//! Where a partition is to be read on, for people.

use serde::Deserialize;

use super::{
    ReadPosition, generator,
    position::{ParquetPosition, TextPosition},
};

impl ReadPosition {
    /// Where that is, in words that follow `at`. What no connector of this version has written stays as it is.
    pub fn in_words(&self) -> String {
        if let Ok(text) = TextPosition::deserialize(&self.0) {
            let (line, byte) = (counted(text.line), counted(text.offset));
            return format!("line {line}, byte {byte}");
        }
        if let Ok(parquet) = ParquetPosition::deserialize(&self.0) {
            let row = counted(parquet.row);
            return format!("row {row} of row group {}", parquet.row_group);
        }
        match generator::made(&self.0) {
            Some(rows) => format!("row {}", counted(rows)),
            None => self.0.to_string(),
        }
    }
}

/// A number with a comma before every three digits.
fn counted(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(position: Value, expected: &str) {
        assert_eq!(ReadPosition(position).in_words(), expected);
    }

    #[test]
    fn positions_are_told_in_words() {
        check(
            json!({ "offset": 1_234_567, "line": 999, "size": 9_000_000, "digest": "d" }),
            "line 999, byte 1,234,567",
        );
        check(
            json!({ "row_group": 3, "row": 1000, "size": 7, "digest": "d" }),
            "row 1,000 of row group 3",
        );
        let settings = json!({
            "seed": 1, "sensors": 2, "start_millis": 0, "step_millis": 1, "disorder": "0", "max_disorder": "0s",
        });
        check(json!({ "made": 42, "settings": settings }), "row 42");
        check(json!({ "message": 7 }), "{\"message\":7}");
    }
}
