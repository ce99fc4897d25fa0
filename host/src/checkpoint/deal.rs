//! The rows of a table, dealt out by key, so that those of most keys can be found unchanged again.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::DataType,
};

use crate::batch::KeyHash;

/// Rows in a piece at most.
pub(super) const PIECE_ROWS: usize = 1 << 16;

/// The rows of a table by bucket, each in the order of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dealt {
    /// The rows of each bucket; at least one bucket.
    pub(super) buckets: Vec<Vec<u32>>,
    /// The bucket of each row, from which the order of the table can be told again.
    pub(super) order: Vec<u8>,
}

/// Into how many buckets so many rows are dealt. It changes seldom while a table grows, for all of it is
/// written again then.
const fn buckets(rows: usize) -> usize {
    match rows {
        0..4_096 => 1,
        4_096..16_384 => 4,
        16_384..65_536 => 16,
        65_536..262_144 => 64,
        _ => 256,
    }
}

/// Deals out the rows of `table` by its first column, the encoded key; a table without keys is one
/// bucket.
pub(super) fn deal(table: &RecordBatch) -> Dealt {
    let rows = table.num_rows();
    let count = buckets(rows);
    let keys = table.columns().first();
    let keys = keys.filter(|keys| *keys.data_type() == DataType::Binary);
    let Some(keys) = keys.filter(|_| count > 1) else {
        return Dealt {
            buckets: vec![(0..rows as u32).collect()],
            order: Vec::new(),
        };
    };
    let keys = keys.as_binary::<i32>();
    let mut buckets = vec![Vec::new(); count];
    let mut order = Vec::with_capacity(rows);
    for row in 0..rows {
        let key = if keys.is_valid(row) {
            keys.value(row)
        } else {
            &[]
        };
        // The low bits: the high ones decide which subtask the key belongs to.
        let bucket = (KeyHash::of(key).0 % count as u64) as usize;
        buckets[bucket].push(row as u32);
        order.push(bucket as u8);
    }
    Dealt { buckets, order }
}

/// For each row of a table its place among the rows of all buckets, one bucket after the other; nothing
/// if the buckets have not just these rows.
pub(super) fn places(order: &[u8], bucket_rows: &[usize]) -> Option<Vec<u32>> {
    let mut next = Vec::with_capacity(bucket_rows.len());
    let mut ends = Vec::with_capacity(bucket_rows.len());
    let mut start = 0;
    for rows in bucket_rows {
        next.push(start);
        start += rows;
        ends.push(start);
    }
    let mut places = Vec::with_capacity(order.len());
    for &bucket in order {
        let place = next.get_mut(usize::from(bucket))?;
        places.push(u32::try_from(*place).ok()?);
        *place += 1;
    }
    (next == ends).then_some(places)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{ArrayRef, BinaryArray, Int64Array},
        datatypes::{Field, Schema},
    };

    use super::*;

    fn table(keys: impl IntoIterator<Item = u32>) -> RecordBatch {
        let keys: Vec<_> = keys.into_iter().map(u32::to_le_bytes).collect();
        let keys: ArrayRef = Arc::new(BinaryArray::from_iter_values(&keys));
        let schema = Schema::new(vec![Field::new("0", DataType::Binary, true)]);
        RecordBatch::try_new(Arc::new(schema), vec![keys]).expect("a table")
    }

    #[test]
    fn the_order_of_a_table_can_be_told_from_its_buckets() {
        let dealt = deal(&table((0..5000).map(|row| row % 700)));
        assert_eq!(dealt.buckets.len(), 4);
        let rows: Vec<usize> = dealt.buckets.iter().map(Vec::len).collect();
        let places = places(&dealt.order, &rows).expect("just these rows");
        let all: Vec<u32> = dealt.buckets.concat();
        let told: Vec<u32> = places.iter().map(|&place| all[place as usize]).collect();
        assert_eq!(told, (0..5000).collect::<Vec<u32>>());
    }

    #[test]
    fn buckets_are_of_about_one_size() {
        let dealt = deal(&table(0..70_000));
        let sizes = dealt.buckets.iter().map(Vec::len);
        assert!(sizes.clone().min() > Some(800), "{:?}", sizes.min());
    }

    #[test]
    fn a_table_without_keys_is_one_bucket() {
        let numbers: ArrayRef = Arc::new(Int64Array::from_value(1, 5000));
        let schema = Schema::new(vec![Field::new("0", DataType::Int64, true)]);
        let table = RecordBatch::try_new(Arc::new(schema), vec![numbers]).expect("a table");
        assert_eq!(deal(&table).buckets.len(), 1);
    }

    #[test]
    fn an_order_of_other_buckets_is_noticed() {
        assert_eq!(places(&[0, 1], &[1, 1]), Some(vec![0, 1]));
        assert_eq!(places(&[0, 0], &[1, 1]), None);
        assert_eq!(places(&[0, 2], &[1, 1]), None);
        assert_eq!(places(&[0], &[1, 1]), None);
    }
}
