//! `[table.NAME]`: reference data.

use super::Rows;
use crate::{
    connector::Format,
    pipeline::{
        diagnostic::Spanned,
        reader::{Keys, Table, Text},
    },
    time::Duration,
};

/// How long to wait before looking again whether files have changed, unless a table says otherwise.
const REFRESH: Duration = Duration::from_secs(1);

/// What stands under `[table.NAME]`.
#[derive(Debug)]
pub(in crate::pipeline) struct TableSpec {
    pub(in crate::pipeline) name: Spanned<String>,
    /// `None` if something of it is broken.
    pub(in crate::pipeline) input: Option<TableInput>,
}

/// Where the rows of a table come from.
#[derive(Debug)]
pub(in crate::pipeline) enum TableInput {
    File {
        path: Spanned<Text>,
        rows: Rows,
        refresh: Duration,
    },
    Test {
        rows: Rows,
    },
}

#[derive(Clone, Copy)]
enum Connector {
    File,
    Test,
}

const KEYS: [&str; 5] = ["connector", "path", "format", "columns", "refresh"];

/// Keys of a source that mean nothing where rows have no time and a bad row is an error.
const OF_SOURCES: [&str; 5] = [
    "event_time",
    "watermark",
    "max_drift",
    "batch_rows",
    "on_error",
];

/// The formats of tables.
const FORMATS: [(&str, Format); 3] = [
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("parquet", Format::Parquet),
];

const FORMATS_HELP: &str = "`format = \"csv\"`, or `json`, `parquet`";

impl TableSpec {
    pub(super) fn read(name: Spanned<String>, table: &Table<'_>) -> Self {
        let connector = match table.get("connector") {
            None => Some(Connector::File),
            Some(value) => {
                let words = [("file", Connector::File), ("test", Connector::Test)];
                let connector = value.word("connector", &words, &[]);
                connector.map(|connector| connector.value)
            }
        };
        check_keys(table, connector);
        let input = match connector {
            None => None,
            Some(Connector::File) => file(table),
            Some(Connector::Test) => Rows::of_script(table).map(|rows| TableInput::Test { rows }),
        };
        Self { name, input }
    }
}

fn file(table: &Table<'_>) -> Option<TableInput> {
    let path = table
        .require("path", "the path of a file, a glob or a directory")
        .and_then(|value| value.text("a path"));
    let rows = Rows::read(table, &FORMATS, FORMATS_HELP);
    let refresh = match table.get("refresh") {
        None => Some(REFRESH),
        Some(value) => value.positive_duration().map(|refresh| refresh.value),
    };
    Some(TableInput::File {
        path: path?,
        rows: rows?,
        refresh: refresh?,
    })
}

fn check_keys(table: &Table<'_>, connector: Option<Connector>) {
    let (name, known) = match connector {
        None => (table.name.clone(), &KEYS[..]),
        Some(Connector::File) => ("a table".to_owned(), &KEYS[..]),
        Some(Connector::Test) => ("a `test` table".to_owned(), &["connector", "columns"][..]),
    };
    table.clone().named(name, table.span).check(Keys {
        known,
        elsewhere: &[&KEYS[..], &OF_SOURCES].concat(),
        later: &["follow"],
    });
}
