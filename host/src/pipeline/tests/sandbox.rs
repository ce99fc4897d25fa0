//! What functions may use and do: `limits`, `allow`.

use super::*;
use crate::{
    pipeline::{StageLimits, compare},
    time::Duration,
    wasm::Variable,
};

const FILTER: &str = "filter = \"weather.wasm#is_hot\"\n";

#[test]
fn limits_are_set_one_by_one() {
    let it = stage(&format!(
        "{FILTER}limits = {{ memory = \"1MiB\", deadline = \"2s\", output_rows = 10, output_bytes = \"2KiB\", \
         log_lines = 3, log_bytes = \"4B\", table_elements = 5, instances = 6 }}"
    ));
    let expected = StageLimits {
        memory: 1 << 20,
        deadline: Duration::from_secs(2),
        output_rows: 10,
        output_bytes: 2048,
        log_lines: 3,
        log_bytes: 4,
        table_elements: 5,
        instances: 6,
    };
    assert_eq!(it.limits, expected);
    let it = stage(&format!("{FILTER}limits = {{ output_rows = 10 }}"));
    let expected = StageLimits {
        output_rows: 10,
        ..StageLimits::default()
    };
    assert_eq!(it.limits, expected);
    assert_eq!(stage(FILTER).limits, StageLimits::default());
}

#[test]
fn absurd_limits_are_refused() {
    check_stage(
        &format!(
            "{FILTER}[stage.it.limits]\nmemory = \"1KiB\"\ndeadline = \"2h\"\noutput_rows = 0\n\
             output_bytes = \"5GiB\"\nlog_lines = 1.5\nlog_bytes = \"0B\"\ntable_elements = 100000000\ninstances = -1"
        ),
        r#"
error: `memory` goes from 64KiB to 4GiB, found 1KiB
  --> weather.toml:12:10
   |
12 | memory = "1KiB"
   |          ^^^^^^

error: `deadline` goes from 1ms to 1h, found 2h
  --> weather.toml:13:12
   |
13 | deadline = "2h"
   |            ^^^^

error: expected an integer from 1 to 2147483647, found 0
  --> weather.toml:14:15
   |
14 | output_rows = 0
   |               ^

error: `output_bytes` goes from 1KiB to 4GiB, found 5GiB
  --> weather.toml:15:16
   |
15 | output_bytes = "5GiB"
   |                ^^^^^^

error: expected an integer from 1 to 1000000, found float
  --> weather.toml:16:13
   |
16 | log_lines = 1.5
   |             ^^^

error: `log_bytes` goes from 1B to 1GiB, found 0B
  --> weather.toml:17:13
   |
17 | log_bytes = "0B"
   |             ^^^^

error: expected an integer from 1 to 16777216, found 100000000
  --> weather.toml:18:18
   |
18 | table_elements = 100000000
   |                  ^^^^^^^^^

error: expected an integer from 1 to 4096, found -1
  --> weather.toml:19:13
   |
19 | instances = -1
   |             ^^
"#,
    );
}

#[test]
fn limits_beyond_all_numbers_are_told_like_others() {
    check_stage(
        &format!(
            "{FILTER}limits = {{ memory = \"99999999999GiB\", deadline = \"999999999999d\" }}"
        ),
        r#"
error: `memory` goes from 64KiB to 4GiB, found 99999999999GiB
  --> weather.toml:11:21
   |
11 | limits = { memory = "99999999999GiB", deadline = "999999999999d" }
   |                     ^^^^^^^^^^^^^^^^

error: `deadline` goes from 1ms to 1h, found 999999999999d
  --> weather.toml:11:50
   |
11 | limits = { memory = "99999999999GiB", deadline = "999999999999d" }
   |                                                  ^^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn nothing_is_allowed_unless_it_is_said() {
    assert!(stage(FILTER).allow.is_nothing());
    assert!(stage(&format!("{FILTER}allow = []")).allow.is_nothing());
    let it = stage(&format!(
        "{FILTER}allow = [\"env:PASSWORD\", \"random\", \"env:PASSWORD\"]"
    ));
    assert_eq!(it.allow.to_string(), "random, env:PASSWORD");
    let password = Variable {
        name: "PASSWORD".to_owned(),
        value: "hunter2".to_owned(),
    };
    assert_eq!(it.allow.variables, [password]);
    assert!(!format!("{it:?}").contains("hunter2"));
}

#[test]
fn what_cannot_be_allowed_is_told() {
    check_stage(
        &format!("{FILTER}allow = [\"clocks\", \"network\", \"env:HOMEE\", \"env:\", 1]"),
        r#"
error: nobody can be allowed `clocks`
  --> weather.toml:11:10
   |
11 | allow = ["clocks", "network", "env:HOMEE", "env:", 1]
   |          ^^^^^^^^
   |
   = help: did you mean `clock`?

error: nobody can be allowed `network`
  --> weather.toml:11:20
   |
11 | allow = ["clocks", "network", "env:HOMEE", "env:", 1]
   |                    ^^^^^^^^^
   |
   = help: there are `clock`, `random`, `env:NAME`

error: the environment variable `HOMEE` is not set
  --> weather.toml:11:36
   |
11 | allow = ["clocks", "network", "env:HOMEE", "env:", 1]
   |                                    ^^^^^

error: `` cannot be an environment variable
  --> weather.toml:11:44
   |
11 | allow = ["clocks", "network", "env:HOMEE", "env:", 1]
   |                                            ^^^^^^
   |
   = help: such a name has letters, digits and `_`; write `$${` for the characters `${`

error: expected `clock`, `random` or `env:NAME`, found integer
  --> weather.toml:11:52
   |
11 | allow = ["clocks", "network", "env:HOMEE", "env:", 1]
   |                                                    ^
"#,
    );
    check_stage(
        "top = { n = 1, by = [\"temperature\"] }\nwindow = { global = true }\nallow = [\"clock\"]",
        r#"
error: a `top` stage cannot have `allow`
  --> weather.toml:12:1
   |
12 | allow = ["clock"]
   | ^^^^^
"#,
    );
}

#[test]
fn what_is_allowed_can_change_while_the_job_runs() {
    let plan = |keys: &str| {
        load(&format!(
            "{SOURCE}[stage.it]\nfrom = \"readings\"\n{FILTER}{keys}\n{SINK}"
        ))
        .expect("it is right")
    };
    let (old, new) = (plan(""), plan("allow = [\"clock\", \"env:PASSWORD\"]"));
    let told = |old: &Plan, new: &Plan| {
        let changes = compare(old, new).expect("it can be changed");
        let parts = changes.iter().flat_map(|change| &change.parts);
        parts.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told(&old, &new), ["allow nothing -> clock, env:PASSWORD"]);
    assert_eq!(told(&new, &old), ["allow clock, env:PASSWORD -> nothing"]);
    let mut other = new.clone();
    other.stages[0].allow.variables[0].value = "hunter3".to_owned();
    assert_eq!(told(&new, &other), ["another value of what `allow` has"]);
    assert!(
        new.to_string()
            .contains("  allow         clock, env:PASSWORD\n")
    );
}

#[test]
fn limits_that_are_not_the_usual_ones_are_shown() {
    let plan = load(&format!(
        "{SOURCE}[stage.it]\nfrom = \"readings\"\n{FILTER}limits = {{ output_rows = 10, log_bytes = \"4KiB\" }}\n{SINK}"
    ));
    let shown = plan.expect("it is right").to_string();
    let expected =
        "  limits        64MiB of memory, 1s a call, 10 output rows, 4KiB of log a second\n";
    assert!(shown.contains(expected), "{shown}");
}
