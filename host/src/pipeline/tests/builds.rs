//! `[build."NAME"]`, and the outline of a pipeline whose components are not there.

use std::path::PathBuf;

use super::*;
use crate::pipeline::{BuildConfig, Outline, ShellCommand, outline};

/// A pipeline that calls functions of `weather.wasm`, with these sections.
fn pipeline(sections: &str) -> String {
    let stage = "[stage.it]\nfrom = \"readings\"\nfilter = \"weather.wasm#is_hot\"\n";
    format!("{SOURCE}{stage}{SINK}{sections}")
}

#[test]
fn a_command_builds_a_component() {
    let sections = "[build.\"./weather.wasm\"]\ncommand = \"make ${PASSWORD}\"\nwatch = [\"src\", \"*.toml\"]\n";
    let plan =
        load(&pipeline(sections)).unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"));
    let expected = BuildConfig {
        name: "./weather.wasm".to_owned(),
        component: "weather.wasm".into(),
        command: ShellCommand::new("make hunter2", "make ${PASSWORD}"),
        folder: PathBuf::new(),
        watch: vec!["src".to_owned(), "*.toml".to_owned()],
    };
    assert_eq!(plan.builds, [expected]);
    let text = plan.to_string();
    let expected = "
build ./weather.wasm
  command       make ${PASSWORD}
  watches       src, *.toml
";
    assert!(text.contains(expected), "{text}");
    assert!(!format!("{plan:?}").contains("hunter2"));
}

#[test]
fn mistakes_of_the_section_are_told() {
    check(
        &pipeline("[build.\"weather.wasm\"]\ncommand = \" \"\nwatch = []\nshell = \"fish\"\n"),
        r#"
error: expected a command, found an empty string
  --> weather.toml:15:11
   |
15 | command = " "
   |           ^^^

error: expected a list of files, folders and globs such as `["src", "*.toml"]`, found an empty list
  --> weather.toml:16:9
   |
16 | watch = []
   |         ^^

error: unknown key `shell` in the build of `weather.wasm`
  --> weather.toml:17:1
   |
17 | shell = "fish"
   | ^^^^^
   |
   = help: known keys are `command`, `watch`
"#,
    );
    check(
        &pipeline("[build.\"weather.wasm\"]\nwatch = [\"src/***\"]\n"),
        r#"
error: the build of `weather.wasm` has no `command`
  --> weather.toml:14:8
   |
14 | [build."weather.wasm"]
   |        ^^^^^^^^^^^^^^
   |
   = help: add what the shell is told, as in `command = "make weather"`

error: `src/***` is not a pattern of file names: Pattern syntax error near position 6: wildcards are either regular `*` or recursive `**`
  --> weather.toml:15:10
   |
15 | watch = ["src/***"]
   |          ^^^^^^^^^
"#,
    );
    check(
        &pipeline("[build]\n\"weather.wasm\" = \"make\"\n"),
        r#"
error: expected a section `[build."library.wasm"]`, found string
  --> weather.toml:15:18
   |
15 | "weather.wasm" = "make"
   |                  ^^^^^^
"#,
    );
}

#[test]
fn the_name_of_a_component_stands_in_quotes() {
    check(
        &pipeline("[build.weather.wasm]\ncommand = \"make\"\n"),
        r#"
error: `weather` is not the file of a component
  --> weather.toml:14:8
   |
14 | [build.weather.wasm]
   |        ^^^^^^^
   |
   = help: put it in quotes: `[build."weather.wasm"]`
"#,
    );
}

#[test]
fn what_is_built_must_be_used_and_is_built_once() {
    check(
        &pipeline("[build.\"wether.wasm\"]\ncommand = \"make\"\n"),
        r#"
error: no stage calls a function of `wether.wasm`
  --> weather.toml:14:8
   |
14 | [build."wether.wasm"]
   |        ^^^^^^^^^^^^^
   |
   = help: did you mean `weather.wasm`?
"#,
    );
    let one = "[build.\"weather.wasm\"]\ncommand = \"make\"\n";
    let other = "[build.\"./weather.wasm\"]\ncommand = \"make\"\n";
    check(
        &pipeline(&format!("{one}{other}")),
        r#"
error: `./weather.wasm` is built twice
  --> weather.toml:16:8
   |
14 | [build."weather.wasm"]
   |        -------------- the other one
15 | command = "make"
16 | [build."./weather.wasm"]
   |        ^^^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn an_outline_needs_no_components() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weather.toml");
    let toml = pipeline("[build.\"missing.wasm\"]\ncommand = \"make\"\n")
        .replace("weather.wasm#is_hot", "missing.wasm#is_hot");
    std::fs::write(&path, toml).expect("a file");
    let found = World.with(|environment| outline(&path, environment));
    let found = found.unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"));
    let missing = folder.path().join("missing.wasm");
    assert_eq!(
        found.components,
        [(missing.clone(), "missing.wasm".to_owned())]
    );
    assert_eq!(found.builds[0].component, missing);

    let plan = load(&pipeline("")).expect("it is right");
    let expected = Outline {
        components: vec![("weather.wasm".into(), "weather.wasm".to_owned())],
        builds: Vec::new(),
    };
    assert_eq!(Outline::of(&plan), expected);
}
