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
    let key = key(spec, on, left, right, scope)?;
    let candidates = candidates(spec, &key, left, right, right_name);
    let (bounds, output, schema) = output(spec, candidates, scope)?;
    debug_assert_eq!(bounds + output.len(), schema.fields().len());
    let window = match spec.bound {
        Bound::Within { before, after, .. } => JoinBound::Within { before, after },
        Bound::Window(window) => JoinBound::Window(window.kind),
    };
    Some(Resolved {
        work: Work::Join(JoinWork {
            left_key: key.left,
            right_key: key.right,
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

/// The columns that must be equal: those of `on`, and the bounds of the windows of the inputs.
fn key(
    spec: &JoinSpec,
    mut key: Places,
    left: &Stream,
    right: &Stream,
    scope: &Scope<'_>,
) -> Option<Places> {
    if let Bound::Window(window) = &spec.bound
        && is_inherited(spec)
    {
        let bounds = |stream| window::bounds(window, stream, "this stage", scope.context);
        let pairs = bounds(left)?.into_iter().zip(bounds(right)?);
        for (left, right) in pairs {
            if !key.left.contains(&left) && !key.right.contains(&right) {
                key.left.push(left);
                key.right.push(right);
            }
        }
    }
    Some(key)
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
    key: &Places,
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
    let left_is_optional = matches!(spec.kind, JoinKind::Right | JoinKind::Full);
    let right_is_optional = matches!(spec.kind, JoinKind::Left | JoinKind::Full);
    let (lefts, rights) = (left.schema.fields(), right.schema.fields());
    let shared = |place: &usize| lefts[key.left[*place]].name == rights[key.right[*place]].name;
    let shared: Vec<usize> = (0..key.left.len()).filter(shared).collect();
    for (place, field) in lefts.iter().enumerate() {
        let in_key = shared.iter().find(|at| key.left[**at] == place);
        let (column, nullable) = match in_key {
            // Of rows without a left one, it is the right one's.
            Some(&at) => {
                let other = &rights[key.right[at]];
                (
                    JoinColumn::Key(at),
                    field.nullable || left_is_optional && other.nullable,
                )
            }
            None => (JoinColumn::Left(place), field.nullable || left_is_optional),
        };
        candidates.push(Candidate {
            field: Field {
                nullable,
                ..field.clone()
            },
            column: Some(column),
        });
    }
    let taken: Vec<String> = candidates
        .iter()
        .map(|candidate| candidate.field.name.clone())
        .collect();
    for (place, field) in rights.iter().enumerate() {
        if shared.iter().any(|at| key.right[*at] == place) {
            continue;
        }
        let name = if taken.contains(&field.name) {
            format!("{right_name}_{}", field.name)
        } else {
            field.name.clone()
        };
        candidates.push(Candidate {
            field: Field {
                name,
                nullable: field.nullable || right_is_optional,
                ..*field
            },
            column: Some(JoinColumn::Right(place)),
        });
    }
    candidates
}

/// Whether the output begins with the bounds of the join's own window.
fn has_own_bounds(spec: &JoinSpec) -> bool {
    match spec.bound {
        Bound::Within { .. } => false,
        Bound::Window(window) => window.kind.has_bounds() && !is_inherited(spec),
    }
}

/// The columns that stay: how many bounds, where the others come from, and what they are.
fn output(
    spec: &JoinSpec,
    candidates: Vec<Candidate>,
    scope: &Scope<'_>,
) -> Option<(usize, Vec<JoinColumn>, Schema)> {
    let context = scope.context;
    let fields = candidates.iter().map(|candidate| candidate.field.clone());
    let schema = match Schema::new(fields.collect()) {
        Ok(schema) => schema,
        Err(name) => {
            report_double(spec, &name, scope);
            return None;
        }
    };
    let Some(keep) = &spec.keep else {
        let output: Vec<_> = candidates.iter().filter_map(|it| it.column).collect();
        let bounds = candidates.len() - output.len();
        return Some((bounds, output, schema));
    };
    let places = columns(&keep.value, &schema, context)?;
    let bounds = candidates.iter().filter(|it| it.column.is_none()).count();
    // The bounds come first, whatever is kept.
    let kept = places.into_iter().filter(|place| *place >= bounds);
    let places: Vec<usize> = (0..bounds).chain(kept).collect();
    let output = places.iter().filter_map(|place| candidates[*place].column);
    let output = output.collect();
    let fields = places.iter().map(|place| schema.fields()[*place].clone());
    let schema = Schema::new(fields.collect()).ok()?;
    Some((bounds, output, schema))
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
