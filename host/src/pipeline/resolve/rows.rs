//! Files and columns of what decodes bytes: sources and tables.

use std::path::{Path, PathBuf};

use crate::{
    batch::{DataType, Field},
    connector::Format,
    pipeline::{
        Diagnostic,
        diagnostic::Spanned,
        reader::{Context, Text},
        spec::Rows,
    },
};

/// The name of a format.
pub(super) fn name(format: Format) -> &'static str {
    match format {
        Format::Json => "json",
        Format::Csv => "csv",
        Format::Parquet => "parquet",
        Format::Lines => "lines",
    }
}

/// The files that a path stands for.
pub(super) fn paths(path: &Spanned<Text>, context: &Context<'_>) -> Option<Vec<PathBuf>> {
    let written = path.value.written();
    let pattern = context.path(path.value.value());
    match (context.environment.resolve_paths)(&pattern) {
        Ok(paths) if !paths.is_empty() => return Some(paths),
        Ok(_) => context.report(
            Diagnostic::new(path.span, format!("there are no files `{written}`"))
                .help("paths are relative to this file".to_owned()),
        ),
        Err(error) => {
            let text = context.redact(&format!("{error:#}"));
            context.error(path.span, format!("cannot read `{written}`: {text}"));
        }
    }
    None
}

/// Whose rows they are.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) kind: &'static str,
    pub(super) name: &'a Spanned<String>,
    /// The first of its files, if it reads files and they are there.
    pub(super) file: Option<&'a Path>,
    pub(super) reads_files: bool,
}

/// The columns of the input.
pub(super) fn fields(owner: Owner<'_>, rows: &Rows, context: &Context<'_>) -> Option<Vec<Field>> {
    let Owner { kind, name, .. } = owner;
    let format = rows.format.value;
    match (&rows.columns, format) {
        (_, Format::Parquet) if !owner.reads_files => {
            let message = "only a `file` source can be `parquet`";
            context.error(rows.format.span, message);
            None
        }
        (Some(columns), Format::Lines) => {
            let message = "a source of `lines` has one column, `line`, and no `columns`";
            context.error(columns.span, message);
            None
        }
        (None, Format::Lines) => Some(vec![Field::required("line", DataType::Utf8)]),
        (Some(columns), _) => {
            let fields = columns.value.iter().map(|column| column.value.clone());
            Some(fields.collect())
        }
        (None, Format::Parquet) => match (context.environment.parquet_schema)(owner.file?) {
            Ok(schema) => Some(schema.fields().to_vec()),
            Err(error) => {
                let text = context.redact(&error);
                let message = format!("cannot read the columns of this {kind}: {text}");
                context.error(rows.format.span, message);
                None
            }
        },
        (None, Format::Json | Format::Csv) => {
            let message = format!("{kind} `{}` has no `columns`", name.value);
            let help =
                "add them, as in `columns = { sensor = \"utf8\", temperature = \"float64\" }`";
            context.report(Diagnostic::new(name.span, message).help(help.to_owned()));
            None
        }
    }
}
