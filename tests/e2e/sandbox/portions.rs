//! Batches of large rows: they go into guests in portions that leave them room.

use super::{column, only_reason, run};

/// Sixty rows of 100 KB: a batch that is larger than the memory of the guest.
fn large() -> String {
    let text = "x".repeat(100_000);
    let line = |n: i64| format!("{{\"ts\":{},\"n\":{n},\"s\":\"{text}\"}}\n", n * 1000);
    (1..=60).map(line).collect()
}

const LIMITS: &str = "limits = { memory = \"4MiB\" }\nargs = [\"s\"]\n";

#[test]
fn large_rows_go_through_every_kind_of_function() {
    let sum = 60 * 100_000;
    for (stage, result, rows, last) in [
        (
            "map = \"onlooker#length\"\nkeep = [\"n\"]",
            "length",
            60,
            100_000,
        ),
        (
            "flat_map = \"onlooker#twins\"\nkeep = [\"n\"]",
            "twin",
            120,
            100_000,
        ),
        (
            "process = \"onlooker#running_bytes\"\nkeep = [\"n\"]",
            "running",
            60,
            sum,
        ),
    ] {
        let (workspace, run) = run(&large(), &format!("{stage}\n{LIMITS}"));
        let found = column(&workspace, result);
        assert_eq!(found.len(), rows, "{stage}: {}", run.stderr);
        assert_eq!(found[rows - 1], last, "{stage}");
    }
    for window in [
        "global = true",
        "tumbling = \"1h\"",
        "session = \"1h\"",
        "count = 60",
        "rolling_rows = 60",
    ] {
        let stage = format!(
            "window = {{ {window} }}\naggregate = [{{ call = \"onlooker#bytes\", args = [\"s\"] }}]\n\
             limits = {{ memory = \"4MiB\" }}"
        );
        let (workspace, _) = run(&large(), &stage);
        let found = column(&workspace, "bytes");
        assert_eq!(*found.last().expect("a row"), sum, "{window}");
    }
}

#[test]
fn rows_that_are_too_large_by_themselves_are_told() {
    let text = "x".repeat(5_000_000);
    let lines =
        format!("{{\"ts\":1,\"n\":1,\"s\":\"{text}\"}}\n{{\"ts\":2,\"n\":2,\"s\":\"y\"}}\n");
    let (workspace, _) = run(
        &lines,
        &format!("map = \"onlooker#length\"\nkeep = [\"n\"]\n{LIMITS}"),
    );
    assert_eq!(
        only_reason(&workspace),
        "a row of 5000008 bytes, with its state, 4194304 bytes allowed (raise `limits.memory`)"
    );
    assert_eq!(column(&workspace, "length"), [1]);
}

#[test]
fn groups_of_a_holistic_function_are_not_divided() {
    use crate::support::Workspace;
    // Six groups of 1 MB go in one by one; one of 6 MB cannot.
    let stage = |window: &str| {
        format!(
            "window = {{ {window} }}\naggregate = [{{ call = \"onlooker#longest\", args = [\"s\"] }}]\n\
             limits = {{ memory = \"4MiB\" }}"
        )
    };
    let (workspace, _) = run(&large(), &stage("tumbling = \"10s\""));
    let found = column(&workspace, "longest");
    assert_eq!(found, [100_000; 7]);

    let workspace = Workspace::new();
    let run = workspace.run(&super::pipeline(
        &workspace,
        &large(),
        &stage("global = true"),
    ));
    assert_eq!(run.status, 1);
    let expected = "a holistic function needs all rows of a group at once: 6000484 bytes, 4194304 bytes \
                    allowed (raise `limits.memory`)";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}
