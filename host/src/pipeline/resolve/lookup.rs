//! What a `lookup` stage does.

use super::{
    columns::columns,
    pairs,
    stage::{Resolved, Scope},
    stream::Stream,
};
use crate::{
    batch::{Field, Schema},
    operator::{LookupWork, Miss, OutputColumn, Work},
    pipeline::{Diagnostic, TablePlan, spec::LookupSpec},
};

/// Resolves a `lookup` stage.
pub(super) fn resolve(spec: &LookupSpec, scope: &Scope<'_>) -> Option<Resolved> {
    let context = scope.context;
    let (input, (place, table)) = (scope.input?, scope.table?);
    let (left, right) = (&input.schema, &table.schema);
    let key = pairs::places(&spec.on, left, right, &table.name, context)?;
    let columns: Vec<usize> = (0..right.fields().len())
        .filter(|column| !key.right.contains(column))
        .collect();
    let (output, schema) = output(spec, &columns, table, scope)?;
    let stays = |column: usize| {
        let is_it = |output: &OutputColumn| *output == OutputColumn::Input(column);
        output.iter().position(is_it)
    };
    let span = spec.keep.as_ref().map_or(spec.span, |keep| keep.span);
    let updates = match &input.updates {
        None => None,
        Some(updates) => Some(updates.moved(stays, left, span, context)?),
    };
    Some(Resolved {
        work: Work::Lookup(LookupWork {
            table: place,
            input_key: key.left,
            table_key: key.right,
            columns,
            miss: spec.miss,
            output,
        }),
        output: Stream {
            schema,
            event_time: input.event_time,
            updates,
        },
    })
}

/// The columns that go out: those of the input, and those of the table, of which `added` are the
/// places.
fn output(
    spec: &LookupSpec,
    added: &[usize],
    table: &TablePlan,
    scope: &Scope<'_>,
) -> Option<(Vec<OutputColumn>, Schema)> {
    let input = &scope.input?.schema;
    let mut fields = input.fields().to_vec();
    let mut output: Vec<_> = (0..fields.len()).map(OutputColumn::Input).collect();
    for (index, column) in added.iter().enumerate() {
        let field = &table.schema.fields()[*column];
        let name = match input.find(&field.name) {
            None => field.name.clone(),
            Some(_) => format!("{}_{}", table.name, field.name),
        };
        fields.push(Field {
            name,
            nullable: field.nullable || spec.miss == Miss::Null,
            ..*field
        });
        output.push(OutputColumn::Result(index));
    }
    let schema = match Schema::new(fields) {
        Ok(schema) => schema,
        Err(name) => {
            let message = format!("two columns of the output would be called `{name}`");
            let help = "a column of a table whose name is taken gets that of the table in front; give \
                        one of them another name";
            let mistake = Diagnostic::new(spec.span, message).help(help.to_owned());
            scope.context.report(mistake);
            return None;
        }
    };
    let Some(keep) = &spec.keep else {
        return Some((output, schema));
    };
    let places = columns(&keep.value, &schema, scope.context)?;
    let output = places.iter().map(|place| output[*place]).collect();
    let fields = places.iter().map(|place| schema.fields()[*place].clone());
    Some((output, Schema::new(fields.collect()).ok()?))
}
