//! What a `join` stage does.

use super::{
    columns::columns,
    pairs::{self, Places},
    stage::{Resolved, Scope},
    stream::Stream,
    window::{self, BOUNDS},
};
use crate::{
    batch::{DataType, Field, Schema},
    operator::{JoinBound, JoinColumn, JoinKind, JoinWork, Work},
    pipeline::{
        Diagnostic,
        spec::{Bound, JoinSpec},
    },
    window::WindowKind,
};

/// Resolves a `join` stage.
pub(super) fn resolve(spec: &JoinSpec, scope: &Scope<'_>) -> Option<Resolved> {
    let context = scope.context;
    let (left, right) = (scope.input?, scope.right?);
    for updates in [&left.updates, &right.updates].into_iter().flatten() {
        updates.refuse(&scope.stage.name.value, "join", context);
    }
    check_bound(spec, left, right, scope);
    let right_name = right_name(scope);
    let on = match &spec.on {
        None => Places::default(),
        Some(on) => pairs::places(on, &left.schema, &right.schema, right_name, context)?,
    };
    let candidates = candidates(spec, &on, left, right, right_name);
    let (output, schema) = output(spec, &candidates, scope)?;
    let window = match spec.bound {
        Bound::Within { before, after, .. } => JoinBound::Within { before, after },
        Bound::Window(window) => JoinBound::Window(window.kind),
    };
    Some(Resolved {
        work: Work::Join(JoinWork {
            left_key: on.left,
            right_key: on.right,
            bound: window,
            kind: spec.kind,
            output,
        }),
        output: Stream {
            schema,
            event_time: window != JoinBound::Window(WindowKind::Global),
            updates: None,
        },
    })
}

/// What the right side is called.
fn right_name<'a>(scope: &Scope<'a>) -> &'a str {
    let first = scope.stage.with.names().first();
    first.map_or("", |name| name.value.as_str())
}

/// Reports what a side lacks for its rows to meet others.
fn check_bound(spec: &JoinSpec, left: &Stream, right: &Stream, scope: &Scope<'_>) {
    let name = scope.stage.from.names().first();
    let left_name = name.map_or("", |name| name.value.as_str());
    let right_name = right_name(scope);
    for (stream, name) in [(left, left_name), (right, right_name)] {
        match &spec.bound {
            Bound::Window(window) => {
                window::check(window, stream, &format!("`{name}`"), scope.context);
            }
            Bound::Within { span, .. } if !stream.event_time => {
                let message =
                    format!("`within` is about event time, and the rows of `{name}` have none");
                let help = "set `event_time = { column = …, unit = … }` on the source, or join with \
                            `window = { global = true }`";
                let mistake = Diagnostic::new(*span, message).help(help.to_owned());
                scope.context.report(mistake);
            }
            Bound::Within { .. } => {}
        }
    }
}

/// Whether the join's windows are those of its inputs.
fn is_inherited(spec: &JoinSpec) -> bool {
    matches!(spec.bound, Bound::Window(window) if window.kind == WindowKind::Inherited)
}

/// A column that the output can have.
struct Candidate {
    field: Field,
    /// `None` for a bound of the join's own window.
    column: Option<JoinColumn>,
}

/// The columns of the output, before some are chosen.
fn candidates(
    spec: &JoinSpec,
    on: &Places,
    left: &Stream,
    right: &Stream,
    right_name: &str,
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    if has_own_bounds(spec) {
        candidates.extend(BOUNDS.map(|name| Candidate {
            field: Field::required(name, DataType::Timestamp),
            column: None,
        }));
    }
    candidates.extend(left_columns(spec, on, &left.schema, &right.schema));
    for mut candidate in right_columns(spec, on, &left.schema, &right.schema) {
        let name = &mut candidate.field.name;
        let taken = |name: &str| left.schema.find(name).is_some();
        if taken(name) || has_own_bounds(spec) && BOUNDS.contains(&name.as_str()) {
            *name = format!("{right_name}_{name}");
        }
        candidates.push(candidate);
    }
    candidates
}

/// The columns of the left side. Those that the right side has as well, with the same name, hold the
/// right side's value in rows without a left one.
fn left_columns(spec: &JoinSpec, on: &Places, left: &Schema, right: &Schema) -> Vec<Candidate> {
    let is_optional = matches!(spec.kind, JoinKind::Right | JoinKind::Full);
    let column = |(place, field): (usize, &Field)| {
        let (column, other) = match on.left.iter().position(|key| *key == place) {
            Some(at) if is_shared(on, at, left, right) => {
                (JoinColumn::Key(at), right.fields().get(on.right[at]))
            }
            _ if is_inherited_bound(spec, field) => {
                let other = right.find(&field.name);
                (JoinColumn::Left(place), other.map(|(_, other)| other))
            }
            _ => (JoinColumn::Left(place), None),
        };
        let may_be_null = is_optional && other.is_none_or(|other| other.nullable);
        Candidate {
            field: Field {
                nullable: field.nullable || may_be_null,
                ..field.clone()
            },
            column: Some(column),
        }
    };
    left.fields().iter().enumerate().map(column).collect()
}

/// The columns of the right side, without those that are among the left ones already.
fn right_columns(spec: &JoinSpec, on: &Places, left: &Schema, right: &Schema) -> Vec<Candidate> {
    let is_optional = matches!(spec.kind, JoinKind::Left | JoinKind::Full);
    let is_there = |place: usize, field: &Field| {
        let at = on.right.iter().position(|key| *key == place);
        at.is_some_and(|at| is_shared(on, at, left, right)) || is_inherited_bound(spec, field)
    };
    let fields = right.fields().iter().enumerate();
    let fields = fields.filter(|(place, field)| !is_there(*place, field));
    let column = |(place, field): (usize, &Field)| Candidate {
        field: Field {
            nullable: field.nullable || is_optional,
            ..field.clone()
        },
        column: Some(JoinColumn::Right(place)),
    };
    fields.map(column).collect()
}

/// Whether a column of the key has the same name on both sides.
fn is_shared(on: &Places, at: usize, left: &Schema, right: &Schema) -> bool {
    left.fields()[on.left[at]].name == right.fields()[on.right[at]].name
}

/// Whether a column is a bound of the windows of the inputs.
fn is_inherited_bound(spec: &JoinSpec, field: &Field) -> bool {
    is_inherited(spec) && BOUNDS.contains(&field.name.as_str())
}

/// Whether the output begins with the bounds of the join's own window.
fn has_own_bounds(spec: &JoinSpec) -> bool {
    match spec.bound {
        Bound::Within { .. } => false,
        Bound::Window(window) => window.kind.has_bounds() && !is_inherited(spec),
    }
}

/// The columns that stay: where they come from, after the bounds, and what they are.
fn output(
    spec: &JoinSpec,
    candidates: &[Candidate],
    scope: &Scope<'_>,
) -> Option<(Vec<JoinColumn>, Schema)> {
    let fields = candidates.iter().map(|candidate| candidate.field.clone());
    let schema = match Schema::new(fields.collect()) {
        Ok(schema) => schema,
        Err(name) => {
            report_double(spec, &name, scope);
            return None;
        }
    };
    let Some(keep) = &spec.keep else {
        let output = candidates.iter().filter_map(|it| it.column);
        return Some((output.collect(), schema));
    };
    let places = columns(&keep.value, &schema, scope.context)?;
    let bounds = candidates.iter().filter(|it| it.column.is_none()).count();
    // The bounds come first, whatever is kept.
    let kept = places.into_iter().filter(|place| *place >= bounds);
    let places: Vec<usize> = (0..bounds).chain(kept).collect();
    let output = places.iter().filter_map(|place| candidates[*place].column);
    let output = output.collect();
    let fields = places.iter().map(|place| schema.fields()[*place].clone());
    let schema = Schema::new(fields.collect()).ok()?;
    Some((output, schema))
}

fn report_double(spec: &JoinSpec, name: &str, scope: &Scope<'_>) {
    let own = BOUNDS.contains(&name) && has_own_bounds(spec);
    let (span, message, help) = if let (Bound::Window(window), true) = (&spec.bound, own) {
        (
            window.span,
            format!("a column of the left side cannot be called `{name}`: the window's bounds are"),
            "join with `window = { inherited = true }` if both sides have windows, or leave the column \
             out in a `map` stage",
        )
    } else {
        let with = scope.stage.with.names().first();
        (
            with.map_or(scope.stage.name.span, |name| name.span),
            format!("two columns of the output would be called `{name}`"),
            "a column of the right side whose name is taken gets that of its stage in front; leave one \
             out, or give it another name, in a `map` stage",
        )
    };
    let mistake = Diagnostic::new(span, message).help(help.to_owned());
    scope.context.report(mistake);
}
