//! Rows as text, a cell a value, spelled as sinks that write text spell them.

use arrow::{
    array::{Array, AsArray},
    datatypes::{DataType as ArrowType, Float32Type},
};

use crate::batch::{Batch, Value};

/// The cells of a row.
pub(super) type Cells = Vec<String>;

/// The first rows of a stream.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Cells>,
    /// How many rows there are, with those that are left out.
    pub(super) total: usize,
}

impl Excerpt {
    /// The first `most` rows of `batches`, which have the same columns.
    pub(super) fn of(batches: &[Batch], most: usize) -> Self {
        let mut excerpt = Self::default();
        for batch in batches {
            if excerpt.columns.is_empty() {
                let schema = batch.record().schema();
                let names = schema.fields().iter().map(|field| field.name().clone());
                excerpt.columns = names.collect();
            }
            excerpt.total += batch.rows();
            let room = most - excerpt.rows.len();
            let columns = batch.record().columns();
            for row in 0..batch.rows().min(room) {
                let cells = columns.iter().map(|column| cell(column, row));
                excerpt.rows.push(cells.collect());
            }
        }
        excerpt
    }

    /// The same rows with these columns, in this order. What is not there is said to be missing.
    pub(super) fn arranged(self, columns: &[String]) -> Vec<Cells> {
        if self.columns == columns {
            return self.rows;
        }
        let place = |name: &String| self.columns.iter().position(|other| other == name);
        let places: Vec<Option<usize>> = columns.iter().map(place).collect();
        let arrange = |row: &Cells| {
            let cells = places.iter().map(|place| match place {
                Some(place) => row[*place].clone(),
                None => "(none)".to_owned(),
            });
            cells.collect()
        };
        self.rows.iter().map(arrange).collect()
    }
}

fn cell(column: &dyn Array, row: usize) -> String {
    if *column.data_type() == ArrowType::Float32 && column.is_valid(row) {
        // As it is written: with as many digits as 32 bits have.
        return format!("{:?}", column.as_primitive::<Float32Type>().value(row));
    }
    Value::at(column, row).map_or_else(|| "(?)".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int64Array, StringArray,
        TimestampMicrosecondArray,
    };

    use super::*;
    use crate::{
        batch::{DataType, Field, Origin, Schema},
        connector::{Format, TextEncoder},
    };

    #[test]
    fn values_are_spelled_as_in_files() {
        let times = TimestampMicrosecondArray::from(vec![Some(1_713_168_001_000_000), None]);
        let columns: Vec<(DataType, ArrayRef)> = vec![
            (
                DataType::Boolean,
                Arc::new(BooleanArray::from(vec![true, false])),
            ),
            (
                DataType::Int64,
                Arc::new(Int64Array::from(vec![Some(-5), None])),
            ),
            (
                DataType::Float32,
                Arc::new(Float32Array::from(vec![0.1, 2.0])),
            ),
            (
                DataType::Float64,
                Arc::new(Float64Array::from(vec![89.60000000000001, -0.5])),
            ),
            (DataType::Timestamp, Arc::new(times.with_timezone("UTC"))),
            (
                DataType::Binary,
                Arc::new(BinaryArray::from(vec![&b"\x01\xff"[..], b"\0"])),
            ),
        ];
        let fields = columns.iter().enumerate();
        let fields = fields.map(|(at, (kind, _))| Field::nullable(format!("c{at}"), *kind));
        let schema = Schema::new(fields.collect()).expect("no name twice");
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let batch = Batch::new(schema.to_arrow(), arrays, 2, None, Origin::Derived);
        let batch = batch.expect("as the schema says");

        let mut encoder = TextEncoder::new(Format::Json, &schema).expect("a text");
        let mut written = Vec::new();
        encoder.encode(batch.record(), &mut written).expect("rows");
        let written = String::from_utf8(written).expect("text");
        let written: Vec<String> = written.lines().map(|line| line.replace('"', "")).collect();

        let excerpt = Excerpt::of(&[batch], 10);
        let line = |cells: &Cells| {
            let pairs = excerpt.columns.iter().zip(cells);
            let pairs: Vec<String> = pairs.map(|(name, cell)| format!("{name}:{cell}")).collect();
            format!("{{{}}}", pairs.join(","))
        };
        let lines: Vec<String> = excerpt.rows.iter().map(line).collect();
        assert_eq!(lines, written);
    }

    #[test]
    fn only_the_first_rows_are_kept_and_all_are_counted() {
        let schema = Schema::new(vec![Field::nullable("a", DataType::Utf8)]).expect("one name");
        let column: ArrayRef = Arc::new(StringArray::from(vec!["x", "null", ""]));
        let batch = Batch::new(schema.to_arrow(), vec![column], 3, None, Origin::Derived);
        let batch = batch.expect("as the schema says");
        let excerpt = Excerpt::of(&[batch.clone(), batch], 4);
        assert_eq!(excerpt.total, 6);
        assert_eq!(excerpt.rows, [["x"], ["\"null\""], ["\"\""], ["x"]]);
    }
}
