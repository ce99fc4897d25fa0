//! `[sink.NAME]` and `[dead_letters]`.

use std::ops::RangeInclusive;

use super::From;
use crate::{
    connector::{Format, Roll, SinkConfig},
    pipeline::{
        Span,
        diagnostic::Spanned,
        reader::{Keys, Table, Value},
    },
};

/// How large a file may become before another is begun.
const ROLL_BYTES: RangeInclusive<u64> = 1..=1 << 60;

/// What stands under `[sink.NAME]`.
#[derive(Debug)]
pub(in crate::pipeline) struct SinkSpec {
    pub(in crate::pipeline) name: Spanned<String>,
    pub(in crate::pipeline) from: From,
    /// `None` if something of it is broken.
    pub(in crate::pipeline) output: Option<Output>,
}

/// Where rows go.
#[derive(Debug)]
pub(in crate::pipeline) struct Output {
    pub(in crate::pipeline) config: SinkConfig,
    /// In the words of the file.
    pub(in crate::pipeline) summary: String,
    /// The place of its path, if it has one.
    pub(in crate::pipeline) path: Option<Span>,
}

#[derive(Clone, Copy)]
enum Connector {
    Stdout,
    File,
    Blackhole,
    Test,
}

impl Connector {
    const ALL: [Self; 4] = [Self::Stdout, Self::File, Self::Blackhole, Self::Test];

    const fn word(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::File => "file",
            Self::Blackhole => "blackhole",
            Self::Test => "test",
        }
    }

    /// The keys that go with the connector.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Stdout => &["connector", "format"],
            Self::File => &["connector", "path", "format", "roll"],
            Self::Blackhole | Self::Test => &["connector"],
        }
    }
}

/// The formats that are text, and the one that needs a file.
const FORMATS: [(&str, Format); 3] = [
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("parquet", Format::Parquet),
];

impl SinkSpec {
    pub(super) fn read(name: Spanned<String>, table: &Table<'_>) -> Self {
        Self {
            name,
            from: From::read(table.get("from")),
            output: Output::read(table, &["from"]),
        }
    }
}

impl Output {
    /// Reads `[dead_letters]`.
    pub(super) fn read_dead_letters(table: &Table<'_>) -> Option<Self> {
        Self::read(table, &[])
    }

    /// Reads a connector's keys; `others` may stand beside them.
    fn read(table: &Table<'_>, others: &[&str]) -> Option<Self> {
        let help = "`connector = \"stdout\"`, or `file`, `blackhole`, `test`";
        let connector = table
            .require("connector", help)
            .and_then(|value| {
                let words = Connector::ALL.map(|connector| (connector.word(), connector));
                value.word("connector", &words, &[])
            })
            .map(|connector| connector.value);
        check_keys(table, connector, others);
        match connector? {
            Connector::Stdout => {
                let (word, format) = format(table, &FORMATS[..2])?;
                Some(Self {
                    config: SinkConfig::Stdout { format },
                    summary: format!("stdout, {word}"),
                    path: None,
                })
            }
            Connector::File => {
                let path = table
                    .require("path", "the path of a directory")
                    .and_then(|value| value.text("a path"));
                let format = format(table, &FORMATS);
                let roll = table.get("roll").map(|value| Rolling::read(&value));
                let (path, (word, format)) = (path?, format?);
                let roll = match roll {
                    Some(roll) => roll?,
                    None => Rolling::default(),
                };
                Some(Self {
                    config: SinkConfig::File {
                        path: table.context.path(path.value.value()),
                        format,
                        roll: roll.config,
                    },
                    summary: format!("file {}, {word}{}", path.value, roll.summary),
                    path: Some(path.span),
                })
            }
            Connector::Blackhole => Some(Self::plain(SinkConfig::Blackhole, "blackhole")),
            Connector::Test => Some(Self::plain(SinkConfig::Test, "test")),
        }
    }

    /// What has no keys of its own.
    fn plain(config: SinkConfig, summary: &str) -> Self {
        Self {
            config,
            summary: summary.to_owned(),
            path: None,
        }
    }
}

/// What stands under `roll`.
#[derive(Default)]
struct Rolling {
    config: Roll,
    /// In the words of the file.
    summary: String,
}

impl Rolling {
    fn read(value: &Value<'_>) -> Option<Self> {
        let what = "a table such as `{ size = \"64MiB\" }`";
        let table = value.table(what, "`roll`".to_owned())?;
        table.check(Keys {
            known: &["size", "every"],
            ..Keys::default()
        });
        let size = table
            .get("size")
            .map(|value| value.size("size", ROLL_BYTES));
        let every = table.get("every").map(|value| value.positive_duration());
        let mut limits = Vec::new();
        let mut config = Roll::default();
        if let Some(size) = size {
            let size = size?.value;
            config.size = Some(size.0);
            limits.push(size.to_string());
        }
        if let Some(every) = every {
            let every = every?.value;
            config.every = Some(every);
            limits.push(every.to_string());
        }
        if limits.is_empty() {
            let message = "`roll` has neither `size` nor `every`".to_owned();
            value.context.error(value.span, message);
            return None;
        }
        let summary = format!(", another file after {}", limits.join(" or "));
        Some(Self { config, summary })
    }
}

fn check_keys(table: &Table<'_>, connector: Option<Connector>, others: &[&str]) {
    let all = [Connector::File.keys(), others].concat();
    let Some(connector) = connector else {
        return table.check(Keys {
            known: &all,
            ..Keys::default()
        });
    };
    let name = match others {
        [] => table.name.clone(),
        _ => format!("a `{}` sink", connector.word()),
    };
    table.clone().named(name, table.span).check(Keys {
        known: &[connector.keys(), others].concat(),
        elsewhere: &["from", "path", "format", "roll"],
        later: &[],
    });
}

/// The format and its name; JSON if there is none.
fn format(table: &Table<'_>, formats: &[(&'static str, Format)]) -> Option<(&'static str, Format)> {
    let Some(value) = table.get("format") else {
        return Some(("json", Format::Json));
    };
    let words: Vec<_> = formats.iter().map(|pair| (pair.0, *pair)).collect();
    value
        .word("format", &words, &["arrow", "avro"])
        .map(|format| format.value)
}
