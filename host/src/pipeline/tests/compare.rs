//! Plans that a running job can change to, and those that it cannot.

use super::*;
use crate::{
    batch::{DataType, Field},
    operator::Work,
    pipeline::{Node, Overrides, StageChange, compare, load::load_text_with},
    time::Duration,
    wasm::Function,
};

const STAGES: &str = r#"[stage.hot]
from = "readings"
filter = "weather.wasm#is_hot"
config = { threshold = 30.0 }
[stage.mapped]
from = "hot"
map = "weather.wasm#to_fahrenheit"
args = { celsius = "temperature" }
[stage.it]
from = "mapped"
key = ["sensor"]
window = { tumbling = "1m" }
aggregate = [{ call = "std#count" }, { call = "std#mean", args = ["temperature"], as = "warmth" }]
"#;

fn text() -> String {
    format!("{SOURCE}{STAGES}{SINK}")
}

fn plan_of(toml: &str) -> Plan {
    load(toml).unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"))
}

/// The pipeline of these tests, in which the aggregates keep something.
fn plan() -> Plan {
    let mut plan = plan_of(&text());
    for call in plan.stages[2].work.calls_mut() {
        call.function.state = vec![Field::required("sum", DataType::Float64)];
        call.function.state_version = 1;
    }
    plan
}

/// The function that a stage calls at a place.
fn function(plan: &mut Plan, stage: usize, place: usize) -> &mut Function {
    &mut plan.stages[stage].work.calls_mut()[place].function
}

/// What changes, in words.
fn told(plan: &Plan, changes: &[StageChange]) -> Vec<String> {
    let told = changes.iter().map(|change| {
        let parts: Vec<String> = change.parts.iter().map(ToString::to_string).collect();
        let migrates = if change.migrates { ", migrates" } else { "" };
        let stage = &plan.stages[change.stage].name;
        format!("{stage}: {}{migrates}", parts.join(", "))
    });
    told.collect()
}

#[track_caller]
fn check_changes(old: &Plan, new: &Plan, expected: &[&str]) {
    let changes = compare(old, new).expect("it can be changed");
    assert_eq!(told(new, &changes), expected);
}

/// Changes the plan and expects the reasons why that cannot be done while the job runs, without what is said
/// about what to do.
#[track_caller]
fn check_refused(change: impl FnOnce(&mut Plan), expected: &[&str]) {
    let (old, mut new) = (plan(), plan());
    change(&mut new);
    let misfits = compare(&old, &new).expect_err("it cannot be changed");
    let reasons = misfits.iter().map(|misfit| {
        let stage = misfit.stage.as_ref();
        let stage = stage.map_or(String::new(), |stage| format!("stage `{stage}`: "));
        format!("{stage}{}", misfit.reason)
    });
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
}

/// Does the same with a change of the text.
#[track_caller]
fn check_text_refused(from: &str, to: &str, expected: &[&str]) {
    let changed = text().replacen(from, to, 1);
    assert_ne!(changed, text(), "`{from}` is there");
    let new = load(&changed).unwrap_or_else(|mistakes| panic!("it is right: {mistakes}"));
    let misfits = compare(&plan_of(&text()), &new).expect_err("it cannot be changed");
    let reasons: Vec<String> = misfits.iter().map(|misfit| misfit.reason.clone()).collect();
    assert_eq!(reasons, expected);
}

#[test]
fn nothing_changes_in_the_same_plan() {
    check_changes(&plan(), &plan(), &[]);
}

#[test]
fn a_component_is_another_one_by_its_digest_alone() {
    let mut new = plan();
    new.libraries[0].digest = "fedcba9876543210fedcba9876543210".to_owned();
    new.libraries[0].name = "./weather.wasm".to_owned();
    check_changes(
        &plan(),
        &new,
        &["hot: component `weather.wasm` 0123456789ab -> `./weather.wasm` fedcba987654"],
    );
    new.libraries[0].name = "weather.wasm".to_owned();
    check_changes(
        &plan(),
        &new,
        &["hot: component `weather.wasm` 0123456789ab -> fedcba987654"],
    );
    new.libraries[0]
        .digest
        .clone_from(&plan().libraries[0].digest);
    new.libraries[0].name = "other.wasm".to_owned();
    check_changes(&plan(), &new, &[]);
}

#[test]
fn several_stages_change_and_libraries_may_be_elsewhere_in_the_plan() {
    let mut new = plan();
    for library in &mut new.libraries {
        library.digest = "fedcba9876543210fedcba9876543210".to_owned();
    }
    new.libraries.reverse();
    let last = new.libraries.len() - 1;
    for stage in &mut new.stages {
        for call in stage.work.calls_mut() {
            call.library = last - call.library;
        }
    }
    let weather = "component `weather.wasm` 0123456789ab -> fedcba987654";
    check_changes(
        &plan(),
        &new,
        &[
            &format!("hot: {weather}"),
            &format!("mapped: {weather}"),
            "it: component `std` 0123456789ab -> fedcba987654",
        ],
    );
}

#[test]
fn the_standard_library_is_replaced_by_another() {
    let mine = Overrides::default().component("it", Path::new("mine.wasm"));
    let mut new = World
        .with(|environment| load_text_with(Path::new("weather.toml"), &text(), environment, &mine))
        .expect("it is right");
    for library in new.libraries.iter_mut().filter(|used| used.name == "std") {
        library.digest = "fedcba9876543210fedcba9876543210".to_owned();
    }
    check_changes(
        &plan_of(&text()),
        &new,
        &["it: component `std` 0123456789ab -> `mine.wasm` fedcba987654"],
    );
}

#[test]
fn settings_change_and_are_not_told_if_they_may_be_secret() {
    let toml = text().replace(
        "config = { threshold = 30.0 }",
        "config = { key = \"hunter2\" }\nlimits = { memory = \"32MiB\", deadline = \"2s\" }",
    );
    check_changes(
        &plan_of(&text()),
        &plan_of(&toml),
        &[
            "hot: another `config` of `weather.wasm`, limits 64MiB of memory, 1s a call -> \
           32MiB of memory, 2s a call",
        ],
    );
}

#[test]
fn what_means_nothing_to_rows_may_change() {
    let mut new = plan();
    let called = function(&mut new, 0, 0);
    called.index = 7;
    called.doc = "better".to_owned();
    called.parameters[0].name = "celsius".to_owned();
    called.results[0].name = "warm".to_owned();
    function(&mut new, 2, 1).results[0].name = "average".to_owned();
    check_changes(&plan(), &new, &[]);
    function(&mut new, 0, 0).name = "is_warm".to_owned();
    check_changes(&plan(), &new, &["hot: function `is_hot` -> `is_warm`"]);
}

#[test]
fn more_files_are_no_change() {
    let toml = text().replace("readings.jsonl", "*.jsonl");
    let mut new = plan_of(&toml);
    let crate::connector::SourceConfig::File { paths, .. } = &mut new.sources[0].config else {
        panic!("it reads files");
    };
    paths.push("new.jsonl".into());
    new.sources[0].summary = "file *.jsonl (3 files), JSON".to_owned();
    check_changes(&plan_of(&toml), &new, &[]);
}

#[test]
fn state_of_another_version_migrates() {
    let mut new = plan();
    let mean = function(&mut new, 2, 1);
    mean.state_version = 2;
    mean.state.push(Field::required("count", DataType::Int64));
    mean.results[0].name = "average".to_owned();
    check_changes(
        &plan(),
        &new,
        &["it: state of `mean` version 1 -> 2, migrates"],
    );
}

#[test]
fn state_is_never_reinterpreted() {
    check_refused(
        |plan| function(plan, 2, 1).state[0].data_type = DataType::Int64,
        &[
            "stage `it`: `mean` keeps (sum: int64) now, (sum: float64) before, both as version 1 of its state",
        ],
    );
    check_refused(
        |plan| function(plan, 2, 1).name = "sum".to_owned(),
        &["stage `it`: it calls `sum` now, and has kept state for `mean`"],
    );
}

#[test]
fn a_function_keeps_its_signature() {
    check_refused(
        |plan| {
            function(plan, 0, 0).parameters[0].nullable = true;
            function(plan, 1, 0).results[0].name = "kelvin".to_owned();
            function(plan, 2, 0).kind = crate::wasm::Kind::Holistic;
            function(plan, 2, 1).results[0].data_type = DataType::Int64;
        },
        &[
            "stage `hot`: `is_hot` takes (temperature: float64?) now, (temperature: float64) before",
            "stage `mapped`: `to_fahrenheit` gives (kelvin: float64) now, (fahrenheit: float64) before",
            "stage `it`: `count` is of kind holistic now, aggregate before",
            "stage `it`: `mean` gives (mean: int64?) now, (mean: float64?) before",
        ],
    );
    check_refused(
        |plan| plan.stages[0].work.calls_mut()[0].arguments[0].column = 0,
        &["stage `hot`: `is_hot` is called with (ts) now, (temperature) before"],
    );
}

#[test]
fn a_refusal_says_what_to_do() {
    let (old, mut new) = (plan(), plan());
    let limit = Field::required("limit", DataType::Float64);
    function(&mut new, 0, 0).parameters.push(limit);
    new.parallelism = 9;
    let misfits = compare(&old, &new).expect_err("it cannot be changed");
    let told: Vec<String> = misfits.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the pipeline has changed: `parallelism` is `9` now and was `4`: only components, their \
             configurations, their limits and what they are allowed can be changed while the job runs; stop it \
             and start it again for the rest: its state is kept where it fits",
            "stage `hot`: `is_hot` takes (temperature: float64, limit: float64) now, (temperature: float64) \
             before: give it back as it was, or stop the job and start it with the new one",
        ]
    );
}

#[test]
fn the_members_of_a_pipeline_stay() {
    check_text_refused(
        "[stage.hot]\nfrom = \"readings\"",
        "[stage.cold]\nfrom = \"readings\"\nfilter = \"weather.wasm#is_hot\"\n[stage.hot]\nfrom = \"cold\"",
        &["the pipeline has a new stage `cold`"],
    );
    check_text_refused(
        "stdout\"\n",
        "stdout\"\n[sink.more]\nfrom = \"it\"\nconnector = \"blackhole\"\n",
        &["the pipeline has a new sink `more`"],
    );
    check_refused(
        |plan| {
            plan.stages.remove(0);
        },
        &["the pipeline has no stage `hot` any more"],
    );
    check_refused(
        |plan| plan.stages.swap(0, 1),
        &["the pipeline has its stages in another order"],
    );
}

#[test]
fn the_shape_of_a_pipeline_stays() {
    check_text_refused(
        "tumbling = \"1m\"",
        "tumbling = \"20s\"",
        &[
            "it has changed: `window` is `tumbling 20s, in event time` now and was `tumbling 1m, in event time`",
        ],
    );
    check_text_refused(
        "key = [\"sensor\"]",
        "key = [\"ts\"]",
        &[
            "it has changed: `exchange` is `hash exchange on ts` now and was `hash exchange on sensor`; `columns` is `ts timestamp, window_start timestamp, window_end timestamp, count int64, warmth float64?` now and was `sensor utf8?, window_start timestamp, window_end timestamp, count int64, warmth float64?`",
        ],
    );
    check_text_refused(
        "as = \"warmth\"",
        "as = \"warm\"",
        &[
            "it has changed: `columns` is `sensor utf8?, window_start timestamp, window_end timestamp, count int64, warm float64?` now and was `sensor utf8?, window_start timestamp, window_end timestamp, count int64, warmth float64?`",
        ],
    );
    check_text_refused(
        "filter = \"weather.wasm#is_hot\"",
        "filter = \"weather.wasm#is_hot\"\non_error = \"skip\"",
        &["it has changed: `on error` is `skip` now and was `dead-letter`"],
    );
    check_refused(
        |plan| plan.stages[1].inputs = vec![Node::Source(0)],
        &["stage `mapped`: it has changed: `from` is `readings` now and was `hot`"],
    );
    // Rows of other columns, which end up the same.
    check_refused(
        |plan| {
            plan.stages[1].inputs = vec![Node::Source(0)];
            let fields = plan.stages[1].input_schema.fields().to_vec();
            plan.stages[1].input_schema = Schema::new(fields[1..].to_vec()).expect("columns");
        },
        &["stage `mapped`: it has changed: `from` is `readings` now and was `hot`"],
    );
    check_refused(
        |plan| {
            let fields = plan.stages[1].input_schema.fields().to_vec();
            plan.stages[1].input_schema = Schema::new(fields[1..].to_vec()).expect("columns");
        },
        &["stage `mapped`: what it gets is not what it was"],
    );
    check_text_refused(
        "readings.jsonl",
        "others.jsonl",
        &[
            "source `readings` has changed: `reads` is `file others.jsonl, json` now and was `file readings.jsonl, json`",
        ],
    );
    check_text_refused(
        "name = \"weather\"",
        "name = \"whether\"",
        &["the pipeline has changed: `name` is `whether` now and was `weather`"],
    );
    check_text_refused(
        "connector = \"stdout\"",
        "connector = \"blackhole\"",
        &["sink `out` has changed: `writes` is `blackhole` now and was `stdout, json`"],
    );
}

#[test]
fn what_follows_from_a_change_is_not_told() {
    check_text_refused(
        "temperature = \"float64\", count",
        "temperature = \"float64\", humidity = \"float64\", count",
        &[
            "source `readings` has changed: `columns` is `ts timestamp, sensor utf8?, temperature float64?, humidity float64?, count int32?` now and was `ts timestamp, sensor utf8?, temperature float64?, count int32?`",
        ],
    );
    // The same function, and another column beside its results.
    check_refused(
        |plan| {
            let fields = plan.stages[1].schema.fields().to_vec();
            let fewer = Schema::new(fields[1..].to_vec()).expect("columns");
            plan.stages[1].schema = fewer.clone();
            plan.stages[2].input_schema = fewer;
            let Work::Aggregate(work) = &mut plan.stages[2].work else {
                panic!("it aggregates");
            };
            work.key = vec![0];
            work.lateness = Duration::from_secs(1);
        },
        &[
            "stage `mapped`: it has changed: `columns` is `sensor utf8?, temperature float64?, count int32?, fahrenheit float64?` now and was `ts timestamp, sensor utf8?, temperature float64?, count int32?, fahrenheit float64?`",
        ],
    );
}
