//! Whether two plans have the same shape: everything but the components that their stages call, with their
//! configurations and limits.

use super::Misfit;
use crate::{
    connector::SourceConfig,
    operator::Work,
    pipeline::{Plan, SinkPlan, SourcePlan, StagePlan, TablePlan, describe::Parts},
    wasm::{Function, Kind},
};

/// What to do about a pipeline of another shape.
const RESTART: &str = "only components, their configurations, their limits and what they are allowed can be changed \
                       while the job runs; stop it and start it again for the rest: its state is kept where it fits";

/// Sources, tables, stages and sinks that only one of the plans has: then places in the one mean nothing in
/// the other, and nothing else can be compared.
pub(super) fn other_members(old: &Plan, new: &Plan) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    for (what, old, new) in [
        ("source", sources(old), sources(new)),
        ("table", tables(old), tables(new)),
        ("stage", stages(old), stages(new)),
        ("sink", sinks(old), sinks(new)),
    ] {
        let mut report = |reason| misfits.push(Misfit::of_job(reason, RESTART));
        for name in old.iter().filter(|name| !new.contains(name)) {
            report(format!("the pipeline has no {what} `{name}` any more"));
        }
        for name in new.iter().filter(|name| !old.contains(name)) {
            report(format!("the pipeline has a new {what} `{name}`"));
        }
        let is_same = old.len() == new.len() && new.iter().all(|name| old.contains(name));
        if is_same && old != new {
            report(format!("the pipeline has its {what}s in another order"));
        }
    }
    misfits
}

fn sources(plan: &Plan) -> Vec<&str> {
    let names = plan.sources.iter().map(|source| source.name.as_str());
    names.collect()
}

fn tables(plan: &Plan) -> Vec<&str> {
    plan.tables
        .iter()
        .map(|table| table.name.as_str())
        .collect()
}

fn stages(plan: &Plan) -> Vec<&str> {
    plan.stages
        .iter()
        .map(|stage| stage.name.as_str())
        .collect()
}

fn sinks(plan: &Plan) -> Vec<&str> {
    plan.sinks.iter().map(|sink| sink.name.as_str()).collect()
}

/// What else is of another shape but for stages, in plans with the same members.
pub(super) fn others(old: &Plan, new: &Plan) -> Vec<Misfit> {
    let mut misfits = job(old, new);
    for (before, now) in old.sources.iter().zip(&new.sources) {
        if !same_source(before, now) {
            let mut changes = Parts::of_source(now).changes(&Parts::of_source(before), &[]);
            if before.path == now.path && matches!(now.config, SourceConfig::File { .. }) {
                // More files than before are no change.
                changes.retain(|change| !change.starts_with("`reads`"));
            }
            misfits.push(otherwise(&format!("source `{}`", now.name), &changes));
        }
    }
    for (before, now) in old.tables.iter().zip(&new.tables) {
        if !same_table(before, now) {
            let changes = Parts::of_table(now).changes(&Parts::of_table(before), &[]);
            misfits.push(otherwise(&format!("table `{}`", now.name), &changes));
        }
    }
    for (before, now) in old.sinks.iter().zip(&new.sinks) {
        if before.inputs != now.inputs || before.config != now.config {
            let parts = Parts::of_sink(new, now);
            let changes = parts.changes(&Parts::of_sink(old, before), FOLLOWS);
            misfits.push(otherwise(&format!("sink `{}`", now.name), &changes));
        }
    }
    misfits
}

/// What is said of a stage or a sink and follows from what is before it.
const FOLLOWS: &[&str] = &["columns", "replaces"];

/// What is said of a stage and is compared on its own.
const OF_CALLS: &[&str] = &[
    "filter",
    "map",
    "flat map",
    "aggregate",
    "process",
    "limits",
    "allow",
];

fn job(old: &Plan, new: &Plan) -> Vec<Misfit> {
    let is_same = old.name == new.name
        && old.parallelism == new.parallelism
        && old.dead_letters == new.dead_letters
        && old.max_dead_letters == new.max_dead_letters
        && old.checkpoint == new.checkpoint
        && old.restart == new.restart;
    if is_same {
        return Vec::new();
    }
    let mut changes = Parts::of_job(new).changes(&Parts::of_job(old), &[]);
    if old.name != new.name {
        changes.push(format!(
            "`name` is `{}` now and was `{}`",
            new.name, old.name
        ));
    }
    vec![otherwise("the pipeline", &changes)]
}

fn same_source(old: &SourcePlan, new: &SourcePlan) -> bool {
    // Files that have come since are not read by the job that runs, and do not change it.
    let config = |source: &SourcePlan| {
        let mut config = source.config.clone();
        if let SourceConfig::File { paths, .. } = &mut config {
            paths.clear();
        }
        config
    };
    old.path == new.path
        && config(old) == config(new)
        && old.schema == new.schema
        && old.event_time == new.event_time
        && old.delay == new.delay
        && old.idle_timeout == new.idle_timeout
        && old.max_drift == new.max_drift
        && old.on_error == new.on_error
}

fn same_table(old: &TablePlan, new: &TablePlan) -> bool {
    old.config == new.config && old.schema == new.schema
}

/// Whether the rows that come into a stage are the same, and what it looks into.
pub(super) fn same_input(old: &Plan, new: &Plan, before: &StagePlan, now: &StagePlan) -> bool {
    let table = |plan: &Plan, stage: &StagePlan| match &stage.work {
        Work::Lookup(work) => Some(plan.tables[work.table].schema.clone()),
        _ => None,
    };
    before.input_schema == now.input_schema
        && before.right_schema == now.right_schema
        && table(old, before) == table(new, now)
}

/// Whether the rows that come into a stage come from the same sources and stages, and what it looks into is the
/// same table.
pub(super) fn same_place(before: &StagePlan, now: &StagePlan) -> bool {
    let table = |stage: &StagePlan| match &stage.work {
        Work::Lookup(work) => Some(work.table),
        _ => None,
    };
    before.inputs == now.inputs
        && before.right_inputs == now.right_inputs
        && table(before) == table(now)
}

/// What is said of a stage if nothing else was found.
pub(super) fn other_input(now: &StagePlan) -> Misfit {
    let mut misfit = otherwise("what it gets", &[]);
    misfit.stage = Some(now.name.clone());
    misfit
}

/// Whether a stage has the same place and does the same but for its functions.
pub(super) fn stage(old: &Plan, new: &Plan, before: &StagePlan, now: &StagePlan) -> Option<Misfit> {
    let is_same = before.inputs == now.inputs
        && before.right_inputs == now.right_inputs
        && before.on_error == now.on_error
        && before.late == now.late
        && without_calls(&before.work) == without_calls(&now.work);
    let goes_out = before.schema == now.schema
        && before.has_event_time == now.has_event_time
        && before.upsert_key == now.upsert_key;
    if is_same && goes_out {
        return None;
    }
    let verbs = (before.work.verb(), now.work.verb());
    let mut changes = Vec::new();
    if verbs.0 != verbs.1 {
        changes.push(format!("it is a `{}` now and was a `{}`", verbs.1, verbs.0));
    }
    let calls = (before.work.calls().len(), now.work.calls().len());
    if calls.0 != calls.1 {
        changes.push(format!(
            "it calls {} functions now and called {}",
            calls.1, calls.0
        ));
    }
    let parts = Parts::of_stage(new, now);
    changes.extend(parts.changes(&Parts::of_stage(old, before), OF_CALLS));
    let mut misfit = otherwise("it", &changes);
    misfit.stage = Some(now.name.clone());
    Some(misfit)
}

/// What a stage does, wherever its functions are and whatever they are called with.
fn without_calls(work: &Work) -> Work {
    let mut work = work.clone();
    for call in work.calls_mut() {
        call.library = 0;
        call.arguments.clear();
        call.function = Function {
            index: 0,
            name: String::new(),
            kind: Kind::Scalar,
            doc: String::new(),
            parameters: Vec::new(),
            results: Vec::new(),
            state: Vec::new(),
            state_version: 0,
        };
    }
    work
}

/// Something is another one, as far as it can be said in words.
fn otherwise(what: &str, changes: &[String]) -> Misfit {
    let reason = match changes {
        [] => format!("{what} is not what it was"),
        changes => format!("{what} has changed: {}", changes.join("; ")),
    };
    Misfit::of_job(reason, RESTART)
}

/// What is said if nothing else was found.
pub(super) fn other_sink(sink: &SinkPlan) -> Misfit {
    let reason = format!("sink `{}` gets other columns", sink.name);
    Misfit::of_job(reason, RESTART)
}
