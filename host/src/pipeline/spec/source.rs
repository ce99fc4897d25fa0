//! `[source.NAME]`.

use super::{Rows, generator::generator, stage::on_error};
use crate::{
    connector::{Format, GeneratorConfig},
    operator::OnError,
    pipeline::{
        Diagnostic,
        diagnostic::Spanned,
        reader::{Keys, Table, Text, Value},
    },
    time::Duration,
};

/// Rows a batch holds at most, unless a source says otherwise.
pub(super) const BATCH_ROWS: usize = 8192;

/// How long a row waits for others, unless a source says otherwise.
const MAX_LATENCY: Duration = Duration::from_millis(100);

/// The longest that a row may be told to wait for others.
const LONGEST_LATENCY: Duration = Duration::from_secs(60);

/// What stands under `[source.NAME]`.
#[derive(Debug)]
pub(in crate::pipeline) struct SourceSpec {
    pub(in crate::pipeline) name: Spanned<String>,
    /// `None` if something of it is broken.
    pub(in crate::pipeline) input: Option<Input>,
    pub(in crate::pipeline) watermark: Option<Watermark>,
    pub(in crate::pipeline) max_drift: Option<Spanned<Duration>>,
    pub(in crate::pipeline) batch_rows: usize,
    /// `None` if rows are there as soon as they are asked for.
    pub(in crate::pipeline) max_latency: Option<Duration>,
    pub(in crate::pipeline) on_error: OnError,
}

/// What stands under `watermark`.
#[derive(Debug)]
pub(in crate::pipeline) struct Watermark {
    pub(in crate::pipeline) span: crate::pipeline::Span,
    pub(in crate::pipeline) delay: Duration,
    pub(in crate::pipeline) idle_timeout: Option<Duration>,
    pub(in crate::pipeline) max_ahead: Option<Spanned<Duration>>,
}

/// Where rows come from.
#[derive(Debug)]
pub(in crate::pipeline) enum Input {
    File { path: Spanned<Text>, rows: Rows },
    Stdin { rows: Rows },
    Socket { address: Text, rows: Rows },
    Generator(GeneratorConfig),
    Test { rows: Rows },
}

#[derive(Clone, Copy)]
enum Connector {
    File,
    Stdin,
    Socket,
    Generator,
    Test,
}

/// The keys of every source.
const COMMON: [&str; 4] = ["connector", "on_error", "watermark", "batch_rows"];

/// The keys of sources that decode bytes.
const DECODING: [&str; 3] = ["format", "columns", "event_time"];

/// The keys of sources whose rows come from a script.
const TEST: [&str; 2] = ["columns", "event_time"];

const FILE: [&str; 2] = ["path", "max_drift"];
const STDIN: [&str; 1] = ["max_latency"];
const SOCKET: [&str; 2] = ["address", "max_latency"];
const GENERATOR: [&str; 9] = [
    "seed",
    "rows",
    "rate",
    "sensors",
    "start",
    "step",
    "disorder",
    "max_disorder",
    "max_latency",
];

/// The formats of sources.
const FORMATS: [(&str, Format); 4] = [
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("parquet", Format::Parquet),
    ("lines", Format::Lines),
];

const FORMATS_HELP: &str = "`format = \"json\"`, or `csv`, `parquet`, `lines`";

/// Keys of a later version.
const LATER: [&str; 1] = ["follow"];

impl Connector {
    const ALL: [Self; 5] = [
        Self::File,
        Self::Stdin,
        Self::Socket,
        Self::Generator,
        Self::Test,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Stdin => "stdin",
            Self::Socket => "socket",
            Self::Generator => "generator",
            Self::Test => "test",
        }
    }

    /// The keys that go with the connector beside those of every source.
    fn keys(self) -> Vec<&'static str> {
        match self {
            Self::File => [&DECODING[..], &FILE].concat(),
            Self::Stdin => [&DECODING[..], &STDIN].concat(),
            Self::Socket => [&DECODING[..], &SOCKET].concat(),
            Self::Generator => GENERATOR.to_vec(),
            Self::Test => TEST.to_vec(),
        }
    }
}

impl SourceSpec {
    pub(super) fn read(name: Spanned<String>, table: &Table<'_>) -> Self {
        let help = "`connector = \"file\"`, or `stdin`, `socket`, `generator`, `test`";
        let connector = table
            .require("connector", help)
            .and_then(|value| {
                let words = Connector::ALL.map(|connector| (connector.word(), connector));
                value.word("connector", &words, &[])
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
            max_latency: connector.and_then(|connector| max_latency(table, connector)),
            on_error: on_error(table),
        }
    }
}

/// How long a row waits for others, if it is one of those that come when they come.
fn max_latency(table: &Table<'_>, connector: Connector) -> Option<Duration> {
    let said = table.get("max_latency");
    match connector {
        Connector::File | Connector::Test => return None,
        Connector::Generator if table.get("rate").is_none() => {
            if let Some(said) = said {
                let message =
                    "`max_latency` is about readings at a `rate`, and this source has none";
                let help =
                    "set `rate`, or remove `max_latency`: readings come as fast as they are taken";
                let mistake = Diagnostic::new(said.span, message);
                said.context.report(mistake.help(help.to_owned()));
            }
            return None;
        }
        Connector::Generator | Connector::Stdin | Connector::Socket => {}
    }
    let said = said.and_then(|said| said.duration_up_to(LONGEST_LATENCY));
    Some(said.map_or(MAX_LATENCY, |said| said.value))
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
            known: &["delay", "idle_timeout", "max_ahead"],
            ..Keys::default()
        });
        let delay = table.get("delay").and_then(|value| value.duration());
        let idle = table
            .get("idle_timeout")
            .and_then(|value| value.positive_duration());
        Some(Self {
            span: value.span,
            delay: delay.map_or(Duration::ZERO, |delay| delay.value),
            idle_timeout: idle.map(|idle| idle.value),
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
                let rows = Rows::read(table, &FORMATS, FORMATS_HELP);
                Some(Self::File {
                    path: path?,
                    rows: rows?,
                })
            }
            Connector::Stdin => {
                Rows::read(table, &FORMATS, FORMATS_HELP).map(|rows| Self::Stdin { rows })
            }
            Connector::Socket => {
                let address = table
                    .require("address", "`address = \"HOST:PORT\"`")
                    .and_then(|value| address(&value));
                let rows = Rows::read(table, &FORMATS, FORMATS_HELP);
                Some(Self::Socket {
                    address: address?,
                    rows: rows?,
                })
            }
            Connector::Generator => generator(table).map(Self::Generator),
            Connector::Test => Rows::of_script(table).map(|rows| Self::Test { rows }),
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
