//! The folder with the known answers: scripts, inputs and expected rows, read as they are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    adapter::{Expected, Input, Reference},
    expected_row::Row,
    text_table,
};

/// The folder of a case.
#[derive(Clone, Debug)]
pub struct KnownAnswer {
    folder: PathBuf,
}

/// What a case says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct About {
    /// What it covers, in a few words each.
    pub covers: Vec<String>,
}

impl KnownAnswer {
    /// The case in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What the case says of itself; nothing if it says nothing.
    pub fn about(&self) -> anyhow::Result<About> {
        let path = self.folder.join("case.json");
        if !path.exists() {
            return Ok(About::default());
        }
        serde_json::from_str(&read(&path)?)
            .with_context(|| format!("`{}` is not as expected", path.display()))
    }

    /// The steps of the script; `None` if the case has none.
    pub fn steps(&self) -> anyhow::Result<Option<Vec<Value>>> {
        let path = self.folder.join("steps.jsonl");
        path.exists().then(|| json_lines(&path)).transpose()
    }

    /// The rows that a source is fed.
    pub fn input(&self, input: &Input) -> anyhow::Result<Vec<Value>> {
        let rows = json_lines(&self.folder.join(&input.file))?;
        if input.fields.is_empty() {
            return Ok(rows);
        }
        let field = |row: &Value, place: &str| row.pointer(place).cloned().unwrap_or_default();
        let pick = |row: &Value| {
            let fields = input.fields.iter();
            let row: Row = fields
                .map(|(name, place)| (name.clone(), field(row, place)))
                .collect();
            Value::Object(row)
        };
        Ok(rows.iter().map(pick).collect())
    }

    /// The rows of a table of reference data.
    pub fn reference(&self, reference: &Reference) -> anyhow::Result<Vec<Value>> {
        let text = read(&self.folder.join(&reference.file))?;
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        let row = |line: &str| {
            let fields = header.iter().zip(line.split(','));
            let row: Row = fields
                .map(|(name, text)| ((*name).to_owned(), value(text)))
                .collect();
            Value::Object(row)
        };
        Ok(lines.map(row).collect())
    }

    /// The rows that are expected at the end, as the case spells them.
    pub fn expected(&self, expected: &Expected) -> anyhow::Result<Vec<Value>> {
        if let Some(file) = &expected.file {
            let path = self.folder.join(file);
            return text_table::parse(&read(&path)?, &expected.columns)
                .with_context(|| format!("cannot read `{}`", path.display()));
        }
        let rows = json_lines(&self.folder.join("expected.jsonl"))?;
        if expected.changelog {
            final_state(&rows)
        } else {
            Ok(rows)
        }
    }
}

/// The names of the cases in a folder, in order. Folders that begin with `_` are shared by cases.
pub fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read `{}`", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with(['_', '.']) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// What is left when each change has taken its `before` away and added its `after`.
fn final_state(changes: &[Value]) -> anyhow::Result<Vec<Value>> {
    let mut rows: Vec<Value> = Vec::new();
    for change in changes {
        let side = |name| change.get(name).filter(|row| !row.is_null());
        if let Some(before) = side("before") {
            let Some(place) = rows.iter().position(|row| row == before) else {
                bail!("a change takes away what is not there: {change}");
            };
            rows.swap_remove(place);
        }
        rows.extend(side("after").cloned());
    }
    Ok(rows)
}

fn json_lines(path: &Path) -> anyhow::Result<Vec<Value>> {
    let text = read(path)?;
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(place, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("line {} of `{}`", place + 1, path.display()))
        })
        .collect()
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_leave_a_final_state() {
        let changes = [
            json!({"before": null, "after": {"n": 1}, "op": "c"}),
            json!({"before": null, "after": {"n": 5}, "op": "c"}),
            json!({"before": {"n": 1}, "after": {"n": 2}, "op": "u"}),
            json!({"before": {"n": 5}, "after": null, "op": "d"}),
        ];
        assert_eq!(final_state(&changes).expect("changes"), [json!({"n": 2})]);
        assert!(final_state(&changes[2..]).is_err());
    }
}
