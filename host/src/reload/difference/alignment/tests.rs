//! Alignments of rows that are made up.

use proptest::prelude::*;

use super::*;

fn rows(text: &str) -> Vec<Cells> {
    let row = |word: &str| word.split('/').map(str::to_owned).collect();
    text.split_whitespace().map(row).collect()
}

/// The edits in short: `=`, `~`, `-`, `+` with the rows.
fn shown(edits: &[Edit], old: &[Cells], new: &[Cells]) -> String {
    let edits = edits.iter().map(|edit| match *edit {
        Edit::Same(one, _) => format!("={}", old[one].join("/")),
        Edit::Changed(one, other) => format!("~{}>{}", old[one].join("/"), new[other].join("/")),
        Edit::Removed(one) => format!("-{}", old[one].join("/")),
        Edit::Added(other) => format!("+{}", new[other].join("/")),
    });
    edits.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(old: &str, new: &str, expected: &str) {
    let (old, new) = (rows(old), rows(new));
    assert_eq!(shown(&by_content(&old, &new), &old, &new), expected);
}

#[test]
fn rows_that_a_filter_lets_pass_now_are_added() {
    check("a/1 c/3", "a/1 b/2 c/3 d/4", "=a/1 +b/2 =c/3 +d/4");
    check("a/1 b/2 c/3", "b/2", "-a/1 =b/2 -c/3");
    check("", "a/1", "+a/1");
    check("", "", "");
}

#[test]
fn rows_that_are_alike_are_the_same_with_other_values() {
    check("a/1 b/2 c/3", "a/1 b/9 c/3", "=a/1 ~b/2>b/9 =c/3");
    check("a/1 b/2 c/3", "a/1 x/7 b/9 c/3", "=a/1 +x/7 ~b/2>b/9 =c/3");
    check("a/1 b/2 c/3", "b/8 c/3", "-a/1 ~b/2>b/8 =c/3");
    check("a/1 b/2", "x/8 y/9", "-a/1 -b/2 +x/8 +y/9");
    // Of one value there is no half; as many as there were are the same ones.
    check("1 2 3", "1 8 9 3", "=1 -2 +8 +9 =3");
    check("1 2 3", "1 8 3", "=1 ~2>8 =3");
}

#[test]
fn by_place_each_row_is_the_one_at_its_place() {
    let (old, new) = (rows("1 2 3"), rows("2 3 3"));
    assert_eq!(shown(&by_place(&old, &new), &old, &new), "~1>2 ~2>3 =3");
}

#[test]
fn much_is_compared_in_part() {
    let numbered = |letter: &str| -> Vec<Cells> {
        let row = |number| vec![format!("{letter}{number}")];
        (0..5_000).map(row).collect()
    };
    let edits = by_content(&numbered("a"), &numbered("b"));
    assert_eq!(edits.len(), MOST_ALIGNED);
}

/// How long the longest common subsequence is, the slow way.
fn longest(old: &[Cells], new: &[Cells]) -> usize {
    match (old, new) {
        ([], _) | (_, []) => 0,
        ([one, old @ ..], [other, new @ ..]) if one == other => 1 + longest(old, new),
        ([_, old_rest @ ..], [_, new_rest @ ..]) => {
            longest(old_rest, new).max(longest(old, new_rest))
        }
    }
}

fn some_rows() -> impl Strategy<Value = Vec<Cells>> {
    let cell = (0..3u8).prop_map(|cell| cell.to_string());
    prop::collection::vec(prop::collection::vec(cell, 2), 0..8)
}

proptest! {
    #[test]
    fn every_row_is_there_once_and_in_order(old in some_rows(), new in some_rows()) {
        for (edits, best) in [(by_content(&old, &new), true), (by_place(&old, &new), false)] {
            let (mut before, mut after, mut same) = (Vec::new(), Vec::new(), 0);
            for edit in edits {
                match edit {
                    Edit::Same(one, other) => {
                        prop_assert_eq!(&old[one], &new[other]);
                        before.push(one);
                        after.push(other);
                        same += 1;
                    }
                    Edit::Changed(one, other) => {
                        prop_assert_ne!(&old[one], &new[other]);
                        before.push(one);
                        after.push(other);
                    }
                    Edit::Removed(one) => before.push(one),
                    Edit::Added(other) => after.push(other),
                }
            }
            prop_assert_eq!(before, (0..old.len()).collect::<Vec<_>>());
            prop_assert_eq!(after, (0..new.len()).collect::<Vec<_>>());
            if best {
                prop_assert_eq!(same, longest(&old, &new));
            }
        }
    }
}
