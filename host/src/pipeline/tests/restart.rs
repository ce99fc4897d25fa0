//! `[restart]`.

use super::*;
use crate::{pipeline::RestartPolicy, time::Duration};

const SINK: &str = "[sink.out]\nfrom = \"readings\"\nconnector = \"file\"\npath = \"out\"\n";
const CHECKPOINT: &str = "[checkpoint]\npath = \"state/\"\n";

#[track_caller]
fn policy(section: &str) -> Option<RestartPolicy> {
    let plan = load(&format!("{SOURCE}{SINK}{CHECKPOINT}{section}"));
    plan.unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"))
        .restart
}

#[test]
fn a_job_is_started_again_only_if_that_is_said() {
    assert_eq!(policy(""), None);
    let expected = RestartPolicy {
        attempts: 5,
        delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(60),
    };
    assert_eq!(policy("[restart]\n"), Some(expected));
    let expected = RestartPolicy {
        attempts: 2,
        delay: Duration::from_millis(10),
        max_delay: Duration::from_millis(10),
    };
    let section = "[restart]\nattempts = 2\ndelay = \"10ms\"\nmax_delay = \"10ms\"\n";
    assert_eq!(policy(section), Some(expected));
}

#[test]
fn without_checkpoints_there_is_nothing_to_go_on_from() {
    check(
        &format!("{SOURCE}{SINK}[restart]\nattempts = 3\n"),
        r"
error: `[restart]` needs checkpoints to go on from
  --> weather.toml:12:1
   |
12 | [restart]
   | ^^^^^^^^^
   |
   = help: add a section `[checkpoint]`
",
    );
}

#[test]
fn standard_input_cannot_be_read_by_another_attempt() {
    let source = "name = \"job\"\n[source.lines]\nconnector = \"stdin\"\nformat = \"lines\"\n";
    let sink = SINK.replace("readings", "lines");
    check(
        &format!("{source}{sink}{CHECKPOINT}[restart]\n"),
        r"
error: a job that reads standard input cannot be started again
  --> weather.toml:11:1
   |
 2 | [source.lines]
   |         ----- this source reads it
...
11 | [restart]
   | ^^^^^^^^^
   |
   = help: remove `[restart]`: what was read of it, perhaps up to the middle of a row, is gone for the next attempt; let whoever feeds the job start both again
",
    );
}

#[test]
fn mistakes_of_the_section_are_told() {
    check(
        &format!(
            "{SOURCE}{SINK}{CHECKPOINT}[restart]\nattempts = 0\ndelay = \"0s\"\nmax = \"1m\"\n"
        ),
        r#"
error: expected an integer from 1 to 1000, found 0
  --> weather.toml:15:12
   |
15 | attempts = 0
   |            ^

error: expected a duration above zero, found no time at all
  --> weather.toml:16:9
   |
16 | delay = "0s"
   |         ^^^^

error: unknown key `max` in `[restart]`
  --> weather.toml:17:1
   |
17 | max = "1m"
   | ^^^
   |
   = help: known keys are `attempts`, `delay`, `max_delay`
"#,
    );
    check(
        &format!("{SOURCE}{SINK}{CHECKPOINT}[restart]\ndelay = \"2m\"\n"),
        r#"
error: `delay` is 2m, longer than `max_delay`, 1m
  --> weather.toml:15:9
   |
15 | delay = "2m"
   |         ^^^^
"#,
    );
}
