//! Tables in plain text, as SQL test suites print them: columns between blanks, of kinds that are told
//! beforehand.

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::expected_row::Row;

/// A column of a table.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
pub struct Column {
    name: String,
    kind: Kind,
}

/// What the text of a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A number, or `NULL`.
    Number,
    /// A text without blanks, or `NULL`.
    Word,
    /// A date and a time of day, with a blank between.
    Time,
    /// A text with blanks, of which several count as one. At most one column of a table: it has what the
    /// others leave.
    Text,
}

/// `NAME` for a number, `NAME:KIND` for others.
impl TryFrom<String> for Column {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (name, kind) = text.split_once(':').unwrap_or((&text, "number"));
        let kind = match kind {
            "number" => Kind::Number,
            "word" => Kind::Word,
            "time" => Kind::Time,
            "text" => Kind::Text,
            other => return Err(format!("`{other}` is not number, word, time or text")),
        };
        Ok(Self {
            name: name.to_owned(),
            kind,
        })
    }
}

/// The rows of a table, one a line.
pub fn parse(text: &str, columns: &[Column]) -> anyhow::Result<Vec<Value>> {
    let texts = columns.iter().filter(|column| column.kind == Kind::Text);
    ensure!(texts.count() <= 1, "two columns of a table are `text`");
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| parse_row(line, columns).with_context(|| format!("in the row `{line}`")))
        .collect()
}

fn parse_row(line: &str, columns: &[Column]) -> anyhow::Result<Value> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let fixed: usize = columns.iter().map(|column| column.kind.words()).sum();
    let spare = words.len().checked_sub(fixed);
    let spare = spare.context("there are fewer words than columns")?;
    let mut words = words.as_slice();
    let mut row = Row::new();
    for column in columns {
        let count = match column.kind {
            Kind::Text => spare,
            kind => kind.words(),
        };
        let (own, rest) = words.split_at_checked(count).context("a word is missing")?;
        words = rest;
        row.insert(column.name.clone(), column.kind.value(&own.join(" "))?);
    }
    if !words.is_empty() {
        bail!("there are more words than columns");
    }
    Ok(Value::Object(row))
}

impl Kind {
    /// How many words a value has; a text has what is left.
    const fn words(self) -> usize {
        match self {
            Self::Number | Self::Word => 1,
            Self::Time => 2,
            Self::Text => 0,
        }
    }

    fn value(self, text: &str) -> anyhow::Result<Value> {
        match (self, text) {
            (Self::Number | Self::Word, "NULL") => Ok(Value::Null),
            (Self::Number, text) => {
                serde_json::from_str(text).with_context(|| format!("`{text}` is not a number"))
            }
            (_, text) => Ok(Value::from(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns(names: &[&str]) -> Vec<Column> {
        let column = |name: &&str| Column::try_from((*name).to_owned()).expect("a column");
        names.iter().map(column).collect()
    }

    #[test]
    fn a_text_has_the_words_that_the_others_leave() {
        let columns = columns(&["id", "name:text", "at:time", "price"]);
        let text = "7  a  b c 2015-07-15 00:00:00.5 2.50\n8 d 2015-07-15 00:00:01 NULL\n";
        let expected = [
            json!({"id": 7, "name": "a b c", "at": "2015-07-15 00:00:00.5", "price": 2.5}),
            json!({"id": 8, "name": "d", "at": "2015-07-15 00:00:01", "price": null}),
        ];
        assert_eq!(parse(text, &columns).expect("a table"), expected);
    }

    #[test]
    fn words_are_texts_even_if_they_are_numbers() {
        let rows = parse("1\t2", &columns(&["a", "b:word"])).expect("a table");
        assert_eq!(rows, [json!({"a": 1, "b": "2"})]);
    }

    #[test]
    fn rows_of_other_columns_are_refused() {
        let names = columns(&["a", "b"]);
        assert!(parse("1", &names).is_err());
        assert!(parse("1 2 3", &names).is_err());
        assert!(parse("1 x", &names).is_err());
        assert!(parse("1 2", &columns(&["a:text", "b:text"])).is_err());
    }

    #[test]
    fn kinds_are_known_by_name() {
        assert!(Column::try_from("a:date".to_owned()).is_err());
    }
}
