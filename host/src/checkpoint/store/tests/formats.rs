//! Checkpoints that earlier versions have written.

use super::*;

/// The checkpoint that is kept of each format.
fn kept(components: Vec<UsedComponent>) -> Checkpoint {
    let rows = (0..5000).map(|row| (row * 7919 % 300, i64::from(row)));
    Checkpoint {
        components: BTreeMap::from([("stage".into(), components)]),
        ..checkpoint(1, vec![table(rows), table([])])
    }
}

#[test]
fn checkpoints_of_format_1_can_be_read() {
    let home = Home::new();
    let folder = home.0.path().join("job");
    fs::create_dir(&folder).expect("a directory");
    let fixtures = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/checkpoint/store/tests/format-1"
    );
    for entry in fs::read_dir(fixtures).expect("a directory") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("copied");
    }
    check_same(
        home.open().latest(None).expect("readable").as_ref(),
        &kept(vec![used(None, "0123")]),
    );
}
