//! What `case.toml` says of a case: how its notation becomes that of our test kit. It says nothing of
//! what is computed; that is the pipeline's part.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use serde::Deserialize;

use crate::{document, text_table::Column};

/// How a case is adapted. A case without a `case.toml` needs none of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adapter {
    /// What we would need for this case and do not have; it is left out then.
    pub missing: Option<String>,
    /// For cases without a script: what each source is fed.
    pub input: BTreeMap<String, Input>,
    /// What each table of reference data holds, from the start.
    pub reference: BTreeMap<String, Reference>,
    /// How expected rows are spelled.
    pub expected: Expected,
}

/// What a source is fed, in the order of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// A file of JSON objects, one a line, seen from the folder of the case.
    pub file: String,
    /// Rows in a batch. With several sources, each is fed a batch in turn.
    #[serde(default = "Input::default_batch_rows")]
    pub batch_rows: usize,
    /// The columns of the row, by where they are in the object (RFC 6901); all fields of the object
    /// by default.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

impl Input {
    const fn default_batch_rows() -> usize {
        16
    }
}

/// What a table of reference data holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// A file of comma-separated values without quotes, seen from the folder of the case.
    pub file: String,
}

/// How expected rows are spelled.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    /// A file of text columns instead of `expected.jsonl`.
    pub file: Option<String>,
    /// What the columns of that file are.
    pub columns: Vec<Column>,
    /// Rows are changes with `before` and `after`; what is left after all of them is expected.
    pub changelog: bool,
    /// The column that names the sink of a row.
    pub sink_column: Option<String>,
    /// A look is at the sinks that its rows name, not at all of them.
    pub mentioned_only: bool,
    /// Columns that become several: `[0, 2]` as `window` becomes `window_start` and `window_end`.
    pub split: BTreeMap<String, Vec<String>>,
    /// Columns that are called otherwise in our pipeline. Several may become one; they must agree.
    pub rename: BTreeMap<String, String>,
    /// Columns that are not compared.
    pub drop: Vec<String>,
    /// Columns that are not compared in rows where they are null.
    pub drop_nulls: Vec<String>,
}

impl Adapter {
    /// Reads the `case.toml` of a folder; the adapter that changes nothing if there is none.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("case.toml");
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        Self::parse(&text).with_context(|| format!("`{}` is not valid", path.display()))
    }

    /// Reads the text of a `case.toml`.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(serde_json::from_value(document::parse(text)?)?)
    }
}
