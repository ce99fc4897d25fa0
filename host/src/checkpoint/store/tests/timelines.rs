//! Going on from a checkpoint that is not the newest.

use super::*;

fn filled(home: &Home, count: u64) -> Vec<Checkpoint> {
    let mut store = home.open();
    let written: Vec<_> = (1..=count)
        .map(|number| checkpoint(number, vec![table([(1, number as i64)])]))
        .collect();
    for checkpoint in &written {
        store.write(checkpoint).expect("written");
    }
    written
}

#[test]
fn a_damaged_checkpoint_is_passed_over_and_its_number_is_not_used_again() {
    let home = Home::new();
    let written = filled(&home, 3);
    fs::remove_file(home.file("state-0000000003")).expect("removed");
    let mut store = home.open();
    check_same(store.latest(None).expect("readable").as_ref(), &written[1]);
    assert_eq!(store.next_number().expect("readable"), 4);
    assert_eq!(numbers(&store), [1, 2, 3]);
    store.go_on_from(Some(2)).expect("written");
    let next = checkpoint(4, Vec::new());
    store.write(&next).expect("written");
    assert_eq!(numbers(&store), [1, 2, 4]);
    check_same(store.latest(None).expect("readable").as_ref(), &next);
    fs::remove_file(home.file("checkpoint-0000000004")).expect("removed");
    check_same(store.latest(None).expect("readable").as_ref(), &written[1]);
    assert_eq!(store.next_number().expect("readable"), 5);
}

#[test]
fn damage_does_not_go_on_when_a_job_starts_again_in_its_process() {
    let home = Home::new();
    let mut store = home.open();
    let rows = |changed| (0..5000).map(move |key| (key, if key == 0 { changed } else { 0 }));
    for number in 1..=2_i64 {
        let written = checkpoint(number as u64, vec![table(rows(number))]);
        store.write(&written).expect("written");
    }
    fs::write(home.file("state-0000000002"), "").expect("written");
    let found = store
        .latest(None)
        .expect("one is whole")
        .expect("there is one");
    assert_eq!(found.number, 1);
    store.go_on_from(Some(1)).expect("written");
    let third = checkpoint(3, vec![table(rows(2))]);
    store.write(&third).expect("written");
    check_same(store.latest(None).expect("one is whole").as_ref(), &third);
}

#[test]
fn checkpoints_after_the_one_that_was_chosen_do_not_count_any_more() {
    let home = Home::new();
    let written = filled(&home, 5);
    let mut store = home.open();
    check_same(
        store.latest(Some(2)).expect("readable").as_ref(),
        &written[1],
    );
    assert_eq!(numbers(&store), [1, 2, 3, 4, 5]);
    store.go_on_from(Some(2)).expect("written");
    assert_eq!(numbers(&store), [1, 2]);
    assert_eq!(store.next_number().expect("readable"), 6);
    drop(store);
    let mut store = home.open();
    check_same(store.latest(None).expect("readable").as_ref(), &written[1]);
    store.write(&checkpoint(6, Vec::new())).expect("written");
    store.write(&checkpoint(7, Vec::new())).expect("written");
    store.prune(2).expect("pruned");
    assert_eq!(numbers(&store), [6, 7]);
    assert_eq!(home.names().len(), 3, "{:?}", home.names());
}

#[test]
fn a_checkpoint_that_is_not_there_or_damaged_cannot_be_chosen() {
    let home = Home::new();
    filled(&home, 2);
    let store = home.open();
    let missing = format!(
        "{:#}",
        store.latest(Some(7)).expect_err("no such checkpoint")
    );
    assert!(
        missing.contains("`checkpoint-0000000007.json` is missing"),
        "{missing}"
    );
    fs::write(home.file("checkpoint-0000000001"), "{").expect("written");
    let damaged = format!("{:#}", store.latest(Some(1)).expect_err("damaged"));
    assert!(
        damaged.contains("`checkpoint-0000000001.json` is cut off"),
        "{damaged}"
    );
}

#[test]
fn a_job_does_not_start_over_by_itself_when_all_checkpoints_are_damaged() {
    let home = Home::new();
    filled(&home, 2);
    for name in ["state-0000000001", "state-0000000002"] {
        fs::write(home.file(name), "").expect("written");
    }
    let error = format!("{:#}", home.open().latest(None).expect_err("none is whole"));
    assert!(
        error.contains("checkpoint 2: `state-0000000002-"),
        "{error}"
    );
    assert!(
        error.contains("checkpoint 1: `state-0000000001-"),
        "{error}"
    );
    assert!(error.contains("`--fresh` starts over"), "{error}");
}

#[test]
fn numbers_must_grow() {
    let home = Home::new();
    filled(&home, 2);
    let mut store = home.open();
    assert!(store.write(&checkpoint(2, Vec::new())).is_err());
    assert!(store.write(&checkpoint(3, Vec::new())).is_ok());
}

#[test]
fn damaged_checkpoints_do_not_count_among_those_that_are_kept() {
    let home = Home::new();
    filled(&home, 4);
    fs::write(home.file("checkpoint-0000000003"), "").expect("written");
    let mut store = home.open();
    store.prune(2).expect("pruned");
    assert_eq!(numbers(&store), [2, 4]);
    store.read(2).expect("whole");
}
