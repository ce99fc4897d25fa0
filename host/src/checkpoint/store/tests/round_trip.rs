//! What is written is read back.

use std::sync::Arc;

use arrow::{
    array::{BooleanArray, Float64Array, StringArray, TimestampMicrosecondArray},
    datatypes::TimeUnit,
};
use proptest::prelude::*;

use super::*;

#[test]
fn a_checkpoint_is_read_back_as_it_was_written() {
    let home = Home::new();
    let mut store = home.open();
    assert!(store.latest(None).expect("readable").is_none());
    assert_eq!(store.next_number().expect("readable"), 1);
    let rows = (0..20_000).map(|row| (row * 7919 % 3000, i64::from(row)));
    let written = checkpoint(1, vec![table(rows), table([])]);
    store.write(&written).expect("written");
    check_same(store.latest(None).expect("readable").as_ref(), &written);
    check_same(store.latest(Some(1)).expect("readable").as_ref(), &written);
    assert_eq!(store.next_number().expect("readable"), 2);
}

#[test]
fn a_position_that_is_null_is_a_position() {
    let home = Home::new();
    let mut store = home.open();
    let mut written = checkpoint(1, Vec::new());
    for (place, position) in [(1, None), (2, Some(ReadPosition(json!(null))))] {
        written.number = place;
        let source = written
            .snapshot
            .sources
            .get_mut("source")
            .expect("a source");
        source.partitions[0].position = position;
        store.write(&written).expect("written");
        check_same(store.latest(None).expect("readable").as_ref(), &written);
    }
}

#[test]
fn the_metadata_of_a_table_is_kept() {
    let home = Home::new();
    let mut store = home.open();
    let field = Field::new("0", DataType::Binary, true);
    let metadata = [("watermark".to_owned(), "-17".to_owned())];
    let schema = Schema::new_with_metadata(vec![field], metadata.into());
    let written = checkpoint(1, vec![RecordBatch::new_empty(Arc::new(schema))]);
    store.write(&written).expect("written");
    check_same(store.latest(None).expect("readable").as_ref(), &written);
}

#[test]
fn jobs_share_a_location_and_a_job_has_one_owner() {
    let home = Home::new();
    let mut first = home.open();
    first.write(&checkpoint(1, Vec::new())).expect("written");
    let refused = CheckpointStore::open(&home.location(), "job").expect_err("in use");
    let reason = format!("{refused:#}");
    let pid = std::process::id();
    assert!(
        reason.contains(&format!("in use by process {pid} on host `")),
        "{reason}"
    );
    let other = CheckpointStore::open(&home.location(), "other").expect("another job");
    assert!(other.latest(None).expect("readable").is_none());
    let reader = CheckpointStore::open_read_only(&home.location(), "job").expect("readable");
    assert_eq!(numbers(&reader), [1]);
    drop(first);
    home.open();
}

#[test]
fn a_store_can_be_handed_to_another_thread() {
    fn check<T: Send>() {}
    check::<CheckpointStore>();
}

#[test]
fn a_store_that_is_read_only_writes_nothing() {
    let home = Home::new();
    let mut reader = CheckpointStore::open_read_only(&home.location(), "job").expect("readable");
    assert!(reader.list().expect("readable").is_empty());
    assert!(reader.write(&checkpoint(1, Vec::new())).is_err());
    assert!(reader.clear().is_err());
    assert!(reader.prune(1).is_err());
    assert!(!home.0.path().join("job").exists());
}

#[test]
fn what_a_killed_process_had_not_finished_is_swept_away() {
    let home = Home::new();
    drop(home.open());
    let folder = home.0.path().join("job");
    fs::write(folder.join("state-0000000009-ab.pack.unfinished"), "x").expect("written");
    let store = home.open();
    assert!(home.files().is_empty());
    assert!(store.latest(None).expect("readable").is_none());
}

/// A column of every type.
fn wide(rows: &[(u16, Option<i64>, Option<String>, bool)]) -> RecordBatch {
    let each = || rows.iter();
    let zone = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let times: TimestampMicrosecondArray = each().map(|row| row.1).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(BinaryArray::from_iter_values(
            each().map(|row| row.0.to_be_bytes()),
        )),
        Arc::new(each().map(|row| row.1).collect::<Int64Array>()),
        Arc::new(each().map(|row| row.2.as_deref()).collect::<StringArray>()),
        Arc::new(each().map(|row| Some(row.3)).collect::<BooleanArray>()),
        Arc::new(
            each()
                .map(|row| row.1.map(|number| number as f64))
                .collect::<Float64Array>(),
        ),
        Arc::new(times.with_data_type(zone)),
    ];
    let fields = columns.iter().enumerate();
    let fields = fields
        .map(|(place, column)| Field::new(place.to_string(), column.data_type().clone(), true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns).expect("columns of one length")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_state_is_read_back_while_it_changes(
        seeds in prop::collection::vec(any::<(u16, Option<i64>, Option<String>, bool)>(), 0..60),
        copies in 1..400_usize,
        steps in prop::collection::vec((any::<prop::sample::Index>(), any::<i64>()), 0..6),
    ) {
        let home = Home::new();
        let mut store = home.open();
        let count = seeds.len() * copies;
        let mut rows: Vec<_> = seeds.into_iter().cycle().take(count).collect();
        for (number, row) in rows.iter_mut().enumerate() {
            row.0 = row.0.wrapping_add(number as u16);
        }
        let steps = [None].into_iter().chain(steps.into_iter().map(Some));
        for (number, step) in (1..).zip(steps) {
            if let Some((place, value)) = step && !rows.is_empty() {
                let place = place.index(rows.len());
                rows[place].1 = Some(value);
                rows.truncate(rows.len() - place / 10);
            }
            let whole = wide(&rows);
            let part = whole.slice(rows.len() / 3, rows.len() / 2);
            let written = checkpoint(number, vec![whole, part]);
            store.write(&written).expect("written");
            store.prune(2).expect("pruned");
            check_same(store.latest(None).expect("readable").as_ref(), &written);
        }
    }
}
