//! What the state of a stage is made for, in words: as long as they are the same, a stage can take up
//! what another version of it has written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::contents::{StageComponents, UsedComponent};
use crate::{
    batch::{Field, Schema},
    operator::{
        AggregateWork, Call, JoinBound, JoinColumn, JoinKind, JoinWork, ProcessWork, TimeDomain,
        TopWork, Work,
    },
    pipeline::{Plan, StagePlan},
};

/// The identity of each stage that keeps state, by its name: lines of `what: how`. Its key, its window,
/// its functions and what they keep are part of it; when its rows leave, which columns its functions are
/// called with, how late rows may be and which build of a component it calls are not.
pub fn stage_identities(plan: &Plan) -> BTreeMap<Arc<str>, String> {
    let stages = plan.stages.iter();
    let stages = stages.filter(|stage| stage.work.is_keyed());
    let identity = |stage: &StagePlan| (stage.name.as_str().into(), identity(stage));
    stages.map(identity).collect()
}

/// The components of each stage that calls some, by its name; those of a stage in the order of their names.
pub fn stage_components(plan: &Plan) -> StageComponents {
    let stages = plan.stages.iter();
    let components = stages.filter_map(|stage| {
        let libraries = stage.work.libraries().into_iter();
        let used = libraries.map(|library| UsedComponent {
            library: Some(plan.libraries[library].name.clone()),
            digest: plan.libraries[library].digest.clone(),
        });
        // With two configurations, a library is there twice.
        let used: BTreeSet<UsedComponent> = used.collect();
        let used: Vec<UsedComponent> = used.into_iter().collect();
        (!used.is_empty()).then(|| (stage.name.as_str().into(), used))
    });
    components.collect()
}

fn identity(stage: &StagePlan) -> String {
    let mut lines = vec![format!("work: {}", stage.work.verb())];
    match &stage.work {
        Work::Filter(_) | Work::Map { .. } | Work::FlatMap { .. } | Work::Lookup(_) => {}
        Work::Aggregate(work) => aggregate(work, &stage.input_schema, &mut lines),
        Work::Process(work) => process(work, &stage.input_schema, &mut lines),
        Work::Top(work) => top(work, &stage.input_schema, &mut lines),
        Work::Join(work) => join(work, stage, &mut lines),
    }
    lines.join("\n")
}

fn aggregate(work: &AggregateWork, input: &Schema, lines: &mut Vec<String>) {
    lines.push(format!("key: {}", columns(&work.key, input)));
    lines.push(format!("window: {}", work.window));
    lines.push(format!("time: {}", time(work.time)));
    if work.window.is_rolling() {
        lines.push(format!("kept columns: {}", columns(&work.keep, input)));
    }
    for (call, number) in work.calls.iter().zip(1..) {
        lines.push(format!("function {number}: {}", function(call)));
    }
}

fn process(work: &ProcessWork, input: &Schema, lines: &mut Vec<String>) {
    lines.push(format!("key: {}", columns(&work.key, input)));
    lines.push(format!("time: {}", time(work.time)));
    lines.push(format!("function: {}", function(&work.call)));
}

fn top(work: &TopWork, input: &Schema, lines: &mut Vec<String>) {
    lines.push(format!("key: {}", columns(&work.key, input)));
    lines.push(format!("window: {}", work.window));
    let by = work.by.iter().map(|by| {
        let order = match by.descending {
            true => "descending",
            false => "ascending",
        };
        format!("{} {order}", columns(&[by.column], input))
    });
    let by: Vec<String> = by.collect();
    lines.push(format!("rows: the first {} by {}", work.n, by.join(", ")));
    lines.push(format!("columns: {}", fields(input.fields())));
    if let Some(replaces) = &work.replaces {
        lines.push(format!("rows replace by: {}", columns(replaces, input)));
    }
}

fn join(work: &JoinWork, stage: &StagePlan, lines: &mut Vec<String>) {
    let (left, right) = (&stage.input_schema, &stage.right_schema);
    lines.push(format!("key: {}", columns(&work.left_key, left)));
    lines.push(format!(
        "key on the right: {}",
        columns(&work.right_key, right)
    ));
    lines.push(match work.bound {
        JoinBound::Within { before, after } => format!("within: {before} before to {after} after"),
        JoinBound::Window(window) => format!("window: {window}"),
    });
    let kind = match work.kind {
        JoinKind::Inner => "inner",
        JoinKind::Left => "left",
        JoinKind::Right => "right",
        JoinKind::Full => "full",
    };
    lines.push(format!("kind: {kind}"));
    let column = |column: &JoinColumn| match column {
        JoinColumn::Left(place) => format!("left {}", columns(&[*place], left)),
        JoinColumn::Right(place) => format!("right {}", columns(&[*place], right)),
        JoinColumn::Key(place) => format!("key {}", columns(&[work.left_key[*place]], left)),
    };
    let columns: Vec<String> = work.output.iter().map(column).collect();
    lines.push(format!("columns: {}", columns.join(", ")));
}

const fn time(domain: TimeDomain) -> &'static str {
    match domain {
        TimeDomain::Event => "event time",
        TimeDomain::Processing => "processing time",
    }
}

/// A function, and what it keeps.
fn function(call: &Call) -> String {
    let function = &call.function;
    let parameters = fields(&function.parameters);
    let state = fields(&function.state);
    let kept = match function.state.is_empty() {
        true => String::new(),
        false => format!(", state of version {} ({state})", function.state_version),
    };
    format!("{}({parameters}){kept}", function.name)
}

fn columns(places: &[usize], schema: &Schema) -> String {
    let columns = places.iter().map(|&place| {
        let field = &schema.fields()[place];
        format!("{}: {}", field.name, field.data_type)
    });
    let columns: Vec<String> = columns.collect();
    match columns.is_empty() {
        true => "none".to_owned(),
        false => columns.join(", "),
    }
}

fn fields(fields: &[Field]) -> String {
    let fields = fields
        .iter()
        .map(|field| format!("{}: {}", field.name, field.data_type));
    fields.collect::<Vec<_>>().join(", ")
}
