//! What the contract names and this version does not have is refused by name.

use super::*;

/// Checks that the mistakes of a file are exactly `expected`, one after the other.
#[track_caller]
fn check_messages(toml: &str, expected: &[&str]) {
    let mistakes = load(toml).expect_err("something is not supported");
    let found: Vec<&str> = mistakes.list().iter().map(|m| m.message.as_str()).collect();
    assert_eq!(found, expected, "{mistakes}");
}

#[test]
fn sections_of_a_later_version_are_refused() {
    check(
        &format!(
            "{SOURCE}[sink.out]\nfrom = \"readings\"\nconnector = \"stdout\"\n[checkpoint]\npath = \"state/\"\n[table.sensors]\npath = \"x\"\n"
        ),
        r"
error: `checkpoint` is not supported yet
  --> weather.toml:11:2
   |
11 | [checkpoint]
   |  ^^^^^^^^^^

error: `table` is not supported yet
  --> weather.toml:13:2
   |
13 | [table.sensors]
   |  ^^^^^
",
    );
}

#[test]
fn keys_of_sources_of_a_later_version_are_refused() {
    let toml = SOURCE.replace(
        "format = \"json\"",
        "format = \"avro\"\nfollow = true\nwatermark = { delay = \"1s\", idle_timeout = \"30s\" }",
    );
    check_messages(
        &format!(
            "{toml}[sink.out]\nfrom = \"readings\"\nconnector = \"test\"\n[sink.b]\nfrom = \"readings\"\nconnector = \"file\"\npath = \"x\"\nformat = \"arrow\"\n"
        ),
        &[
            "format `avro` is not supported yet",
            "`follow` is not supported yet",
            "`idle_timeout` is not supported yet",
            "connector `test` is not supported yet",
            "format `arrow` is not supported yet",
        ],
    );
}

#[test]
fn windows_of_a_later_version_are_refused() {
    for (window, keys) in [
        ("session = \"30s\"", &["session"][..]),
        ("cumulate = \"1h\", step = \"5m\"", &["cumulate", "step"]),
        ("count = 100", &["count"]),
        ("rolling_rows = 10", &["rolling_rows"]),
        ("rolling = \"5m\"", &["rolling"]),
    ] {
        let expected: Vec<String> = keys
            .iter()
            .map(|key| format!("`{key}` is not supported yet"))
            .collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check_messages(
            &format!(
                "{SOURCE}[stage.it]\nfrom = \"readings\"\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ {window} }}\n{SINK}"
            ),
            &expected,
        );
    }
}

#[test]
fn stages_of_a_later_version_are_refused() {
    for (stage, expected) in [
        ("join = { with = \"other\" }", "`join` is not supported yet"),
        (
            "lookup = { table = \"x\" }",
            "`lookup` is not supported yet",
        ),
        (
            "process = \"weather.wasm#jumps\"\nttl = \"1h\"",
            "`ttl` is not supported yet",
        ),
    ] {
        check_messages(
            &format!("{SOURCE}[stage.it]\nfrom = \"readings\"\n{stage}\n{SINK}"),
            &[expected],
        );
    }
}

#[test]
fn emission_of_a_later_version_is_refused() {
    for (keys, expected) in [
        ("emit = \"update\"", "emit `update` is not supported yet"),
        (
            "emit = { every = \"5s\" }",
            "`emit` at an interval is not supported yet",
        ),
        (
            "allowed_lateness = \"5s\"",
            "`allowed_lateness` above `0s` is not supported yet",
        ),
        ("emit = \"finally\"", "unknown emit `finally`"),
        (
            "allowed_lateness = 5",
            "expected a duration such as `20s`, found integer",
        ),
    ] {
        check_messages(
            &format!(
                "{SOURCE}[stage.it]\nfrom = \"readings\"\naggregate = [{{ call = \"std#count\" }}]\nwindow = {{ tumbling = \"1m\" }}\n{keys}\n{SINK}"
            ),
            &[expected],
        );
    }
}
