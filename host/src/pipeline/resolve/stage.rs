//! What a stage does, with its functions found and its columns typed.

use super::{call, columns::columns, loader::Loader, output, role::Role, stream::Stream};
use crate::{
    batch::Schema,
    operator::{AggregateWork, Call, Emit, OutputColumn, ProcessWork, TimeDomain, Work},
    pipeline::{
        Diagnostic,
        diagnostic::Spanned,
        reader::Context,
        spec::{AggregateCall, CallSpec, WorkSpec},
    },
    time::Duration,
    window::WindowKind,
};

/// A stage's work and what comes out of it.
pub(super) struct Resolved {
    pub(super) work: Work,
    pub(super) output: Stream,
}

/// Resolves what a stage does with its input; without one, only its functions are looked up.
pub(super) fn resolve(
    work: &WorkSpec,
    input: Option<&Stream>,
    loader: &mut Loader<'_>,
    context: &Context<'_>,
) -> Option<Resolved> {
    let (work, schema) = match work {
        WorkSpec::Filter(spec) => {
            let schema = input.map(|input| &input.schema);
            let call = call::resolve(spec, Role::Filter, schema, loader, context);
            (Work::Filter(call?), schema?.clone())
        }
        WorkSpec::Map { call, keep } => {
            let keep = keep.as_deref();
            let (call, output, schema) = extend(call, Role::Map, keep, input, loader, context)?;
            (Work::Map { call, output }, schema)
        }
        WorkSpec::FlatMap { call, keep } => {
            let keep = keep.as_deref();
            let (call, output, schema) = extend(call, Role::FlatMap, keep, input, loader, context)?;
            (Work::FlatMap { call, output }, schema)
        }
        WorkSpec::Process { key, call, keep } => {
            let keep = keep.as_deref();
            let extended = extend(call, Role::Process, keep, input, loader, context);
            let key = columns(key, &input?.schema, context);
            let (call, output, schema) = extended?;
            let key = key?;
            let time = match input?.event_time {
                true => TimeDomain::Event,
                false => TimeDomain::Processing,
            };
            let work = ProcessWork {
                key,
                call,
                output,
                ttl: None,
                time,
            };
            (Work::Process(work), schema)
        }
        WorkSpec::Aggregate { key, window, calls } => {
            return aggregate(key, window, calls, input, loader, context);
        }
    };
    let event_time = input?.event_time;
    let output = Stream { schema, event_time };
    Some(Resolved { work, output })
}

/// Resolves a call whose results are added to the columns of the input.
fn extend(
    spec: &CallSpec,
    role: Role,
    keep: Option<&[Spanned<String>]>,
    input: Option<&Stream>,
    loader: &mut Loader<'_>,
    context: &Context<'_>,
) -> Option<(Call, Vec<OutputColumn>, Schema)> {
    let schema = input.map(|input| &input.schema);
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

fn aggregate(
    key: &[Spanned<String>],
    window: &Spanned<WindowKind>,
    specs: &[AggregateCall],
    input: Option<&Stream>,
    loader: &mut Loader<'_>,
    context: &Context<'_>,
) -> Option<Resolved> {
    let schema = input.map(|input| &input.schema);
    let calls: Vec<Option<Call>> = specs
        .iter()
        .map(|spec| call::resolve(&spec.call, Role::Aggregate, schema, loader, context))
        .collect();
    let input = input?;
    let is_global = window.value == WindowKind::Global;
    if !is_global && !input.event_time {
        let message = "a window needs event time, and the rows of this stage have none";
        let help = "set `event_time = { column = …, unit = … }` on the source".to_owned();
        context.report(Diagnostic::new(window.span, message).help(help));
    }
    let key = columns(key, &input.schema, context);
    let calls: Vec<Call> = calls.into_iter().collect::<Option<_>>()?;
    let key = key?;
    let pairs: Vec<_> = specs.iter().zip(&calls).collect();
    let schema = output::aggregate(&key, window, &pairs, &input.schema, context)?;
    Some(Resolved {
        work: Work::Aggregate(AggregateWork {
            key,
            window: window.value,
            time: TimeDomain::Event,
            lateness: Duration::ZERO,
            emit: Emit::Final,
            calls,
            keep: Vec::new(),
        }),
        output: Stream {
            schema,
            event_time: !is_global,
        },
    })
}
