//! In which order rows are by the values of some columns.

use arrow::{array::ArrayRef, error::ArrowError};

use super::{KeyEncoder, key_words::Words};

impl KeyEncoder {
    /// The rows in the order of their keys; those with equal keys stay in the order in which they are.
    ///
    /// # Errors
    ///
    /// If the columns have other types than the encoder was made for.
    pub fn order(&self, columns: &[ArrayRef], rows: usize) -> Result<Vec<u32>, ArrowError> {
        if !self.is_descending()
            && let Some(order) = by_words(columns, rows)
        {
            return Ok(order);
        }
        let keys = self.encode(columns, rows)?;
        let mut order: Vec<u32> = (0..rows as u32).collect();
        order.sort_by(|&a, &b| keys.get(a as usize).cmp(keys.get(b as usize)));
        Ok(order)
    }
}

/// The order of rows by a column of short values, and one of numbers before it at most, as the end of a window is.
fn by_words(columns: &[ArrayRef], rows: usize) -> Option<Vec<u32>> {
    let (numbers, column) = match columns {
        [column] => (None, column),
        [numbers, column] => (Some(Words::of(numbers)?), column),
        _ => return None,
    };
    let words = Words::of(column)?;
    let rank = |row: usize| {
        let number = match &numbers {
            Some(numbers) => numbers.number_rank(row)?,
            None => 0,
        };
        Some((number, words.rank(row)?, row as u32))
    };
    let ranks = (0..rows).map(rank).collect::<Option<Vec<_>>>();
    let mut ranks = ranks?;
    // What several subtasks have made consists of a few parts that are in order, which this makes use of.
    ranks.sort_by_key(|(number, rank, _)| (*number, *rank));
    Some(ranks.into_iter().map(|(.., row)| row).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{Array, Int64Array, StringArray},
        datatypes::DataType,
    };
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(columns: &[ArrayRef]) {
        let types = columns.iter().map(|column| column.data_type().clone());
        let encoder = KeyEncoder::new(types).expect("types of keys");
        let rows = columns[0].len();
        let keys = encoder
            .encode(columns, rows)
            .expect("columns of these types");
        let mut expected: Vec<u32> = (0..rows as u32).collect();
        expected.sort_by_key(|&row| keys.get(row as usize).to_vec());
        assert_eq!(encoder.order(columns, rows).expect("an order"), expected);
    }

    proptest! {
        /// However it is found out, the order is that of the encoded keys.
        #[test]
        fn rows_are_in_the_order_of_their_encoded_keys(
            texts in prop::collection::vec("[a\u{0}\u{e4}]{0,17}", 1..60),
            numbers in prop::collection::vec(any::<i64>(), 60),
            null in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let numbers = numbers[..texts.len()].iter();
            let numbers = numbers.map(|number| number % 3);
            let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
            let null = null.map(|null| null.index(texts.len()));
            let texts = texts.iter().enumerate();
            let texts = texts.map(|(row, text)| (Some(row) != null).then_some(text));
            let texts: ArrayRef = Arc::new(StringArray::from_iter(texts));
            check(&[Arc::clone(&numbers), Arc::clone(&texts)]);
            check(&[Arc::clone(&texts)]);
            check(&[Arc::clone(&texts), Arc::clone(&numbers)]);
            check(&[numbers]);
        }
    }

    #[test]
    fn the_greatest_come_first_if_they_are_to() {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["a", "c", "b"]));
        let encoder = KeyEncoder::ordered([(DataType::Utf8, true)]).expect("a type with an order");
        assert_eq!(encoder.order(&[column], 3).expect("an order"), [1, 2, 0]);
    }
}
