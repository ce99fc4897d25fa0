//! Plain rows of CSV: as many fields as the header has, without quotes.

use std::ops::Range;

use arrow::datatypes::SchemaRef;

use super::{
    super::raw::RawType,
    Block, Plain,
    columns::{Cells, PlainColumns},
    text::{push_text, utf8},
    words::find,
};

/// Decodes plain rows of CSV.
pub(in super::super) struct PlainCsv {
    columns: PlainColumns,
    /// The column that each field of a row is for, if there is one.
    fields: Vec<Option<usize>>,
}

impl PlainCsv {
    /// A decoder of columns of these types, each of which stands at one of `places` in a row of `fields`
    /// fields.
    pub(in super::super) fn new(
        schema: SchemaRef,
        raw: &[RawType],
        places: &[usize],
        fields: usize,
    ) -> Self {
        let mut columns = vec![None; fields];
        for (column, &place) in places.iter().enumerate() {
            columns[place] = Some(column);
        }
        Self {
            columns: PlainColumns::new(schema, raw),
            fields: columns,
        }
    }

    /// Decodes the plain rows of a block; None if most rows are odd.
    pub(in super::super) fn decode(&mut self, block: Block<'_>) -> Option<Plain> {
        let Self { columns, fields } = self;
        super::decode(columns, block, |columns, row| {
            line(columns, fields, block.bytes, row)
        })
    }
}

/// Appends the values of a row, and says how many there are.
#[inline]
fn line(
    columns: &mut PlainColumns,
    fields: &[Option<usize>],
    bytes: &[u8],
    row: Range<usize>,
) -> Option<usize> {
    let mut at = row.start;
    let (last, others) = fields.split_last()?;
    for &field in others {
        at = value(columns, field, bytes, at, row.end)?;
        if at >= row.end || bytes.get(at) != Some(&b',') {
            return None;
        }
        at += 1;
    }
    at = value(columns, *last, bytes, at, row.end)?;
    (at == row.end).then_some(columns.len())
}

/// Appends the value at `at` to its column, and says where it ends.
#[inline]
fn value(
    columns: &mut PlainColumns,
    field: Option<usize>,
    bytes: &[u8],
    at: usize,
    end: usize,
) -> Option<usize> {
    let Some(column) = field else {
        return text(bytes, at).map(|(_, end)| end);
    };
    let column = columns.unset(column)?;
    if at == end || bytes.get(at) == Some(&b',') {
        column.push_null();
        return Some(at);
    }
    column.push(|cells| match cells {
        Cells::Text(_) | Cells::Timestamp(_) => {
            let (text, end) = text(bytes, at)?;
            push_text(cells, text)?;
            Some(end)
        }
        Cells::Boolean(values) => {
            let (text, end) = text(bytes, at)?;
            let value = text.eq_ignore_ascii_case(b"true");
            values.append(value);
            (value || text.eq_ignore_ascii_case(b"false")).then_some(end)
        }
        numbers => numbers.push_number(bytes, at),
    })
}

/// The text of a field, which ends at a comma or with the line, or at what is odd.
#[inline]
fn text(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let (end, other) = find(bytes, at, [b',', b'"', b'\r', b'\n']);
    Some((utf8(&bytes[at..end], !other)?, end))
}
