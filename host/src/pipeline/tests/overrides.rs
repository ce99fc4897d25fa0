//! Pipelines that are loaded with other components than those they name.

use super::*;
use crate::pipeline::{LibraryRef, Overrides, load::load_text_with};

/// Two stages that filter, and one that aggregates with two libraries.
const STAGES: &str = r#"
[stage.hot]
from = "readings"
filter = "weather.wasm#is_hot"
[stage.hotter]
from = "hot"
filter = "weather.wasm#is_hot"
[stage.it]
from = "hotter"
key = ["sensor"]
window = { tumbling = "1m" }
aggregate = [{ call = "std#count" }, { call = "std#mean", args = ["temperature"] }]
[stage.first]
from = "readings"
top = { n = 1, by = ["ts"] }
key = ["sensor"]
window = { tumbling = "1m" }
[sink.firsts]
from = "first"
connector = "blackhole"
"#;

fn load_with(overrides: &Overrides) -> Result<Plan, Diagnostics> {
    let toml = format!("{SOURCE}{STAGES}{SINK}");
    World.with(|environment| {
        load_text_with(Path::new("weather.toml"), &toml, environment, overrides)
    })
}

/// Where the calls of a stage go, and what the file calls that.
fn libraries(plan: &Plan, stage: &str) -> Vec<String> {
    let stage = plan.stages.iter().find(|other| other.name == stage);
    let calls = stage.expect("a stage").work.calls();
    let uses = calls.iter().map(|call| &plan.libraries[call.library]);
    uses.map(|used| format!("{} is {}", used.name, used.reference))
        .collect()
}

#[track_caller]
fn check_refused(overrides: &Overrides, expected: &str) {
    let mistakes = load_with(overrides).expect_err("something cannot be replaced");
    let expected = expected.trim_start_matches('\n').trim_end();
    assert_eq!(mistakes.to_string(), expected, "found:\n{mistakes}\n");
}

#[test]
fn the_component_of_a_stage_is_replaced_and_that_of_others_is_not() {
    let mine = Overrides::default().component("hotter", Path::new("warm.wasm"));
    let plan = load_with(&mine).expect("it is right");
    assert_eq!(libraries(&plan, "hot"), ["weather.wasm is weather.wasm"]);
    assert_eq!(libraries(&plan, "hotter"), ["weather.wasm is warm.wasm"]);
    let told = plan.to_string();
    assert!(
        told.contains("of weather.wasm, replaced by warm.wasm (0123456789ab)"),
        "{told}"
    );
}

#[test]
fn the_standard_library_is_replaced_if_a_stage_calls_no_other() {
    let mine = Overrides::default().component("it", Path::new("mine.wasm"));
    let plan = load_with(&mine).expect("it is right");
    let both = ["std is mine.wasm"; 2];
    assert_eq!(libraries(&plan, "it"), both);
}

#[test]
fn a_library_is_replaced_by_its_name() {
    let digest = "0123456789abcdef".repeat(4);
    let kept = LibraryRef::Kept(digest);
    let pinned = Overrides::default().library("it", "std", kept);
    let plan = load_with(&pinned).expect("it is right");
    let both = ["std is component 0123456789ab"; 2];
    assert_eq!(libraries(&plan, "it"), both);
}

#[test]
fn of_several_libraries_the_standard_one_stays() {
    let toml = format!(
        "{SOURCE}[stage.it]\nfrom = \"readings\"\nwindow = {{ tumbling = \"1m\" }}\naggregate = [\
         {{ call = \"std#count\" }}, {{ call = \"mine.wasm#mean\", args = [\"temperature\"] }}]\n{SINK}"
    );
    let other = Overrides::default().component("it", Path::new("warm/mine.wasm"));
    let plan = World
        .with(|environment| load_text_with(Path::new("weather.toml"), &toml, environment, &other));
    let plan = plan.expect("it is right");
    let expected = ["std is std", "mine.wasm is warm/mine.wasm"];
    assert_eq!(libraries(&plan, "it"), expected);
}

#[test]
fn which_of_several_libraries_is_meant_must_be_said() {
    let toml = format!(
        "{SOURCE}[stage.it]\nfrom = \"readings\"\nwindow = {{ tumbling = \"1m\" }}\naggregate = [\
         {{ call = \"a/mine.wasm#mean\", args = [\"temperature\"] }}, \
         {{ call = \"mine.wasm#count\" }}]\n{SINK}"
    );
    let other = Overrides::default().component("it", Path::new("warm.wasm"));
    let plan = World
        .with(|environment| load_text_with(Path::new("weather.toml"), &toml, environment, &other));
    let mistakes = plan.expect_err("which one").to_string();
    assert!(
        mistakes.contains(
            "error: stage `it` calls several libraries: say which to replace\n --> weather.toml:8:8"
        ) && mistakes.contains("help: it calls functions of `a/mine.wasm`, `mine.wasm`"),
        "{mistakes}"
    );
}

#[test]
fn a_stage_must_be_there_and_call_the_library() {
    let overrides = Overrides::default()
        .component("htter", Path::new("warm.wasm"))
        .component("first", Path::new("warm.wasm"))
        .library("it", "weather.wasm", LibraryRef::Std);
    check_refused(
        &overrides,
        r#"
error: there is no stage `htter` to replace a component of
 --> weather.toml:1:1
  |
1 | name = "weather"
  | ^
  |
  = help: did you mean `hotter`?

error: stage `it` does not call `weather.wasm`, which is to be replaced
  --> weather.toml:15:8
   |
15 | [stage.it]
   |        ^^
   |
   = help: it calls functions of `std`

error: stage `first` calls no function: it has no component
  --> weather.toml:20:8
   |
20 | [stage.first]
   |        ^^^^^ one is to be replaced here
"#,
    );
}

#[test]
fn a_component_that_cannot_be_used_is_told_where_it_is_to_be_used() {
    let missing = Overrides::default().component("hotter", Path::new("no.wasm"));
    check_refused(
        &missing,
        r#"
error: there is no file `no.wasm`
  --> weather.toml:14:11
   |
14 | filter = "weather.wasm#is_hot"
   |           ^^^^^^^^^^^^ it is to be used in the place of this
"#,
    );
    let other = Overrides::default().component("hotter", Path::new("one.wasm"));
    check_refused(
        &other,
        r#"
error: `one.wasm` has no function `is_hot`
  --> weather.toml:14:24
   |
14 | filter = "weather.wasm#is_hot"
   |                        ^^^^^^
   |
   = help: its functions are `double`
"#,
    );
}
