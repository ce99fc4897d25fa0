//! A library without an SDK works like any other.

use crate::support::{Workspace, library};

#[test]
fn bindings_of_the_contract_are_all_that_a_library_needs() {
    let workspace = Workspace::new();
    let rows = [
        r#"{"a":1,"b":2}"#,
        r#"{"a":null,"b":2}"#,
        r#"{"a":9223372036854775807,"b":1}"#,
        r#"{"a":9223372036854775807,"b":-1}"#,
    ];
    workspace.write("in.jsonl", rows.join("\n"));
    let run = workspace.run(&format!(
        r#"
name = "plain"
[source.in]
connector = "file"
path = "in.jsonl"
format = "json"
columns = {{ a = "int64", b = "int64" }}
[stage.sums]
from = "in"
map = "{}#add"
[sink.out]
from = "sums"
connector = "file"
path = "out"
format = "json"
[dead_letters]
connector = "file"
path = "dead"
format = "json"
"#,
        library("plain").display()
    ));
    assert_eq!(run.status, 0, "{}", run.stderr);
    let sums: Vec<_> = workspace
        .rows("out")
        .iter()
        .map(|row| row["sum"].as_i64())
        .collect();
    assert_eq!(sums, [Some(3), None, Some(i64::MAX - 1)]);
    let dead = workspace.rows("dead");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0]["reason"], "9223372036854775807 + 1 is too large");
    assert!(
        run.stderr.contains("one function, without an SDK"),
        "{}",
        run.stderr
    );
}
