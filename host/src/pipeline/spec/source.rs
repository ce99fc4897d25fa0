//! `[source.NAME]`.

use crate::{
    batch::{DataType, Field},
    connector::{EventTimeUnit, Format, GeneratorConfig},
    operator::OnError,
    pipeline::{
        diagnostic::Spanned,
        reader::{Keys, Table, Text, Value, all},
        spec::{generator::generator, stage::on_error},
    },
    time::Duration,
};

/// Rows a batch holds at most, unless a source says otherwise.
pub(super) const BATCH_ROWS: usize = 8192;

/// What stands under `[source.NAME]`.
#[derive(Debug)]
pub(in crate::pipeline) struct SourceSpec {
    pub(in crate::pipeline) name: Spanned<String>,
    /// `None` if something of it is broken.
    pub(in crate::pipeline) input: Option<Input>,
    pub(in crate::pipeline) watermark: Option<Watermark>,
    pub(in crate::pipeline) max_drift: Option<Spanned<Duration>>,
    pub(in crate::pipeline) batch_rows: usize,
    pub(in crate::pipeline) on_error: OnError,
}

/// What stands under `watermark`.
#[derive(Debug)]
pub(in crate::pipeline) struct Watermark {
    pub(in crate::pipeline) span: crate::pipeline::Span,
    pub(in crate::pipeline) delay: Duration,
    pub(in crate::pipeline) max_ahead: Option<Spanned<Duration>>,
}

/// Where rows come from.
#[derive(Debug)]
pub(in crate::pipeline) enum Input {
    File { path: Spanned<Text>, rows: Rows },
    Stdin { rows: Rows },
    Socket { address: Text, rows: Rows },
    Generator(GeneratorConfig),
}

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

#[derive(Clone, Copy)]
enum Connector {
    File,
    Stdin,
    Socket,
    Generator,
}

/// The keys of every source.
const COMMON: [&str; 4] = ["connector", "on_error", "watermark", "batch_rows"];

/// The keys of sources that decode bytes.
const DECODING: [&str; 3] = ["format", "columns", "event_time"];

const FILE: [&str; 2] = ["path", "max_drift"];
const SOCKET: [&str; 1] = ["address"];
const GENERATOR: [&str; 8] = [
    "seed",
    "rows",
    "rate",
    "sensors",
    "start",
    "step",
    "disorder",
    "max_disorder",
];

/// Keys of a later version.
const LATER: [&str; 1] = ["follow"];

impl Connector {
    const ALL: [Self; 4] = [Self::File, Self::Stdin, Self::Socket, Self::Generator];

    const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Stdin => "stdin",
            Self::Socket => "socket",
            Self::Generator => "generator",
        }
    }

    /// The keys that go with the connector beside those of every source.
    fn keys(self) -> Vec<&'static str> {
        match self {
            Self::File => [&DECODING[..], &FILE].concat(),
            Self::Stdin => DECODING.to_vec(),
            Self::Socket => [&DECODING[..], &SOCKET].concat(),
            Self::Generator => GENERATOR.to_vec(),
        }
    }
}

impl SourceSpec {
    pub(super) fn read(name: Spanned<String>, table: &Table<'_>) -> Self {
        let help = "`connector = \"file\"`, or `stdin`, `socket`, `generator`";
        let connector = table
            .require("connector", help)
            .and_then(|value| {
                let words = Connector::ALL.map(|connector| (connector.word(), connector));
                value.word("connector", &words, &["test"])
            })
            .map(|connector| connector.value);
        check_keys(table, connector);
        Self {
            name,
            input: connector.and_then(|connector| Input::read(table, connector)),
            watermark: table
                .get("watermark")
                .and_then(|value| Watermark::read(&value)),
            max_drift: table.get("max_drift").and_then(|value| value.duration()),
            batch_rows: table
                .get("batch_rows")
                .and_then(|value| value.integer(1..=1 << 20))
                .and_then(|rows| usize::try_from(rows).ok())
                .unwrap_or(BATCH_ROWS),
            on_error: on_error(table),
        }
    }
}

fn check_keys(table: &Table<'_>, connector: Option<Connector>) {
    let every = [&COMMON[..], &DECODING, &FILE, &SOCKET, &GENERATOR].concat();
    let Some(connector) = connector else {
        return table.check(Keys {
            known: &every,
            elsewhere: &[],
            later: &LATER,
        });
    };
    let name = format!("a `{}` source", connector.word());
    table.clone().named(name, table.span).check(Keys {
        known: &[&COMMON[..], &connector.keys()].concat(),
        elsewhere: &every,
        later: &LATER,
    });
}

impl Watermark {
    fn read(value: &Value<'_>) -> Option<Self> {
        let what = "a table such as `{ delay = \"1m\" }`";
        let table = value.table(what, "`watermark`".to_owned())?;
        table.check(Keys {
            known: &["delay", "max_ahead"],
            elsewhere: &[],
            later: &["idle_timeout"],
        });
        let delay = table.get("delay").and_then(|value| value.duration());
        Some(Self {
            span: value.span,
            delay: delay.map_or(Duration::ZERO, |delay| delay.value),
            max_ahead: table.get("max_ahead").and_then(|value| value.duration()),
        })
    }
}

impl Input {
    fn read(table: &Table<'_>, connector: Connector) -> Option<Self> {
        match connector {
            Connector::File => {
                let path = table
                    .require("path", "the path of a file, a glob or a directory")
                    .and_then(|value| value.text("a path"));
                let rows = Rows::read(table);
                Some(Self::File {
                    path: path?,
                    rows: rows?,
                })
            }
            Connector::Stdin => Rows::read(table).map(|rows| Self::Stdin { rows }),
            Connector::Socket => {
                let address = table
                    .require("address", "`address = \"HOST:PORT\"`")
                    .and_then(|value| address(&value));
                let rows = Rows::read(table);
                Some(Self::Socket {
                    address: address?,
                    rows: rows?,
                })
            }
            Connector::Generator => generator(table).map(Self::Generator),
        }
    }
}

fn address(value: &Value<'_>) -> Option<Text> {
    let what = "an address such as `localhost:9000`";
    let text = value.text(what)?.value;
    let fits = text.value().rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    if !fits {
        let message = format!("expected {what}, found `{text}`");
        value.context.error(value.span, message);
    }
    fits.then_some(text)
}

impl Rows {
    fn read(table: &Table<'_>) -> Option<Self> {
        let format = table
            .require(
                "format",
                "`format = \"json\"`, or `csv`, `parquet`, `lines`",
            )
            .and_then(|value| value.word("format", &FORMATS, &["arrow", "avro"]));
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

/// The formats of sources.
const FORMATS: [(&str, Format); 4] = [
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("parquet", Format::Parquet),
    ("lines", Format::Lines),
];

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
            .error(value.span, "a source needs at least one column");
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
