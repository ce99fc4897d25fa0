//! Files that are cut off, changed or gone.

use super::*;

/// Three checkpoints that share state.
fn three(home: &Home) -> Vec<Checkpoint> {
    let mut store = home.open();
    let written: Vec<_> = (1..=3_i64)
        .map(|number| {
            let rows = (0..5000).map(|key| (key, if key < 10 { number } else { 0 }));
            checkpoint(number as u64, vec![table(rows)])
        })
        .collect();
    for checkpoint in &written {
        store.write(checkpoint).expect("written");
    }
    written
}

/// Either what was written is read, or an earlier checkpoint, or an error names a file.
fn check_honest(home: &Home, written: &[Checkpoint], file: &str) {
    let store = home.open();
    match store.latest(None) {
        Ok(Some(found)) => {
            let expected = &written[found.number as usize - 1];
            check_same(Some(&found), expected);
        }
        Ok(None) => panic!("the job would start over: {file}"),
        Err(error) => assert!(format!("{error:#}").contains(file), "{error:#}"),
    }
    for number in 1..=3 {
        if let Ok(found) = store.read(number) {
            check_same(Some(&found), &written[number as usize - 1]);
        }
    }
}

fn places(length: usize) -> impl Iterator<Item = usize> {
    let step = (length / 40).max(1);
    let ends = [
        0,
        1,
        2,
        3,
        length.saturating_sub(2),
        length.saturating_sub(1),
    ];
    ends.into_iter()
        .chain((0..length).step_by(step))
        .filter(move |&place| place < length)
}

#[test]
fn files_that_are_cut_off_are_noticed() {
    let home = Home::new();
    let written = three(&home);
    for name in home.names() {
        let copy = home.copy();
        let path = copy.0.path().join("job").join(&name);
        let bytes = fs::read(&path).expect("a file");
        for end in places(bytes.len()) {
            fs::write(&path, &bytes[..end]).expect("written");
            check_honest(&copy, &written, &name);
        }
    }
}

#[test]
fn bits_that_flip_are_noticed() {
    let home = Home::new();
    let written = three(&home);
    for name in home.names() {
        let copy = home.copy();
        let path = copy.0.path().join("job").join(&name);
        let bytes = fs::read(&path).expect("a file");
        for place in places(bytes.len()) {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1 << (place % 8);
            fs::write(&path, &bytes).expect("written");
            check_honest(&copy, &written, &name);
        }
    }
}

#[test]
fn every_bit_of_a_manifest_matters() {
    let home = Home::new();
    three(&home);
    let path = home.file("checkpoint-0000000003");
    let bytes = fs::read(&path).expect("a file");
    let store = home.open();
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1 << (place % 7);
        fs::write(&path, &bytes).expect("written");
        let error = store.manifest(3).expect_err("it was changed");
        assert!(error.is::<crate::checkpoint::Damage>(), "{error:#}");
    }
}

#[test]
fn files_that_are_gone_or_mistaken_are_noticed() {
    let home = Home::new();
    let written = three(&home);
    for name in home.names() {
        let copy = home.copy();
        let path = copy.0.path().join("job").join(&name);
        fs::remove_file(&path).expect("removed");
        check_honest(&copy, &written, &name);
        for other in home.names() {
            fs::copy(home.0.path().join("job").join(other), &path).expect("copied");
            check_honest(&copy, &written, &name);
        }
    }
}

#[test]
fn a_checkpoint_of_a_newer_version_is_neither_passed_over_nor_removed() {
    let home = Home::new();
    three(&home);
    let body = b"{\"of\": \"the future\"}\n";
    let mut all = b"tidemill checkpoint 99\n".to_vec();
    all.extend_from_slice(body);
    let mut bytes =
        format!("{{\"format\":99,\"digest\":\"{}\"}}\n", blake3::hash(&all)).into_bytes();
    bytes.extend_from_slice(body);
    fs::write(home.file("checkpoint-0000000003"), &bytes).expect("written");
    let expected =
        "`checkpoint-0000000003.json` is of format 99, which a newer version of tidemill writes";
    let mut store = home.open();
    let listed = store.list().expect("a list");
    let reason = listed[2].contents.as_ref().expect_err("of a newer version");
    assert!(reason.contains(expected), "{reason}");
    for error in [
        store.read(3).expect_err("of a newer version"),
        store.latest(None).expect_err("of a newer version"),
        store.latest(Some(3)).expect_err("of a newer version"),
        store.prune(1).expect_err("of a newer version"),
    ] {
        assert!(!error.is::<crate::checkpoint::Damage>());
        let error = format!("{error:#}");
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(
        fs::read(home.file("checkpoint-0000000003")).expect("still there"),
        bytes
    );
    // Whoever says so can do without it.
    assert!(store.latest(Some(2)).expect("whole").is_some());
    store.go_on_from(Some(2)).expect("written");
    assert_eq!(numbers(&store), [1, 2]);
}

/// A part of the memory of a process that is not there cannot be read, like a bad sector.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_the_medium_has_lost_is_damaged() {
    let home = Home::new();
    let written = three(&home);
    let path = home.file("checkpoint-0000000003");
    fs::remove_file(&path).expect("removed");
    let store = home.open();
    std::os::unix::fs::symlink("/proc/self/mem", &path).expect("a link");
    let error = store.read(3).expect_err("it cannot be read");
    assert!(error.is::<crate::checkpoint::Damage>(), "{error:#}");
    let error = format!("{error:#}");
    assert!(
        error.starts_with("`checkpoint-0000000003.json` cannot be read: "),
        "{error}"
    );
    check_same(store.latest(None).expect("readable").as_ref(), &written[1]);
}
