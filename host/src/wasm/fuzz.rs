//! Any answer of a guest: it is refused, or what comes of it are columns that hold what they promise.

use arrow::array::Array as _;

use super::{
    catalog::{Function, Kind},
    check::{self, Excuses, Expected},
    lift::{Batch, Buffer, Column, RowError, VarBytes},
};
use crate::batch::{DataType, Field};

/// Bytes that become numbers and lists.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self
            .0
            .split_first()
            .map_or((0, &[][..]), |(&first, rest)| (first, rest));
        self.0 = rest;
        first
    }

    fn number(&mut self) -> u32 {
        match self.byte() {
            255 => u32::from_le_bytes(std::array::from_fn(|_| self.byte())),
            small => u32::from(small),
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes.to_vec()
    }

    fn numbers(&mut self) -> Vec<u32> {
        (0..self.byte() & 0x1f).map(|_| self.number()).collect()
    }

    fn column(&mut self) -> Column {
        let texts = |script: &mut Self| VarBytes {
            offsets: script.numbers(),
            data: script.bytes(),
        };
        let buffer = match self.byte() & 7 {
            0 => Buffer::Boolean(self.bytes()),
            1 => Buffer::Int32(
                self.numbers()
                    .into_iter()
                    .map(|number| number as i32)
                    .collect(),
            ),
            2 => Buffer::Int64(self.numbers().into_iter().map(i64::from).collect()),
            3 => Buffer::Float32(self.numbers().into_iter().map(f32::from_bits).collect()),
            4 => Buffer::Float64(self.numbers().into_iter().map(f64::from).collect()),
            5 => Buffer::Timestamp(self.numbers().into_iter().map(i64::from).collect()),
            6 => Buffer::Utf8(texts(self)),
            _ => Buffer::Binary(texts(self)),
        };
        let validity = (self.byte() & 1 == 1).then(|| self.bytes());
        Column { buffer, validity }
    }

    fn fields(&mut self) -> Vec<Field> {
        const TYPES: [DataType; 8] = [
            DataType::Boolean,
            DataType::Int32,
            DataType::Int64,
            DataType::Float32,
            DataType::Float64,
            DataType::Timestamp,
            DataType::Utf8,
            DataType::Binary,
        ];
        let fields = 0..self.byte() & 3;
        fields
            .map(|place| {
                let kind = self.byte();
                let name = format!("column{place}");
                match kind & 8 {
                    0 => Field::required(name, TYPES[usize::from(kind & 7)]),
                    _ => Field::nullable(name, TYPES[usize::from(kind & 7)]),
                }
            })
            .collect()
    }
}

/// What a function gives back for some rows, as these bytes say.
pub fn fuzz_guest(data: &[u8]) {
    let mut script = Script(data);
    let rows = usize::from(script.byte());
    let function = Function {
        index: 0,
        name: "f".to_owned(),
        kind: Kind::Table,
        doc: String::new(),
        parameters: Vec::new(),
        results: script.fields(),
        state: script.fields(),
        state_version: 0,
    };
    let errors = (0..script.byte() & 7)
        .map(|_| RowError {
            row: script.number(),
            message: String::from_utf8_lossy(&script.bytes()).into_owned(),
        })
        .collect();
    let parents = script.numbers();
    if let Ok(errors) = check::errors(&function, errors, rows)
        && check::parents(&function, &parents, rows, &errors).is_ok()
    {
        assert!(parents.iter().all(|&parent| (parent as usize) < rows));
        let results = parents.len();
        let excuses = Excuses::of_parents(&function, &[], &parents);
        let columns = (0..script.byte() & 3).map(|_| script.column()).collect();
        if let Ok(columns) = Expected::results(&function, results).columns(columns, &excuses) {
            verify(&function.results, &columns, results);
        }
    }
    let state = Batch {
        rows: script.number(),
        columns: (0..script.byte() & 3).map(|_| script.column()).collect(),
    };
    if let Ok(columns) = Expected::state(&function, rows).batch(state) {
        verify(&function.state, &columns, rows);
    }
}

fn verify(fields: &[Field], columns: &[arrow::array::ArrayRef], rows: usize) {
    assert_eq!(fields.len(), columns.len());
    for (field, column) in fields.iter().zip(columns) {
        assert_eq!(column.len(), rows);
        assert_eq!(*column.data_type(), field.data_type.to_arrow());
        assert!(field.nullable || column.null_count() == 0);
        let checked = column.to_data().validate_full();
        assert!(checked.is_ok(), "{checked:?}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_fuzzing_begins_with_does_no_harm() {
        crate::corpus("guest")
            .iter()
            .for_each(|data| super::fuzz_guest(data));
    }
}
