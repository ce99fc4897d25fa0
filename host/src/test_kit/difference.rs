//! Rows that are expected and rows that have come, side by side where they differ.

use super::{
    expected::{ExpectedRow, Unit},
    matching::Matching,
    row::Row,
};

/// How many differences are shown; who has more of them looks at the first.
const MOST_SHOWN: usize = 20;

/// The rows that are not as expected, in columns under each other. An expected row is put next to the
/// row that is most like it, with marks under what differs.
pub(super) fn difference(
    expected: &[ExpectedRow],
    rows: &[Row],
    matching: &Matching,
    unit: Unit,
) -> String {
    let mut table = Table::new(expected, rows);
    let missing = matching.missing();
    let mut unexpected = matching.unexpected.clone();
    let count = missing.len().max(unexpected.len());
    for place in missing.into_iter().take(MOST_SHOWN) {
        let expected = &expected[place];
        let Some(near) = take_nearest(expected, rows, &mut unexpected, unit) else {
            table.expected("missing", expected, rows.first(), unit);
            continue;
        };
        table.expected("expected", expected, Some(near), unit);
        table.found("found", near);
        table.marks(expected, near, unit);
    }
    for &row in unexpected.iter().take(MOST_SHOWN) {
        table.found("unexpected", &rows[row]);
    }
    let mut text = table.render();
    if count > MOST_SHOWN {
        text.push_str(&format!("  … and {} more\n", count - MOST_SHOWN));
    }
    text
}

/// Takes the row that is most like `expected` out of `unexpected`, if one is like it at all.
fn take_nearest<'a>(
    expected: &ExpectedRow,
    rows: &'a [Row],
    unexpected: &mut Vec<usize>,
    unit: Unit,
) -> Option<&'a Row> {
    let likeness = |place: &usize| expected.likeness(&rows[unexpected[*place]], unit);
    // Of rows that are equally like it, the first.
    let nearest = (0..unexpected.len()).rev().max_by_key(likeness)?;
    let alone = unexpected.len() == 1 && expected.columns().count() == 1;
    (likeness(&nearest) > 0 || alone).then(|| &rows[unexpected.remove(nearest)])
}

/// Cells in columns of equal width.
struct Table {
    columns: Vec<String>,
    /// What each line is, and its cells.
    lines: Vec<(&'static str, Vec<String>)>,
}

impl Table {
    /// A table with the columns that are compared, or all of them if nothing is expected, and with the
    /// sink if there are several.
    fn new(expected: &[ExpectedRow], rows: &[Row]) -> Self {
        let is_compared = |name: &str| {
            expected.is_empty()
                || expected
                    .iter()
                    .any(|row| row.columns().any(|other| other == name))
        };
        let mut columns: Vec<String> = Vec::new();
        let sinks = rows.windows(2).any(|pair| pair[0].sink != pair[1].sink);
        if sinks {
            columns.push(SINK.to_owned());
        }
        let there = rows.iter().flat_map(Row::columns);
        let named = expected.iter().flat_map(ExpectedRow::columns);
        for name in there.filter(|name| is_compared(name)).chain(named) {
            if !columns.iter().any(|other| other == name) {
                columns.push(name.to_owned());
            }
        }
        Self {
            columns,
            lines: Vec::new(),
        }
    }

    fn expected(
        &mut self,
        what: &'static str,
        row: &ExpectedRow,
        beside: Option<&Row>,
        unit: Unit,
    ) {
        let columns = self.columns.iter();
        let cells = columns.map(|name| row.show(name, beside, unit).unwrap_or_default());
        self.lines.push((what, cells.collect()));
    }

    fn found(&mut self, what: &'static str, row: &Row) {
        let cells = self.columns.iter().map(|name| match row.get(name) {
            Some(value) => value.to_string(),
            None if name == SINK => row.sink.to_string(),
            None => "(none)".to_owned(),
        });
        self.lines.push((what, cells.collect()));
    }

    fn marks(&mut self, expected: &ExpectedRow, row: &Row, unit: Unit) {
        let cells = self.columns.iter().map(|name| {
            let shown = expected.show(name, Some(row), unit).unwrap_or_default();
            let found = row.get(name).map(ToString::to_string).unwrap_or_default();
            let width = shown.chars().count().max(found.chars().count()).max(1);
            match expected.differs(row, name, unit) {
                true => "^".repeat(width),
                false => String::new(),
            }
        });
        let cells = cells.collect();
        self.lines.push(("", cells));
    }

    fn render(&self) -> String {
        let width = |text: &str| text.chars().count();
        let first = self.lines.iter().map(|(what, _)| width(what)).max();
        let first = first.unwrap_or_default();
        let widths: Vec<usize> = (self.columns.iter().enumerate())
            .map(|(place, name)| {
                let cells = self.lines.iter().map(|(_, cells)| width(&cells[place]));
                cells.chain([width(name)]).max().unwrap_or_default()
            })
            .collect();
        let line = |what: &str, cells: &[String]| {
            let mut line = format!("  {what:first$}");
            for (cell, width) in cells.iter().zip(&widths) {
                line.push_str(&format!("  {cell:width$}"));
            }
            format!("{}\n", line.trim_end())
        };
        let mut text = line("", &self.columns);
        for (what, cells) in &self.lines {
            text.push_str(&line(what, cells));
        }
        text
    }
}

/// The heading of the column that tells sinks apart.
const SINK: &str = "(sink)";
