//! What a stage does, with its functions found and its columns typed.

use super::{
    aggregate, call, columns::columns, join, loader::Loader, lookup, output, role::Role,
    stream::Stream, top,
};
use crate::{
    batch::Schema,
    operator::{Call, OutputColumn, ProcessWork, TimeDomain, Work},
    pipeline::{
        TablePlan,
        reader::Context,
        spec::{CallSpec, Keep, StageSpec, WorkSpec},
    },
};

/// What a stage is resolved with. What is not known has been reported.
pub(super) struct Scope<'a> {
    pub(super) stage: &'a StageSpec,
    /// The rows that come in.
    pub(super) input: Option<&'a Stream>,
    /// The rows that come in on the right side of a join.
    pub(super) right: Option<&'a Stream>,
    /// The table of a lookup, and its place in the plan.
    pub(super) table: Option<(usize, &'a TablePlan)>,
    pub(super) context: &'a Context<'a>,
}

/// A stage's work and what comes out of it.
pub(super) struct Resolved {
    pub(super) work: Work,
    pub(super) output: Stream,
}

/// Resolves what a stage does with its input; without one, only its functions are looked up.
pub(super) fn resolve(
    work: &WorkSpec,
    scope: &Scope<'_>,
    loader: &mut Loader<'_>,
) -> Option<Resolved> {
    match work {
        WorkSpec::Filter(spec) => filter(spec, scope, loader),
        WorkSpec::Map { call, keep } => map(call, keep.as_ref(), scope, loader),
        WorkSpec::FlatMap { call, keep } => {
            let extended = extend(call, Role::FlatMap, keep.as_ref(), scope, loader);
            let (call, output, schema) = extended?;
            each_row_for_itself(Work::FlatMap { call, output }, schema, scope)
        }
        WorkSpec::Process {
            key,
            call,
            keep,
            ttl,
        } => {
            let extended = extend(call, Role::Process, keep.as_ref(), scope, loader);
            let input = scope.input?;
            let key = columns(key, &input.schema, scope.context);
            let (call, output, schema) = extended?;
            let work = ProcessWork {
                key: key?,
                call,
                output,
                ttl: *ttl,
                time: time_of(input),
            };
            each_row_for_itself(Work::Process(work), schema, scope)
        }
        WorkSpec::Aggregate(spec) => aggregate::resolve(spec, scope, loader),
        WorkSpec::Top(spec) => top::resolve(spec, scope),
        WorkSpec::Join(spec) => join::resolve(spec, scope),
        WorkSpec::Lookup(spec) => lookup::resolve(spec, scope),
    }
}

/// Event time, if the rows have one.
pub(super) const fn time_of(stream: &Stream) -> TimeDomain {
    match stream.event_time {
        true => TimeDomain::Event,
        false => TimeDomain::Processing,
    }
}

fn filter(spec: &CallSpec, scope: &Scope<'_>, loader: &mut Loader<'_>) -> Option<Resolved> {
    let schema = scope.input.map(|input| &input.schema);
    let call = call::resolve(spec, Role::Filter, schema, loader, scope.context);
    Some(Resolved {
        work: Work::Filter(call?),
        output: scope.input?.clone(),
    })
}

fn map(
    spec: &CallSpec,
    keep: Option<&Keep>,
    scope: &Scope<'_>,
    loader: &mut Loader<'_>,
) -> Option<Resolved> {
    let (call, output, schema) = extend(spec, Role::Map, keep, scope, loader)?;
    let input = scope.input?;
    let place = |column: usize| {
        let is_it = |output: &OutputColumn| *output == OutputColumn::Input(column);
        output.iter().position(is_it)
    };
    let span = keep.map_or(spec.span, |keep| keep.span);
    let updates = match &input.updates {
        None => None,
        Some(updates) => Some(updates.moved(place, &input.schema, span, scope.context)?),
    };
    Some(Resolved {
        work: Work::Map { call, output },
        output: Stream {
            schema,
            event_time: input.event_time,
            updates,
        },
    })
}

/// Work whose rows have the event time of those they are made of, and never replace each other.
fn each_row_for_itself(work: Work, schema: Schema, scope: &Scope<'_>) -> Option<Resolved> {
    Some(Resolved {
        work,
        output: Stream {
            schema,
            event_time: scope.input?.event_time,
            updates: None,
        },
    })
}

/// Resolves a call whose results are added to the columns of the input.
fn extend(
    spec: &CallSpec,
    role: Role,
    keep: Option<&Keep>,
    scope: &Scope<'_>,
    loader: &mut Loader<'_>,
) -> Option<(Call, Vec<OutputColumn>, Schema)> {
    let context = scope.context;
    let schema = scope.input.map(|input| &input.schema);
    let keep = keep.map(|keep| &keep.value[..]);
    let call = call::resolve(spec, role, schema, loader, context);
    let schema = schema?;
    let Some(call) = call else {
        // `keep` can be wrong on its own.
        keep.and_then(|names| columns(names, schema, context));
        return None;
    };
    let (output, schema) = output::extend(spec, &call, keep, schema, context)?;
    Some((call, output, schema))
}
