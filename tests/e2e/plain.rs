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
    let sums = workspace.rows("out").join("\n");
    for sum in [r#""sum":3"#, r#""sum":9223372036854775806"#] {
        assert!(sums.contains(sum), "{sums}");
    }
    assert_eq!(workspace.rows("out").len(), 3);
    let dead = workspace.rows("dead");
    assert_eq!(dead.len(), 1);
    assert!(
        dead[0].contains("9223372036854775807 + 1 is too large"),
        "{dead:?}"
    );
    let log = "one function, without an SDK";
    assert!(run.stderr.contains(log), "{}", run.stderr);
}
