//! Plain lines of JSON: flat objects whose fields mostly come in the same order as in the line before.

use std::ops::Range;

use arrow::datatypes::SchemaRef;

use super::{
    super::raw::RawType,
    Block, Plain,
    columns::{Cells, PlainColumns},
    text::{push_text, utf8},
    words::{find, word},
};

/// The most fields that are remembered of a line.
const MOST_FIELDS: usize = 256;

/// The longest key that is remembered, with what stands around it.
const MOST_KEY_BYTES: usize = 256;

/// How often a row may have another field than was expected, for each row of a block.
const MOST_SURPRISES: usize = 4;

/// Decodes plain lines of JSON.
pub(in super::super) struct PlainJson {
    columns: PlainColumns,
    shape: Shape,
}

/// The fields of the lines before, in their order.
struct Shape {
    /// The names of the columns.
    names: Vec<Vec<u8>>,
    fields: Vec<Field>,
    /// How often another field than the expected one has been found in this block. Where no field is like
    /// the one before, all this is in vain.
    surprises: usize,
}

/// A field of a line.
#[derive(Default)]
struct Field {
    /// What stands between the value before it and its own, in words of eight bytes: bits that count, and
    /// what they are.
    before: Vec<(u64, u64)>,
    /// How many bytes that are.
    length: usize,
    /// The column that it is for, if there is one.
    column: Option<usize>,
}

impl PlainJson {
    /// A decoder of columns with these names and types.
    pub(in super::super) fn new(schema: SchemaRef, names: &[String], raw: &[RawType]) -> Self {
        Self {
            columns: PlainColumns::new(schema, raw),
            shape: Shape {
                names: names.iter().map(|name| name.as_bytes().to_vec()).collect(),
                fields: Vec::new(),
                surprises: 0,
            },
        }
    }

    /// Decodes the plain rows of a block; None if most rows are odd.
    pub(in super::super) fn decode(&mut self, block: Block<'_>) -> Option<Plain> {
        let Self { columns, shape } = self;
        shape.surprises = 0;
        super::decode(columns, block, |columns, row| {
            line(columns, shape, block.bytes, row)
        })
    }
}

/// Appends the values of a line, and says how many there are.
#[inline]
fn line(
    columns: &mut PlainColumns,
    shape: &mut Shape,
    bytes: &[u8],
    row: Range<usize>,
) -> Option<usize> {
    let mut at = row.start;
    let mut values = 0;
    let mut next = 0;
    loop {
        // Keys are not looked at beyond the line: the break after it is none of their bytes.
        let found = match shape.fields.get(next) {
            Some(field) if field.stands_at(bytes, at) => next,
            _ if is_end(bytes, at, &row) => return Some(values),
            _ => {
                let most = MOST_FIELDS + MOST_SURPRISES * columns.rows();
                shape.find(next, bytes, at, &row, most)?
            }
        };
        let field = shape.fields.get(found)?;
        at += field.length;
        at = match field.column {
            Some(column) => {
                values += 1;
                let column = columns.unset(column)?;
                if bytes.get(at) == Some(&b'n') {
                    column.push_null();
                    literal(bytes, at, *b"null")?
                } else {
                    column.push(|cells| value(cells, bytes, at, row.end))?
                }
            }
            None => skip(bytes, at, row.end)?,
        };
        next = found + 1;
    }
}

/// Whether nothing but the end of the object is left of a line.
#[inline]
fn is_end(bytes: &[u8], at: usize, row: &Range<usize>) -> bool {
    // An object has begun, with a field.
    let has_begun = at > row.start;
    let at = after_spaces(bytes, at);
    has_begun && bytes.get(at) == Some(&b'}') && after_spaces(bytes, at + 1) == row.end
}

impl Shape {
    /// Finds out which field stands at `at`, if not the one that has been expected there. It is expected
    /// there from now on, unless it is one that comes later. None if it is no plain one, or if there have
    /// been `most` surprises in this block.
    #[cold]
    fn find(
        &mut self,
        next: usize,
        bytes: &[u8],
        at: usize,
        row: &Range<usize>,
        most: usize,
    ) -> Option<usize> {
        self.surprises += 1;
        if self.surprises > most {
            return None;
        }
        // The first field of a line has a brace before it, all others a comma.
        let mut later = self.fields.get(next..)?.iter();
        if at > row.start
            && let Some(skipped) = later.position(|field| field.stands_at(bytes, at))
        {
            return Some(next + skipped);
        }
        let (name, end) = key(bytes, at, row)?;
        if next >= MOST_FIELDS || end - at > MOST_KEY_BYTES {
            return None;
        }
        let column = self.names.iter().position(|other| other == name);
        if next == self.fields.len() {
            self.fields.push(Field::default());
        }
        self.fields[next].assign(&bytes[at..end], column);
        Some(next)
    }
}

/// The key of the field at `at`, and where its value begins.
fn key<'a>(bytes: &'a [u8], at: usize, row: &Range<usize>) -> Option<(&'a [u8], usize)> {
    let expect = |at: usize, byte: u8| (bytes.get(at) == Some(&byte)).then_some(at + 1);
    let separator = if at == row.start { b'{' } else { b',' };
    let at = expect(after_spaces(bytes, at), separator)?;
    let start = expect(after_spaces(bytes, at), b'"')?;
    let (end, ascii) = text_end(bytes, start, row.end)?;
    let name = utf8(&bytes[start..end], ascii)?;
    let at = expect(after_spaces(bytes, end + 1), b':')?;
    Some((name, after_spaces(bytes, at)))
}

#[inline]
fn after_spaces(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default().iter();
    at + rest.take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

impl Field {
    /// Becomes the field with these bytes before its value.
    fn assign(&mut self, before: &[u8], column: Option<usize>) {
        let words = before.chunks(8).map(|bytes| {
            let mask = u64::MAX >> (64 - 8 * bytes.len());
            (mask, word(bytes, 0))
        });
        self.before.clear();
        self.before.extend(words);
        self.length = before.len();
        self.column = column;
    }

    #[inline]
    fn stands_at(&self, bytes: &[u8], at: usize) -> bool {
        let words = self.before.iter().enumerate();
        words.fold(true, |all, (index, &(mask, expected))| {
            all & (word(bytes, at + 8 * index) & mask == expected)
        })
    }
}

/// Appends the value at `at` to a column, and says where it ends.
#[inline]
fn value(cells: &mut Cells, bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    let in_quotes = bytes.get(at) == Some(&b'"');
    match cells {
        Cells::Text(_) | Cells::Timestamp(_) if in_quotes => {
            let (end, ascii) = text_end(bytes, at + 1, end)?;
            push_text(cells, utf8(&bytes[at + 1..end], ascii)?)?;
            Some(end + 1)
        }
        Cells::Boolean(values) => {
            let value = bytes.get(at) == Some(&b't');
            values.append(value);
            match value {
                true => literal(bytes, at, *b"true"),
                false => literal(bytes, at, *b"false"),
            }
        }
        // It may stand in a text.
        numbers => {
            let end = numbers.push_number(bytes, at + usize::from(in_quotes))?;
            match in_quotes {
                true => literal(bytes, end, *b"\""),
                false => Some(end),
            }
        }
    }
}

/// Where a word ends that has to stand at `at`.
#[inline]
fn literal<const LENGTH: usize>(bytes: &[u8], at: usize, word: [u8; LENGTH]) -> Option<usize> {
    let found = bytes.get(at..)?.first_chunk::<LENGTH>()?;
    (*found == word).then_some(at + LENGTH)
}

/// Where a text ends that begins at `at`, unless there are escapes in it or the line ends before; and
/// whether it is ASCII for sure.
#[inline]
fn text_end(bytes: &[u8], at: usize, end: usize) -> Option<(usize, bool)> {
    let (found, other) = find(bytes, at, [b'"', b'\\', b'\n']);
    let ended = found < end && bytes.get(found) == Some(&b'"');
    ended.then_some((found, !other))
}

/// Where a value ends that is for no column.
fn skip(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => {
            let (end, ascii) = text_end(bytes, at + 1, end)?;
            utf8(&bytes[at + 1..end], ascii)?;
            Some(end + 1)
        }
        b't' => literal(bytes, at, *b"true"),
        b'f' => literal(bytes, at, *b"false"),
        b'n' => literal(bytes, at, *b"null"),
        b'-' | b'0'..=b'9' => {
            let number =
                |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
            Some(at + bytes[at..end].iter().take_while(number).count())
        }
        _ => None,
    }
}
