//! What an `aggregate` stage does.

use super::{
    call,
    columns::columns,
    loader::Loader,
    output,
    role::Role,
    stage::{Resolved, Scope, time_of},
    stream::Stream,
    upsert::Updates,
    window,
};
use crate::{
    operator::{AggregateWork, Call, TimeDomain, Work},
    pipeline::{
        Diagnostic,
        spec::{AggregateSpec, WindowSpec},
    },
    window::WindowKind,
};

/// Resolves an `aggregate` stage.
pub(super) fn resolve(
    spec: &AggregateSpec,
    scope: &Scope<'_>,
    loader: &mut Loader<'_>,
) -> Option<Resolved> {
    let context = scope.context;
    let schema = scope.input.map(|input| &input.schema);
    let calls: Vec<Option<Call>> = spec
        .calls
        .iter()
        .map(|spec| call::resolve(&spec.call, Role::Aggregate, schema, loader, context))
        .collect();
    let input = scope.input?;
    if let Some(updates) = &input.updates {
        updates.refuse(&scope.stage.name.value, "count", context);
    }
    window::check(&spec.window, input, "this stage", context);
    let time = time(&spec.window, input);
    check_late(&spec.window, time, scope);
    let key = columns(&spec.key, &input.schema, context);
    let calls: Vec<Call> = calls.into_iter().collect::<Option<_>>()?;
    let key = key?;
    let (keep, schema) = output::aggregate(spec, &key, &calls, &input.schema, context)?;
    let updates = updates(spec, scope, key.len());
    Some(Resolved {
        work: Work::Aggregate(AggregateWork {
            key,
            window: spec.window.kind,
            time,
            lateness: spec.emission.lateness,
            emit: spec.emission.emit,
            calls,
            keep,
        }),
        output: Stream {
            schema,
            event_time: has_event_time(spec.window.kind, input),
            updates,
        },
    })
}

/// Whose time windows go by. Windows of rows go by their event time if they have one: it says in
/// which order the rows of a rolling window stand, and what the time of the result is.
fn time(window: &WindowSpec, input: &Stream) -> TimeDomain {
    match window.kind {
        WindowKind::Count(_) => time_of(input),
        WindowKind::RollingRows { .. } if window.time == TimeDomain::Event => time_of(input),
        _ => window.time,
    }
}

/// Whether what comes out has event times: those of the windows, or of the rows.
const fn has_event_time(window: WindowKind, input: &Stream) -> bool {
    match window {
        WindowKind::Global => false,
        WindowKind::Count(_) | WindowKind::RollingRows { .. } | WindowKind::Rolling { .. } => {
            input.event_time
        }
        _ => true,
    }
}

/// Reports `late` where the rows have no event time; what can be told without the input has been.
fn check_late(window: &WindowSpec, time: TimeDomain, scope: &Scope<'_>) {
    let is_known = window.time == TimeDomain::Processing;
    if let (WindowKind::RollingRows { .. }, TimeDomain::Processing, false, Some(late)) =
        (window.kind, time, is_known, &scope.stage.late)
    {
        let message = "no row is late without event time, so there is nothing to write";
        let mistake = Diagnostic::new(late.span, message);
        scope
            .context
            .report(mistake.help("remove `late`".to_owned()));
    }
}

/// How the rows that come out replace each other: by the key and the bounds of the window, which are
/// the first columns.
fn updates(spec: &AggregateSpec, scope: &Scope<'_>, key: usize) -> Option<Updates> {
    let bounds = if spec.window.kind.has_bounds() { 2 } else { 0 };
    Updates::of_stage(scope.stage, &spec.emission, (0..key + bounds).collect())
}
