//! Columns: how they are read and made, and how they are spoilt.

use crate::{
    bindings::tidemill::udf::types::{Batch, Buffer, Column, RowError, VarBytes},
    deeds::{ESCAPES, long},
};

/// The numbers of the only column.
pub(crate) fn numbers(batch: &Batch) -> &[i64] {
    match &batch.columns[0].buffer {
        Buffer::Int64(numbers) => numbers,
        _ => &[],
    }
}

/// A column of numbers.
pub(crate) fn column(numbers: Vec<i64>) -> Column {
    Column {
        buffer: Buffer::Int64(numbers),
        validity: None,
    }
}

/// A column of texts.
pub(crate) fn texts(texts: &[String]) -> Column {
    let mut offsets = vec![0];
    let mut data = Vec::new();
    for text in texts {
        data.extend_from_slice(text.as_bytes());
        offsets.push(data.len() as u32);
    }
    Column {
        buffer: Buffer::Utf8(VarBytes { offsets, data }),
        validity: None,
    }
}

/// How many bytes each row of the only column has.
pub(crate) fn lengths(batch: &Batch) -> Vec<i64> {
    match &batch.columns[0].buffer {
        Buffer::Binary(bytes) => {
            let pairs = bytes.offsets.windows(2);
            pairs.map(|pair| i64::from(pair[1] - pair[0])).collect()
        }
        _ => Vec::new(),
    }
}

/// A column of so many bytes in each row.
pub(crate) fn bytes(lengths: &[i64]) -> Column {
    let mut end = 0;
    let ends = lengths.iter().map(|length| {
        end += *length as u32;
        end
    });
    let offsets: Vec<u32> = [0].into_iter().chain(ends).collect();
    Column {
        buffer: Buffer::Binary(VarBytes {
            data: vec![7; end as usize],
            offsets,
        }),
        validity: None,
    }
}

/// Spoils columns that should have `rows` rows.
pub(crate) fn spoil(deed: &str, columns: &mut Vec<Column>, rows: usize) {
    match deed {
        "no-columns" => columns.clear(),
        "many-columns" => columns.push(columns[0].clone()),
        "thousand-columns" => *columns = vec![columns[0].clone(); 1000],
        "wrong-type" => columns[0].buffer = Buffer::Float64(vec![0.0; rows]),
        "near-type" => columns[0].buffer = Buffer::Timestamp(vec![0; rows]),
        "bytes-for-text" => {
            let (offsets, data) = (vec![0; rows + 1], Vec::new());
            columns[0].buffer = Buffer::Binary(VarBytes { offsets, data });
        }
        "no-validity" => columns[0].validity = Some(Vec::new()),
        "long-validity" => columns[0].validity = Some(vec![255; rows.div_ceil(8) + 1]),
        "nulls" => columns[0].validity = Some(vec![0; rows.div_ceil(8)]),
        _ => match &mut columns[0].buffer {
            Buffer::Int64(numbers) => spoil_numbers(deed, numbers),
            Buffer::Utf8(texts) => spoil_texts(deed, texts),
            _ => {}
        },
    }
}

fn spoil_numbers(deed: &str, numbers: &mut Vec<i64>) {
    match deed {
        "no-rows" => numbers.clear(),
        "few-rows" => drop(numbers.pop()),
        "many-rows" => numbers.push(0),
        "million-rows" => *numbers = vec![0; 1 << 20],
        _ => {}
    }
}

fn spoil_texts(deed: &str, texts: &mut VarBytes) {
    let length = texts.data.len() as u32;
    let last = texts.offsets.len() - 1;
    match deed {
        "few-offsets" => drop(texts.offsets.pop()),
        "no-offsets" => texts.offsets.clear(),
        "many-offsets" => texts.offsets.push(length),
        "offset-first" => texts.offsets[0] = 1,
        "offset-last" => texts.offsets[last] = length - 1,
        "offset-beyond" => texts.offsets[last] = length + 1,
        "offset-greatest" => texts.offsets[last] = u32::MAX,
        "offset-decreasing" => {
            texts.offsets = vec![length; last + 1];
            texts.offsets[0] = 0;
            texts.offsets[last] = length - 1;
        }
        "not-text" => texts.data.fill(0xff),
        "half-character" => {
            // An `ä` of which the last row has the end, or the only row the beginning.
            let place = texts.offsets[last - 1].saturating_sub(1) as usize;
            texts.data[place] = 0xc3;
        }
        "long-text" => {
            texts.data.resize(10 << 20, b'x');
            texts.offsets[last] = 10 << 20;
        }
        "swell" | "swell-alone" => {
            let row = 300 << 10;
            texts.data = vec![b'x'; row * last];
            texts.offsets = (0..=last).map(|end| (end * row) as u32).collect();
        }
        _ => {}
    }
}

/// Spoils a batch.
pub(crate) fn spoil_batch(deed: &str, batch: &mut Batch) {
    match deed {
        "more" => batch.rows += 1,
        "less" => batch.rows -= 1,
        "most" => batch.rows = u32::MAX,
        _ => {
            let rows = batch.rows as usize;
            spoil(deed, &mut batch.columns, rows);
        }
    }
}

/// Errors for some of `rows` rows, of which `row` is the one that may have one.
pub(crate) fn errors(deed: &str, row: Option<usize>, rows: usize) -> Vec<RowError> {
    let row = row.unwrap_or_default() as u32;
    let error = |row: u32, message: &str| RowError {
        row,
        message: message.to_owned(),
    };
    match deed {
        "error" | "error-and-result" => vec![error(row, "no luck")],
        "error-beyond" => vec![error(rows as u32, "no luck")],
        "error-far-beyond" => vec![error(u32::MAX, "no luck")],
        "errors-twice" => vec![error(row, "no luck"), error(row, "no luck")],
        "errors-too-many" => vec![error(row, "no luck"); rows + 1],
        "errors-million" => vec![error(row, ""); 1 << 20],
        "error-long" => vec![error(row, &long())],
        "error-escapes" => vec![error(row, ESCAPES)],
        "error-silent" => vec![error(row, "")],
        _ => Vec::new(),
    }
}

/// Spoils parents of results.
pub(crate) fn spoil_parents(deed: &str, parents: &mut Vec<u32>, rows: usize) {
    match deed {
        "parents-beyond" => *parents.last_mut().expect("some") = rows as u32,
        "parents-far-beyond" => *parents.last_mut().expect("some") = u32::MAX,
        "parents-decreasing" => parents[0] = rows as u32 + 1,
        "parents-few" => drop(parents.pop()),
        "parents-many" => parents.push(rows as u32 - 1),
        "parents-none" => parents.clear(),
        "parents-million" => *parents = vec![rows as u32 - 1; 1 << 20],
        "parents-flood" => *parents = vec![rows as u32 - 1; 50_000],
        _ => {}
    }
}
