//! What a `top` stage does.

use super::{
    columns::columns,
    stage::{Resolved, Scope},
    stream::Stream,
    upsert::Updates,
    window,
};
use crate::{
    batch::{DataType, Field, Schema},
    operator::{SortColumn, TopWork, Work},
    pipeline::{Diagnostic, spec::TopSpec},
    window::WindowKind,
};

/// The column that a rank stands in.
const RANK: &str = "rank";

/// Resolves a `top` stage.
pub(super) fn resolve(spec: &TopSpec, scope: &Scope<'_>) -> Option<Resolved> {
    let context = scope.context;
    let input = scope.input?;
    window::check(&spec.window, input, "this stage", context);
    check_updates(spec, input, scope);
    let key = columns(&spec.key, &input.schema, context);
    let by = sort(spec, input, scope);
    let schema = with_rank(input, scope);
    let (key, by, schema) = (key?, by?, schema?);

    let mut places = key.clone();
    places.push(input.schema.fields().len());
    if spec.window.kind == WindowKind::Inherited {
        places.extend(window::bounds(&input.schema)?);
    }
    let updates = Updates::of_stage(scope.stage, &spec.emission, places);
    Some(Resolved {
        work: Work::Top(TopWork {
            key,
            window: spec.window.kind,
            n: spec.n,
            by,
            emit: spec.emission.emit,
            replaces: input.upsert_key(),
        }),
        output: Stream {
            schema,
            event_time: input.event_time,
            updates,
        },
    })
}

/// Reports an input of updates where a row cannot find the one that it replaces.
fn check_updates(spec: &TopSpec, input: &Stream, scope: &Scope<'_>) {
    let Some(updates) = &input.updates else {
        return;
    };
    let finds = matches!(spec.window.kind, WindowKind::Global | WindowKind::Inherited);
    if !finds || updates.key.is_none() {
        updates.refuse(&scope.stage.name.value, "rank", scope.context);
    }
}

/// The columns that rows are put in order by.
fn sort(spec: &TopSpec, input: &Stream, scope: &Scope<'_>) -> Option<Vec<SortColumn>> {
    let names: Vec<_> = spec.by.iter().map(|(name, _)| name.clone()).collect();
    let places = columns(&names, &input.schema, scope.context)?;
    let sort = |(column, (_, descending)): (usize, &(_, bool))| SortColumn {
        column,
        descending: *descending,
    };
    Some(places.into_iter().zip(&spec.by).map(sort).collect())
}

/// The columns of the input, and the rank.
fn with_rank(input: &Stream, scope: &Scope<'_>) -> Option<Schema> {
    let mut fields = input.schema.fields().to_vec();
    fields.push(Field::required(RANK, DataType::Int64));
    let Ok(schema) = Schema::new(fields) else {
        let message = format!("the input has a column `{RANK}`, and `top` adds another");
        let help = "leave it out, or give it another name, in a `map` stage".to_owned();
        let mistake = Diagnostic::new(scope.stage.name.span, message).help(help);
        scope.context.report(mistake);
        return None;
    };
    Some(schema)
}
