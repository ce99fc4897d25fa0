//! How long a stage with a state for each key remembers a key.

use super::{windows::LINES, *};
use crate::{
    operator::{ProcessWork, TimeDomain, Work},
    time::Duration,
};

#[track_caller]
fn process(stage: &StagePlan) -> &ProcessWork {
    match &stage.work {
        Work::Process(work) => work,
        other => panic!("it is no `process` stage: {other:?}"),
    }
}

#[test]
fn keys_are_kept_for_ever_unless_a_time_is_given() {
    let it = stage("process = \"weather.wasm#jumps\"\nkey = [\"sensor\"]");
    assert_eq!(process(&it).ttl, None);
    let it = stage("process = \"weather.wasm#jumps\"\nkey = [\"sensor\"]\nttl = \"1m\"");
    assert_eq!(process(&it).ttl, Some(Duration::from_secs(60)));
    assert_eq!(process(&it).time, TimeDomain::Event);
}

#[test]
fn without_event_time_keys_are_forgotten_by_the_clock() {
    let source = LINES.replace(
        "\"lines\"",
        "\"json\"\ncolumns = { temperature = \"float64\" }",
    );
    let it = stage_of(&format!(
        "{source}[stage.it]\nfrom = \"readings\"\nprocess = \"weather.wasm#jumps\"\nttl = \"1m\"\n{SINK}"
    ));
    assert_eq!(process(&it).time, TimeDomain::Processing);
}

#[test]
fn a_key_is_remembered_for_some_time() {
    check_stage(
        "process = \"weather.wasm#jumps\"\nttl = \"0s\"",
        r#"
error: expected a duration above zero, found no time at all
  --> weather.toml:11:7
   |
11 | ttl = "0s"
   |       ^^^^
"#,
    );
}

#[test]
fn only_process_stages_forget() {
    check_stage(
        "map = \"weather.wasm#upper\"\nttl = \"1h\"",
        r#"
error: a `map` stage cannot have `ttl`
  --> weather.toml:11:1
   |
11 | ttl = "1h"
   | ^^^
"#,
    );
    check_count(
        "window = { global = true }\nttl = \"1h\"",
        r#"
error: an `aggregate` stage cannot have `ttl`
  --> weather.toml:12:1
   |
12 | ttl = "1h"
   | ^^^
"#,
    );
}
