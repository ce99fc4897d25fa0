//! What the footer of a Parquet file says of the least values of a column. A file that tells when its rows begin need
//! not be read to know that it does not hold those of other files back.

use arrow::{array::ArrayRef, datatypes::Field};
use parquet::{
    arrow::arrow_reader::statistics::StatisticsConverter,
    file::metadata::{ParquetMetaData, RowGroupMetaData},
};

use super::groups::guarded;

/// The least value of a column in each row group that has rows; `None` if the footer does not say them all. `place` is that of the column among those of the file, and `found` what it is.
pub(super) fn least_values(
    metadata: &ParquetMetaData,
    place: usize,
    found: &Field,
) -> Option<ArrayRef> {
    let schema = metadata.file_metadata().schema_descr();
    let is_part = |leaf: &usize| schema.get_column_root_idx(*leaf) == place;
    let leaf = (0..schema.num_columns()).find(is_part)?;
    let groups = metadata.row_groups().iter();
    let groups: Vec<&RowGroupMetaData> = groups.filter(|group| group.num_rows() > 0).collect();
    // Older programs compared some types in other ways than we do.
    let is_reliable = groups.iter().all(|group| {
        let statistics = group
            .columns()
            .get(leaf)
            .and_then(|chunk| chunk.statistics());
        statistics.is_some_and(|statistics| !statistics.is_min_max_deprecated())
    });
    if !is_reliable {
        return None;
    }
    let least = guarded(|| {
        StatisticsConverter::from_column_index(leaf, found, schema)?
            .row_group_mins(groups.iter().copied())
    });
    least.ok().filter(|least| least.logical_null_count() == 0)
}
