//! Limits of a stage: each can be set, each says that it is too low, and which it is.

use super::{only_reason, run};

/// Runs a function on one row whose number is too much for `limits`, and expects a dead letter for `reason`.
#[track_caller]
fn check(stage: &str, limits: &str, n: i64, reason: &str) {
    let lines = format!("{{\"ts\":1,\"n\":{n}}}\n{{\"ts\":2,\"n\":3}}\n");
    let stage = format!("{stage}\nlimits = {{ {limits} }}");
    let (workspace, _) = run(&lines, &stage);
    assert_eq!(only_reason(&workspace), reason);
    assert!(!workspace.rows("out").is_empty(), "the other row is fine");
}

#[test]
fn output_rows_are_limited() {
    check(
        "flat_map = \"onlooker#many\"",
        "output_rows = 100",
        101,
        "function `many`: 101 result rows, 100 allowed (raise `limits.output_rows`)",
    );
}

#[test]
fn output_bytes_are_limited() {
    check(
        "map = \"onlooker#text\"",
        "output_bytes = \"1KiB\"",
        2000,
        "hands over more than 1024 bytes at once, which is all that is allowed (raise \
         `limits.output_bytes`)",
    );
}

#[test]
fn log_lines_are_limited() {
    let lines = "{\"ts\":1,\"n\":1,\"s\":\"log\"}\n";
    let told = |log_lines: usize| {
        let limits = format!("limits = {{ deadline = \"200ms\", log_lines = {log_lines} }}");
        let stage = format!("map = \"onlooker#storm\"\nargs = [\"s\"]\n{limits}");
        let (_, run) = run(lines, &stage);
        let lines = run.stderr.lines();
        lines.filter(|line| line.contains("guest: x")).count()
    };
    // The stage has one instance, whose seconds may begin in the middle of a call.
    let told = told(7);
    assert!((7..=14).contains(&told), "{told}");
}

#[test]
fn a_component_has_so_many_parts_and_table_elements() {
    use crate::support::Workspace;
    let workspace = Workspace::new();
    for (limits, expected) in [
        (
            "instances = 1",
            "requested, 1 allowed (raise `limits.instances`)",
        ),
        (
            "table_elements = 1",
            "table elements requested, 0 in use, 1 allowed (raise `limits.table_elements`)",
        ),
    ] {
        let stage = format!("map = \"onlooker#wall\"\nlimits = {{ {limits} }}");
        let run = workspace.run(&super::pipeline(&workspace, "{\"ts\":1,\"n\":1}\n", &stage));
        assert_ne!(run.status, 0, "{limits}");
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}
