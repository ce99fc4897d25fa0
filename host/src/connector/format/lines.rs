//! Lines: every line is a row of one column, `line`.

use arrow::{
    array::{ArrayRef, RecordBatch, StringBuilder},
    datatypes::SchemaRef,
};

use super::{Block, RowDecoder, salvage::Fault};

/// Makes rows of lines.
pub(crate) struct LinesDecoder {
    schema: SchemaRef,
}

impl LinesDecoder {
    /// A decoder for a schema of one text column.
    pub(crate) const fn new(schema: SchemaRef) -> Self {
        Self { schema }
    }
}

impl RowDecoder for LinesDecoder {
    fn decode(&mut self, block: Block<'_>) -> Result<RecordBatch, String> {
        let bytes = block.rows.iter().map(|row| row.bytes.len()).sum();
        let mut lines = StringBuilder::with_capacity(block.rows.len(), bytes);
        for row in block.iter() {
            lines.append_value(text(row)?);
        }
        let lines: ArrayRef = std::sync::Arc::new(lines.finish());
        RecordBatch::try_new(SchemaRef::clone(&self.schema), vec![lines])
            .map_err(|error| error.to_string())
    }

    fn explain(&mut self, row: &[u8]) -> Option<Fault> {
        text(row).err().map(Fault::Certain)
    }

    fn accepts(&mut self, row: &[u8]) -> bool {
        text(row).is_ok()
    }
}

/// The text of a row, or where it stops being one.
pub(super) fn text(row: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(row).map_err(|error| {
        let at = error.valid_up_to();
        let hint = if row.starts_with(b"\xff\xfe") || row.starts_with(b"\xfe\xff") {
            "; it looks like UTF-16, and only UTF-8 is read"
        } else {
            ""
        };
        format!(
            "not valid UTF-8: byte 0x{:02x} at column {}{hint}",
            row[at],
            at + 1
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::connector::{
        Format,
        harness::{check_text, decoding},
    };

    #[test]
    fn every_line_is_a_row() {
        let lines = decoding(Format::Lines, "line: utf8", None);
        check_text(&lines, "a\n\n b \r\nc,\"", &["1: a", "3:  b ", "4: c,\""]);
        check_text(
            &lines,
            b"a\n\xffb\nc",
            &[
                "1: a",
                "2: BAD not valid UTF-8: byte 0xff at column 1",
                "3: c",
            ],
        );
    }

    #[test]
    fn a_line_beyond_the_bound_is_rejected() {
        let lines = decoding(Format::Lines, "line: utf8", None);
        let text = format!("a\n{}\nc", "b".repeat(16 * 1024 * 1024 + 1));
        let mut partition =
            crate::connector::harness::text_partition(&lines, text.as_bytes(), 1 << 20);
        let all = crate::connector::harness::read_all(&mut partition).expect("a text");
        assert_eq!(
            crate::connector::harness::listing(&all),
            ["1: a", "2: BAD the row is longer than 16 MiB", "3: c"]
        );
    }
}
