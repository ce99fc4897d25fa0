//! How rows are found in what a source or a table reads.

use crate::{
    batch::{DataType, Field},
    connector::{EventTimeUnit, Format},
    pipeline::{
        diagnostic::Spanned,
        reader::{Keys, Table, Value, all},
    },
};

/// How rows are found in bytes.
#[derive(Debug)]
pub(in crate::pipeline) struct Rows {
    pub(in crate::pipeline) format: Spanned<Format>,
    pub(in crate::pipeline) columns: Option<Spanned<Vec<Spanned<Field>>>>,
    pub(in crate::pipeline) event_time: Option<EventTimeSpec>,
}

/// What stands under `event_time`.
#[derive(Debug)]
pub(in crate::pipeline) struct EventTimeSpec {
    pub(in crate::pipeline) span: crate::pipeline::Span,
    pub(in crate::pipeline) column: Spanned<String>,
    pub(in crate::pipeline) unit: Option<EventTimeUnit>,
}

impl Rows {
    /// Reads the keys of what decodes bytes in one of `formats`; `help` says which there are.
    pub(super) fn read(table: &Table<'_>, formats: &[(&str, Format)], help: &str) -> Option<Self> {
        let format = table
            .require("format", help)
            .and_then(|value| value.word("format", formats, &["arrow", "avro"]));
        Self::in_format(table, format)
    }

    /// Reads the keys of what takes the rows of a script, which are JSON.
    pub(super) fn of_script(table: &Table<'_>) -> Option<Self> {
        let format = Spanned {
            value: Format::Json,
            span: table.span,
        };
        Self::in_format(table, Some(format))
    }

    fn in_format(table: &Table<'_>, format: Option<Spanned<Format>>) -> Option<Self> {
        let columns = table.get("columns").map(|value| columns(&value));
        let event_time = table
            .get("event_time")
            .map(|value| EventTimeSpec::read(&value));
        // An absent key is fine, a broken one is not.
        Some(Self {
            format: format?,
            columns: columns.map_or(Some(None), |columns| columns.map(Some))?,
            event_time: event_time.map_or(Some(None), |time| time.map(Some))?,
        })
    }
}

fn columns(value: &Value<'_>) -> Option<Spanned<Vec<Spanned<Field>>>> {
    let what = "a table such as `{ sensor = \"utf8\", temperature = \"float64\" }`";
    let table = value.table(what, "`columns`".to_owned())?;
    let types = DataType::ALL.map(|kind| (kind.name(), kind));
    let columns = all(table.entries().into_iter().map(|(name, value)| {
        let data_type = value.word("type", &types, &[])?.value;
        if name.value.is_empty() {
            value
                .context
                .error(name.span, "a column cannot have an empty name");
            return None;
        }
        Some(Spanned {
            value: Field::nullable(name.value, data_type),
            span: name.span,
        })
    }))?;
    if columns.is_empty() {
        value
            .context
            .error(value.span, "there must be at least one column");
        return None;
    }
    Some(Spanned {
        value: columns,
        span: value.span,
    })
}

impl EventTimeSpec {
    fn read(value: &Value<'_>) -> Option<Self> {
        let what = "a table such as `{ column = \"ts\", unit = \"ms\" }`";
        let table = value.table(what, "`event_time`".to_owned())?;
        table.check(Keys {
            known: &["column", "unit"],
            ..Keys::default()
        });
        let column = table
            .require("column", "the name of the column that holds the event time")
            .and_then(|value| value.name("the name of a column"));
        let unit = table.get("unit").map(|value| unit(&value));
        Some(Self {
            span: value.span,
            column: column?,
            unit: unit.map_or(Some(None), |unit| unit.map(Some))?,
        })
    }
}

fn unit(value: &Value<'_>) -> Option<EventTimeUnit> {
    let what = "a unit (`s`, `ms`, `us`, `ns`, `rfc3339` or a pattern such as `%Y-%m-%d %H:%M:%S`)";
    let text = value.name(what)?.value;
    Some(match text.as_str() {
        "s" => EventTimeUnit::Seconds,
        "ms" => EventTimeUnit::Millis,
        "us" => EventTimeUnit::Micros,
        "ns" => EventTimeUnit::Nanos,
        "rfc3339" => EventTimeUnit::Rfc3339,
        pattern if pattern.contains('%') => EventTimeUnit::Pattern(pattern.to_owned()),
        _ => {
            let message = format!("expected {what}, found `{text}`");
            value.context.error(value.span, message);
            return None;
        }
    })
}
