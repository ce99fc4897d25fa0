//! Tables of reference data, with their files found and their columns known, and who looks into them.

use super::{
    names::{Member, Names},
    rows::{Owner, fields, name, paths},
};
use crate::{
    batch::Schema,
    connector::{Decoding, TableConfig},
    pipeline::{
        Diagnostic, TablePlan,
        diagnostic::Spanned,
        reader::Context,
        spec::{From, Rows, Spec, TableInput, TableSpec},
        suggestion::did_you_mean,
    },
};

/// Rows a batch holds at most while a table is read.
const BATCH_ROWS: usize = 8192;

/// Who looks into which table.
pub(super) struct Lookups {
    /// For each stage of the spec a table of it.
    pub(super) of_stage: Vec<Option<usize>>,
}

impl Lookups {
    /// Finds the tables that stages name, and reports names that are wrong, and tables that nobody
    /// looks into.
    pub(super) fn new(spec: &Spec, names: &Names<'_>, context: &Context<'_>) -> Self {
        let mut lookups = Self {
            of_stage: Vec::new(),
        };
        let mut lost = false;
        for stage in &spec.stages {
            let given = stage.table.names().first();
            let found = given.and_then(|given| find(given, names, context));
            lost |= found.is_none() && !matches!(stage.table, From::Absent);
            lookups.of_stage.push(found);
        }
        for (index, table) in spec.tables.iter().enumerate() {
            if !lost && !lookups.of_stage.contains(&Some(index)) {
                let name = &table.name.value;
                let message = format!("nothing reads table `{name}`");
                let help = format!(
                    "look into it with `lookup = {{ table = \"{name}\", … }}`, or remove it"
                );
                context.report(Diagnostic::new(table.name.span, message).help(help));
            }
        }
        lookups
    }
}

/// The table that `lookup` names.
fn find(table: &Spanned<String>, names: &Names<'_>, context: &Context<'_>) -> Option<usize> {
    let name = table.value.as_str();
    let mistake = match names.find(name) {
        Some(Member::Table(index)) => return Some(index),
        Some(member) => {
            let message = format!(
                "`{name}` is a {}; rows are looked up in a table",
                member.kind()
            );
            let help = "put rows of two streams together with `join`".to_owned();
            Diagnostic::new(table.span, message).help(member.has_rows().then_some(help))
        }
        None => {
            let tables = names.list(|member| matches!(member, Member::Table(_)));
            let help = did_you_mean(name, "there are", tables);
            let help = help.unwrap_or_else(|| format!("add it as `[table.{name}]`"));
            Diagnostic::new(table.span, format!("there is no table `{name}`")).help(help)
        }
    };
    context.report(mistake);
    None
}

/// Resolves a table.
pub(super) fn resolve(spec: &TableSpec, context: &Context<'_>) -> Option<TablePlan> {
    let (summary, config) = match spec.input.as_ref()? {
        TableInput::File {
            path,
            rows,
            refresh,
        } => {
            let paths = paths(path, context);
            let owner = Owner {
                kind: "table",
                name: &spec.name,
                file: paths
                    .as_ref()
                    .and_then(|paths| paths.first())
                    .map(|path| path.as_path()),
                reads_files: true,
            };
            let decoding = decoding(owner, rows, context);
            let (count, decoding) = (paths?.len(), decoding?);
            let count = match count {
                1 => String::new(),
                count => format!(" ({count} files)"),
            };
            let summary = format!("file {}{count}, {}", path.value, name(rows.format.value));
            let config = TableConfig::File {
                path: context.path(path.value.value()),
                decoding,
                refresh: *refresh,
            };
            (summary, config)
        }
        TableInput::Test { rows } => {
            let owner = Owner {
                kind: "table",
                name: &spec.name,
                file: None,
                reads_files: false,
            };
            let decoding = decoding(owner, rows, context)?;
            ("test".to_owned(), TableConfig::Test { decoding })
        }
    };
    let (TableConfig::File { decoding, .. } | TableConfig::Test { decoding }) = &config;
    Some(TablePlan {
        name: spec.name.value.clone(),
        summary,
        schema: decoding.schema.clone(),
        config,
    })
}

fn decoding(owner: Owner<'_>, rows: &Rows, context: &Context<'_>) -> Option<Decoding> {
    Some(Decoding {
        format: rows.format.value,
        // A table of columns has no name twice.
        schema: Schema::new(fields(owner, rows, context)?).ok()?,
        event_time: None,
        max_ahead: None,
        batch_rows: BATCH_ROWS,
    })
}
