//! One kind of work, in words.

use std::fmt;

use super::lines::{line, names};
use crate::{
    batch::Schema,
    operator::{
        AggregateWork, Call, Emit, JoinBound, JoinKind, JoinWork, LookupWork, Miss, ProcessWork,
        TimeDomain, TopWork, Work,
    },
    pipeline::{Plan, StagePlan},
    time::Duration,
    window::WindowKind,
};

/// Writes what a stage does with its rows.
pub(super) fn work(
    plan: &Plan,
    stage: &StagePlan,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match &stage.work {
        Work::Filter(call) => self::call("filter", call, plan, stage, formatter),
        Work::Map { call, .. } => self::call("map", call, plan, stage, formatter),
        Work::FlatMap { call, .. } => self::call("flat map", call, plan, stage, formatter),
        Work::Aggregate(work) => {
            aggregate(work, formatter)?;
            for call in &work.calls {
                self::call("aggregate", call, plan, stage, formatter)?;
            }
            Ok(())
        }
        Work::Process(work) => {
            call("process", &work.call, plan, stage, formatter)?;
            process(work, formatter)
        }
        Work::Top(work) => top(work, stage, formatter),
        Work::Join(work) => join(work, stage, formatter),
        Work::Lookup(work) => lookup(work, plan, stage, formatter),
    }
}

/// A function, and what it is called with.
fn call(
    verb: &str,
    call: &Call,
    plan: &Plan,
    stage: &StagePlan,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let library = &plan.libraries[call.library];
    let digest: String = library.digest.chars().take(12).collect();
    let replaced = match &library.replaced_by {
        None => String::new(),
        Some(by) => format!(", replaced by {by}"),
    };
    let function = format!("{} of {}{replaced} ({digest})", call.function, library.name);
    line(formatter, verb, &function)?;
    for argument in arguments(call, &stage.input_schema) {
        line(formatter, "", &argument)?;
    }
    Ok(())
}

/// As in `celsius = temperature as float64`, where that is not plain from the names.
fn arguments(call: &Call, input: &Schema) -> Vec<String> {
    let pairs = call.function.parameters.iter().zip(&call.arguments);
    let argument = pairs.map(|(parameter, argument)| {
        let column = &input.fields()[argument.column];
        let cast = argument
            .cast
            .map_or(String::new(), |wide| format!(" as {wide}"));
        format!("{} = {}{cast}", parameter.name, column.name)
    });
    argument.collect()
}

fn aggregate(work: &AggregateWork, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    window(work.window, work.time, formatter)?;
    line(formatter, "emits", &emission(work))?;
    if !work.lateness.is_zero() {
        let text = format!("rows count until {} after the end", work.lateness);
        line(formatter, "lateness", &text)?;
    }
    Ok(())
}

fn window(window: WindowKind, time: TimeDomain, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let time = match (window, time) {
        (WindowKind::Global | WindowKind::Count(_), _) => "",
        (WindowKind::RollingRows { .. }, TimeDomain::Processing) => ", as rows come",
        (_, TimeDomain::Event) => ", in event time",
        (_, TimeDomain::Processing) => ", in processing time",
    };
    line(formatter, "window", &format!("{window}{time}"))
}

/// When rows leave.
fn emission(work: &AggregateWork) -> String {
    let end = match work.window {
        WindowKind::Global => "at the end of the input",
        WindowKind::Count(_) => "when a window is full, and at the end of the input",
        WindowKind::RollingRows { .. } | WindowKind::Rolling { .. } => match work.time {
            TimeDomain::Event => "for each row, when the watermark has passed it",
            TimeDomain::Processing => "for each row, as it comes",
        },
        _ => "when a window closes",
    };
    let following = match work.window {
        WindowKind::RollingRows { following, .. } if following > 0 => " with those that follow",
        _ => "",
    };
    let end = format!("{end}{following}");
    match work.emit {
        Emit::Final if work.lateness.is_zero() => end,
        Emit::Final => format!("{end}, and again when a late row changes it"),
        Emit::Update => "after every batch that changes a window".to_owned(),
        Emit::Every(every) => format!("every {every} what has changed, and {end}"),
    }
}

fn process(work: &ProcessWork, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(ttl) = work.ttl else {
        return Ok(());
    };
    let time = match work.time {
        TimeDomain::Event => "event time",
        TimeDomain::Processing => "processing time",
    };
    let text = format!("a key is forgotten {ttl} after its last row, in {time}");
    line(formatter, "state", &text)
}

fn top(work: &TopWork, stage: &StagePlan, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    window(work.window, TimeDomain::Event, formatter)?;
    let columns: Vec<String> = work
        .by
        .iter()
        .map(|by| {
            let name = names(&[by.column], &stage.input_schema);
            let order = if by.descending {
                "descending"
            } else {
                "ascending"
            };
            format!("{name} {order}")
        })
        .collect();
    let text = format!("the first {} by {}", work.n, columns.join(", "));
    line(formatter, "top", &text)?;
    let emits = match (work.emit, work.window) {
        (Emit::Final, WindowKind::Global) => "at the end of the input",
        (Emit::Final, _) => "when a window closes",
        _ => "ranks that have changed, after every batch",
    };
    line(formatter, "emits", emits)?;
    if let Some(key) = &work.replaces {
        let names = names(key, &stage.input_schema);
        let text = format!("rows that replace each other, {}", super::by(&names));
        line(formatter, "reads", &text)?;
    }
    Ok(())
}

fn join(work: &JoinWork, stage: &StagePlan, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let kind = match work.kind {
        JoinKind::Inner => "inner",
        JoinKind::Left => "left",
        JoinKind::Right => "right",
        JoinKind::Full => "full",
    };
    let on = work
        .left_key
        .iter()
        .zip(&work.right_key)
        .map(|(left, right)| {
            let left = names(&[*left], &stage.input_schema);
            format!("{left} = {}", names(&[*right], &stage.right_schema))
        });
    let on: Vec<String> = on.collect();
    let on = match on[..] {
        [] => "all rows".to_owned(),
        _ => on.join(", "),
    };
    line(formatter, "join", &format!("{kind}, {on}"))?;
    match work.bound {
        JoinBound::Window(kind) => window(kind, TimeDomain::Event, formatter),
        JoinBound::Within { before, after } => line(formatter, "within", &within(before, after)),
    }
}

/// How far apart rows may be.
fn within(before: Duration, after: Duration) -> String {
    match (before.is_zero(), after.is_zero()) {
        _ if before == after => format!("{before} of each other"),
        (true, _) => format!("the right row at most {after} after the left one, not before it"),
        (_, true) => format!("the right row at most {before} before the left one, not after it"),
        _ => format!("the right row at most {before} before and {after} after the left one"),
    }
}

fn lookup(
    work: &LookupWork,
    plan: &Plan,
    stage: &StagePlan,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let table = &plan.tables[work.table];
    let on = work
        .input_key
        .iter()
        .zip(&work.table_key)
        .map(|(input, column)| {
            let input = names(&[*input], &stage.input_schema);
            format!("{input} = {}", names(&[*column], &table.schema))
        });
    let on: Vec<String> = on.collect();
    let miss = match work.miss {
        Miss::Null => "gets nulls",
        Miss::Drop => "is left out",
    };
    let text = format!(
        "{}, {}; what is not there {miss}",
        table.name,
        on.join(", ")
    );
    line(formatter, "lookup", &text)
}
