//! Rows that differ in a table: first the columns that are the same in every row, then the others,
//! before and after.

use unicode_width::UnicodeWidthStr;

use super::{
    Change,
    render::{Paint, clipped, clipped_pair, wrapped},
};

/// How wide a value may be, if there is room, and if there is not.
const WIDEST: [usize; 3] = [32, 24, 16];

/// What parts the values of before from those of after.
const BAR: &str = " │ ";

/// Between two columns.
const SPACE: &str = "  ";

/// What follows a value that has changed, where there are no colours.
const MARK: &str = "*";

/// A text and how it is painted.
type Cell = (String, Paint);

/// A table that fits.
pub(super) struct Table {
    lines: Vec<Line>,
    widths: [Vec<usize>; 3],
    /// The names of columns for which there is no room.
    left_out: Vec<String>,
    width: usize,
}

/// A line: what stands in its margin, and its cells in three parts: the same, before, after.
struct Line {
    sign: &'static str,
    parts: [Vec<Cell>; 3],
}

impl Table {
    /// A table of `rows` that is at most `width` columns wide, if there can be one that shows all values
    /// that have changed and most of the others.
    pub(super) fn of(columns: &[String], rows: &[Change], width: usize) -> Option<Self> {
        let has_changed = |place: &usize| {
            rows.iter().any(|row| match row {
                Change::Changed { old, new } => old[*place] != new[*place],
                Change::Added(_) | Change::Removed(_) => false,
            })
        };
        let (other, same): (Vec<usize>, Vec<usize>) = (0..columns.len()).partition(has_changed);
        for widest in WIDEST {
            let table = Self::with(columns, rows, (&same[..], &other[..]), widest, width);
            if table.is_wide() <= width {
                return Some(table);
            }
        }
        let widest = WIDEST[WIDEST.len() - 1];
        // Rows that are new or gone are told apart by all of their columns.
        let fewest = same.len().div_ceil(2).max(1);
        for kept in (fewest..same.len()).rev() {
            let mut table = Self::with(columns, rows, (&same[..kept], &other[..]), widest, width);
            let left_out = same[kept..].iter();
            table.left_out = left_out.map(|place| columns[*place].clone()).collect();
            if table.is_wide() <= width {
                return Some(table);
            }
        }
        None
    }

    fn with(
        columns: &[String],
        rows: &[Change],
        (same, other): (&[usize], &[usize]),
        widest: usize,
        width: usize,
    ) -> Self {
        let names = |places: &[usize]| -> Vec<Cell> {
            let name = |place: &usize| (clipped(&columns[*place], widest), Paint::Faint);
            places.iter().map(name).collect()
        };
        let mut lines = Vec::new();
        if !other.is_empty() {
            let title = |title: &str| vec![(title.to_owned(), Paint::Faint)];
            let parts = [Vec::new(), title("before"), title("after")];
            lines.push(Line { sign: " ", parts });
        }
        let parts = [names(same), names(other), names(other)];
        lines.push(Line { sign: " ", parts });
        lines.extend(rows.iter().map(|row| line(row, same, other, widest)));
        // A title may reach over all columns of its part.
        let widths = [0, 1, 2].map(|part| {
            let count = if part == 0 { same.len() } else { other.len() };
            let full = lines.iter().filter(|line| line.parts[part].len() == count);
            let mut widths = vec![0; count];
            for line in full {
                for (width, (text, _)) in widths.iter_mut().zip(&line.parts[part]) {
                    *width = text.width().max(*width);
                }
            }
            widths
        });
        Self {
            lines,
            widths,
            left_out: Vec::new(),
            width,
        }
    }

    /// How wide the table is.
    fn is_wide(&self) -> usize {
        let part = |widths: &Vec<usize>| {
            let spaces = widths.len().saturating_sub(1) * SPACE.len();
            widths.iter().sum::<usize>() + spaces
        };
        let bars = if self.widths[1].is_empty() { 0 } else { 2 };
        2 + self.widths.iter().map(part).sum::<usize>() + bars * BAR.width()
    }

    /// The lines.
    pub(super) fn render(&self, colour: bool) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let sign = match line.sign {
                "-" => Paint::Old.on("-", colour),
                "+" => Paint::New.on("+", colour),
                sign => sign.to_owned(),
            };
            let mut parts: Vec<String> = Vec::new();
            for (cells, widths) in line.parts.iter().zip(&self.widths) {
                if !widths.is_empty() || parts.is_empty() {
                    parts.push(part(cells, widths, colour));
                }
            }
            let parts = parts.join(&Paint::Faint.on(BAR, colour));
            text.push_str(format!("{sign} {parts}").trim_end());
            text.push('\n');
        }
        if !self.left_out.is_empty() {
            let names = format!("(not shown: {})", self.left_out.join(", "));
            let words = names.split(' ').map(str::to_owned);
            for line in wrapped(words, " ", self.width.saturating_sub(2)).lines() {
                text.push_str(&format!("  {line}\n"));
            }
        }
        text
    }
}

/// The line of a row.
fn line(row: &Change, same: &[usize], other: &[usize], widest: usize) -> Line {
    let pick = |cells: &[String], places: &[usize], paint| -> Vec<Cell> {
        let cell = |place: &usize| (clipped(&cells[*place], widest), paint);
        places.iter().map(cell).collect()
    };
    let none = || vec![(String::new(), Paint::Plain); other.len()];
    match row {
        Change::Removed(cells) => Line {
            sign: "-",
            parts: [
                pick(cells, same, Paint::Old),
                pick(cells, other, Paint::Old),
                none(),
            ],
        },
        Change::Added(cells) => Line {
            sign: "+",
            parts: [
                pick(cells, same, Paint::New),
                none(),
                pick(cells, other, Paint::New),
            ],
        },
        Change::Changed { old, new } => {
            let pair = |place: &usize| {
                let (old, new) = (&old[*place], &new[*place]);
                if old == new {
                    let cell = (clipped(old, widest), Paint::Plain);
                    return (cell.clone(), cell);
                }
                let (old, new) = clipped_pair(old, new, widest - MARK.len());
                ((old + MARK, Paint::Old), (new + MARK, Paint::New))
            };
            let (before, after) = other.iter().map(pair).unzip();
            Line {
                sign: "~",
                parts: [pick(old, same, Paint::Plain), before, after],
            }
        }
    }
}

/// Cells in columns of these widths. A single cell takes the place of all of them.
fn part(cells: &[Cell], widths: &[usize], colour: bool) -> String {
    let all = widths.iter().sum::<usize>() + widths.len().saturating_sub(1) * SPACE.len();
    let alone = [all];
    let widths = if cells.len() < 2 { &alone[..] } else { widths };
    let empty = (String::new(), Paint::Plain);
    let cells = cells.iter().chain(std::iter::repeat(&empty));
    let cells = widths.iter().zip(cells).map(|(width, (text, paint))| {
        let padding = " ".repeat(width.saturating_sub(text.width()));
        format!("{}{padding}", paint.on(text, colour))
    });
    cells.collect::<Vec<_>>().join(SPACE)
}
