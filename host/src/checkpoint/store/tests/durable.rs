//! In which order files become durable: what is cut off by a power failure at any of these steps is whole, or
//! does not count.

use super::*;
use crate::checkpoint::storage::steps;

const NAMES: &str = "sync names of job";

#[test]
fn a_manifest_appears_when_its_state_is_durable() {
    let home = Home::new();
    let mut store = home.open();
    let steps = steps::of(|| {
        let written = store.write(&checkpoint(1, vec![table([(1, 1)])]));
        written.expect("written");
    });
    let expected = ["create state", "sync state", "rename state", NAMES];
    assert_eq!(steps[..4], expected);
    let expected = [
        "create checkpoint",
        "sync checkpoint",
        "rename checkpoint",
        NAMES,
    ];
    assert_eq!(steps[4..], expected);
}

#[test]
fn packs_are_removed_when_no_manifest_can_come_back_that_needs_them() {
    let home = Home::new();
    let mut store = home.open();
    for number in 1..=2 {
        let written = checkpoint(
            number,
            vec![table((0..5000).map(|key| (key, number as i64)))],
        );
        store.write(&written).expect("written");
        // The next one is written whole.
        store.pieces = Pieces::default();
    }
    let steps = steps::of(|| store.prune(1).expect("pruned"));
    assert_eq!(steps, ["remove checkpoint", NAMES, "remove state", NAMES]);
    assert!(steps::of(|| store.prune(1).expect("pruned")).is_empty());
}

#[test]
fn what_is_discarded_or_forgotten_does_not_come_back() {
    let home = Home::new();
    let mut store = home.open();
    for number in 1..=3 {
        let written = checkpoint(number, vec![table([(1, number as i64)])]);
        store.write(&written).expect("written");
    }
    let mark = [
        "create discarded",
        "sync discarded",
        "rename discarded",
        NAMES,
    ];
    let steps = steps::of(|| store.go_on_from(Some(2)).expect("written"));
    assert_eq!(steps[..4], mark);
    assert_eq!(steps[4..], ["remove checkpoint", NAMES]);
    store.write(&checkpoint(4, Vec::new())).expect("written");
    let steps = steps::of(|| store.clear().expect("cleared"));
    assert_eq!(steps[..4], mark);
    let (last, steps) = steps[4..].split_last().expect("steps");
    assert_eq!(last, NAMES);
    let first = steps.iter().position(|step| step == NAMES);
    let (manifests, rest) = steps.split_at(first.expect("between manifests and packs"));
    assert!(manifests.len() >= 3, "{manifests:?}");
    assert!(manifests.iter().all(|step| step == "remove checkpoint"));
    assert!(rest[1..].iter().all(|step| step != "remove checkpoint"));
}
