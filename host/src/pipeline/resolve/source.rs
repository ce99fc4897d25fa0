//! A source, with its files found and its columns known.

use std::path::PathBuf;

use super::{
    columns::column,
    rows::{Owner, fields, name, paths},
};
use crate::{
    batch::{DataType, Field, Schema},
    connector::{Decoding, EventTime, EventTimeUnit, Format, GeneratorConfig, SourceConfig},
    pipeline::{
        Diagnostic, SourcePlan,
        reader::Context,
        spec::{EventTimeSpec, Input, Rows, SourceSpec, Spec},
    },
    time::Duration,
};

/// How far a partition may run ahead of the slowest, beyond the delay of the watermark.
const MAX_DRIFT: Duration = Duration::from_secs(60);

/// Reports sources that would take each other's lines from standard input.
pub(super) fn check_stdin(spec: &Spec, context: &Context<'_>) {
    let is_stdin = |source: &&SourceSpec| matches!(source.input, Some(Input::Stdin { .. }));
    let mut readers = spec.sources.iter().filter(is_stdin);
    let Some(first) = readers.next() else {
        return;
    };
    if let Some(restart) = &spec.restart {
        let message = "a job that reads standard input cannot be started again";
        let help = "remove `[restart]`: what was read of it, perhaps up to the middle of a row, is gone \
                    for the next attempt; let whoever feeds the job start both again";
        let mistake = Diagnostic::new(restart.place, message).help(help.to_owned());
        context.report(mistake.and(first.name.span, "this source reads it"));
    }
    for other in readers {
        let message = "only one source can read standard input";
        let mistake = Diagnostic::new(other.name.span, message);
        context.report(mistake.and(first.name.span, "this one does"));
    }
}

/// Resolves a source.
pub(super) fn resolve(spec: &SourceSpec, context: &Context<'_>) -> Option<SourcePlan> {
    let input = spec.input.as_ref()?;
    let (config, summary, schema, event_time) = match input {
        Input::File { path, rows } => {
            let paths = paths(path, context);
            let decoding = decoding(spec, rows, paths.as_deref(), context);
            let (paths, decoding) = (paths?, decoding?);
            let count = match paths.len() {
                1 => String::new(),
                count => format!(" ({count} files)"),
            };
            let summary = format!("file {}{count}, {}", path.value, name(rows.format.value));
            decoded(decoding, summary, |decoding| SourceConfig::File {
                paths,
                base: context.path(""),
                decoding,
            })
        }
        Input::Stdin { rows } => {
            let decoding = decoding(spec, rows, None, context)?;
            let summary = format!("stdin, {}", name(rows.format.value));
            decoded(decoding, summary, |decoding| SourceConfig::Stdin {
                decoding,
            })
        }
        Input::Socket { address, rows } => {
            let decoding = decoding(spec, rows, None, context)?;
            let summary = format!("socket {address}, {}", name(rows.format.value));
            decoded(decoding, summary, |decoding| SourceConfig::Socket {
                address: address.value().to_owned(),
                decoding,
            })
        }
        Input::Test { rows } => {
            let decoding = decoding(spec, rows, None, context)?;
            decoded(decoding, "test".to_owned(), |decoding| SourceConfig::Test {
                decoding,
            })
        }
        Input::Generator(config) => generator(spec, config, context),
    };
    check_watermark(spec, event_time, context);
    let delay = spec
        .watermark
        .as_ref()
        .map_or(Duration::ZERO, |watermark| watermark.delay);
    let drift = spec.max_drift.as_ref().map(|drift| drift.value);
    let path = match input {
        Input::File { path, .. } => Some(path.value.to_string()),
        Input::Stdin { .. } | Input::Socket { .. } | Input::Test { .. } | Input::Generator(_) => {
            None
        }
    };
    Some(SourcePlan {
        name: spec.name.value.clone(),
        summary,
        path,
        config,
        schema,
        event_time,
        delay,
        idle_timeout: spec.watermark.as_ref().and_then(|mark| mark.idle_timeout),
        max_latency: spec.max_latency,
        max_drift: drift.unwrap_or(delay.saturating_add(MAX_DRIFT)),
        on_error: spec.on_error,
    })
}

/// What is known of a source: how it is read, in words, its columns, whether it has event time.
type Parts = (SourceConfig, String, Schema, bool);

fn decoded(
    decoding: Decoding,
    summary: String,
    config: impl FnOnce(Decoding) -> SourceConfig,
) -> Parts {
    let schema = decoding.schema.clone();
    let event_time = decoding.event_time.is_some();
    (config(decoding), summary, schema, event_time)
}

fn generator(spec: &SourceSpec, config: &GeneratorConfig, context: &Context<'_>) -> Parts {
    let ahead = spec
        .watermark
        .as_ref()
        .and_then(|mark| mark.max_ahead.as_ref());
    if let Some(max_ahead) = ahead {
        context.error(
            max_ahead.span,
            "a `generator` source cannot have `max_ahead`",
        );
    }
    let schema = context.environment.generator_schema.clone();
    let is_time = |field: &Field| field.data_type == DataType::Timestamp;
    let event_time = schema.fields().iter().any(is_time);
    let config = GeneratorConfig {
        batch_rows: spec.batch_rows,
        ..config.clone()
    };
    let rows = match config.rows {
        None => "without end".to_owned(),
        Some(rows) => format!("{rows} rows"),
    };
    let summary = format!("generator, {rows}, seed {}", config.seed);
    (SourceConfig::Generator(config), summary, schema, event_time)
}

/// Reports keys that are about event time where there is none.
fn check_watermark(spec: &SourceSpec, event_time: bool, context: &Context<'_>) {
    if event_time {
        return;
    }
    let watermark = spec.watermark.as_ref().map(|mark| ("watermark", mark.span));
    let drift = spec
        .max_drift
        .as_ref()
        .map(|drift| ("max_drift", drift.span));
    for (key, span) in watermark.into_iter().chain(drift) {
        let message = format!("`{key}` is about event time, and this source has none");
        let help = "set `event_time = { column = …, unit = … }`".to_owned();
        context.report(Diagnostic::new(span, message).help(help));
    }
}

fn decoding(
    spec: &SourceSpec,
    rows: &Rows,
    paths: Option<&[PathBuf]>,
    context: &Context<'_>,
) -> Option<Decoding> {
    let owner = Owner {
        kind: "source",
        name: &spec.name,
        file: paths.and_then(|paths| paths.first()).map(PathBuf::as_path),
        reads_files: matches!(spec.input, Some(Input::File { .. })),
    };
    let fields = fields(owner, rows, context)?;
    let (fields, event_time) = match &rows.event_time {
        None => (fields, None),
        Some(time) => {
            let (fields, time) = event_time(time, rows.format.value, fields, context)?;
            (fields, Some(time))
        }
    };
    let max_ahead = spec
        .watermark
        .as_ref()
        .and_then(|mark| mark.max_ahead.as_ref());
    Some(Decoding {
        format: rows.format.value,
        // A table of columns has no name twice.
        schema: Schema::new(fields).ok()?,
        event_time,
        max_ahead: max_ahead.map(|ahead| ahead.value),
        batch_rows: spec.batch_rows,
    })
}

/// The event time's column, which from then on is never null.
fn event_time(
    spec: &EventTimeSpec,
    format: Format,
    mut fields: Vec<Field>,
    context: &Context<'_>,
) -> Option<(Vec<Field>, EventTime)> {
    let schema = Schema::new(fields.clone()).ok()?;
    let place = column(&spec.column, &schema, context)?;
    let field = &mut fields[place];
    if field.data_type != DataType::Timestamp {
        let message = format!(
            "the event time must be a timestamp, and column `{}` is {}",
            field.name, field.data_type
        );
        let help = "declare it as \"timestamp\"; `unit` says how it is spelled in the input";
        context.report(Diagnostic::new(spec.column.span, message).help(help.to_owned()));
        return None;
    }
    field.nullable = false;
    let unit = match (&spec.unit, format) {
        (Some(unit), _) => unit.clone(),
        // There it is a timestamp already.
        (None, Format::Parquet) => EventTimeUnit::Micros,
        (None, _) => {
            let message = "`event_time` has no `unit`";
            let help = "add how it is spelled in the input: `s`, `ms`, `us`, `ns`, `rfc3339` or a \
                        pattern such as `%Y-%m-%d %H:%M:%S`";
            context.report(Diagnostic::new(spec.span, message).help(help.to_owned()));
            return None;
        }
    };
    let column = place;
    Some((fields, EventTime { column, unit }))
}
