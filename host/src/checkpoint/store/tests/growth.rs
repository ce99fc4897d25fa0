//! How much is written, and how much stays.

use super::*;

fn rows(count: u32, changed: u32) -> impl Iterator<Item = (u32, i64)> {
    (0..count).map(move |key| (key, i64::from(if key == 0 { changed } else { 0 })))
}

#[test]
fn what_has_not_changed_is_not_written_again() {
    let home = Home::new();
    let mut store = home.open();
    let first = store.write(&checkpoint(1, vec![table(rows(100_000, 0))]));
    let first = first.expect("written");
    let second = store.write(&checkpoint(2, vec![table(rows(100_000, 1))]));
    let second = second.expect("written");
    assert!(first.bytes_written > 1_000_000, "{first:?}");
    assert!(
        second.bytes_written < first.bytes_written / 20,
        "{second:?}"
    );
    assert!(
        second.bytes_total.abs_diff(first.bytes_total) < 1000,
        "{second:?}"
    );
    assert_eq!(second.files, 3);
    let third = store.write(&checkpoint(3, vec![table(rows(100_000, 1))]));
    assert_eq!(third.expect("written").files, 3);
}

#[test]
fn rows_that_are_appended_to_one_key_do_not_have_the_others_written_again() {
    let home = Home::new();
    let mut store = home.open();
    let rows = |count| (0..count).map(|row| (1, row));
    let first = store
        .write(&checkpoint(1, vec![table(rows(400_000))]))
        .expect("written");
    let second = store
        .write(&checkpoint(2, vec![table(rows(400_100))]))
        .expect("written");
    assert!(
        second.bytes_written < first.bytes_written / 4,
        "{second:?} {first:?}"
    );
}

#[test]
fn the_first_checkpoint_of_a_process_is_written_whole() {
    let home = Home::new();
    home.open()
        .write(&checkpoint(1, vec![table(rows(5000, 0))]))
        .expect("written");
    let second = home
        .open()
        .write(&checkpoint(2, vec![table(rows(5000, 0))]));
    assert_eq!(second.expect("written").files, 2);
}

#[test]
fn the_number_of_files_and_their_size_stay_bounded() {
    let home = Home::new();
    let mut store = home.open();
    for number in 1..=100 {
        let summary = store.write(&checkpoint(
            number,
            vec![table(rows(20_000, number as u32))],
        ));
        assert!(summary.expect("written").files <= 17);
        store.prune(3).expect("pruned");
        let files = home.files();
        assert!(files.len() <= 3 + 20, "{files:?}");
        let sizes = files
            .iter()
            .map(|path| fs::metadata(path).expect("a file").len());
        assert!(sizes.sum::<u64>() < 6_000_000);
    }
    assert_eq!(numbers(&store), [98, 99, 100]);
    for number in [98, 99, 100] {
        store.read(number).expect("whole");
    }
}

#[test]
fn state_that_is_gone_does_not_hold_its_files() {
    let home = Home::new();
    let mut store = home.open();
    store
        .write(&checkpoint(1, vec![table(rows(100_000, 0))]))
        .expect("written");
    for number in 2..=5 {
        store
            .write(&checkpoint(number, vec![table(rows(10, 0))]))
            .expect("written");
        store.prune(1).expect("pruned");
    }
    let sizes = home.files().into_iter();
    let sizes = sizes.map(|path| fs::metadata(path).expect("a file").len());
    assert!(sizes.sum::<u64>() < 10_000);
}

#[test]
fn clearing_leaves_nothing_but_the_numbers() {
    let home = Home::new();
    let mut store = home.open();
    for number in 1..=3 {
        store
            .write(&checkpoint(number, vec![table(rows(10, 0))]))
            .expect("written");
    }
    store.clear().expect("cleared");
    assert!(store.latest(None).expect("readable").is_none());
    assert_eq!(store.next_number().expect("readable"), 4);
    assert_eq!(home.names(), ["discarded-0000000003"]);
    drop(store);
    let mut store = home.open();
    assert!(store.latest(None).expect("readable").is_none());
    store.clear().expect("cleared");
    assert_eq!(store.next_number().expect("readable"), 4);
}
