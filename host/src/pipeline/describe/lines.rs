//! The lines of a description.

use std::fmt;

use crate::batch::Schema;

/// The width of the column of labels.
const LABEL: usize = 12;

/// Begins the description of something that has a name.
pub(super) fn title(formatter: &mut fmt::Formatter<'_>, kind: &str, name: &str) -> fmt::Result {
    writeln!(formatter, "\n{kind} {name}")
}

/// Says one thing.
pub(super) fn line(formatter: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    writeln!(formatter, "  {label:LABEL$}  {text}")
}

/// The label and the text of a line; nothing for a title.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    let (label, text) = line.strip_prefix("  ")?.split_at_checked(LABEL)?;
    Some((label.trim_end(), text.strip_prefix("  ")?))
}

/// Lists columns and their types.
pub(super) fn columns(formatter: &mut fmt::Formatter<'_>, schema: &Schema) -> fmt::Result {
    let names = schema
        .fields()
        .iter()
        .map(|field| field.name.chars().count());
    let width = names.max().unwrap_or(0);
    for (index, field) in schema.fields().iter().enumerate() {
        let label = if index == 0 { "columns" } else { "" };
        let nulls = if field.nullable { "?" } else { "" };
        let text = format!("{:width$}  {}{nulls}", field.name, field.data_type);
        line(formatter, label, &text)?;
    }
    Ok(())
}

/// The names of columns, by their places.
pub(super) fn names(places: &[usize], schema: &Schema) -> String {
    let fields = schema.fields();
    let names: Vec<&str> = places.iter().map(|i| fields[*i].name.as_str()).collect();
    names.join(", ")
}
