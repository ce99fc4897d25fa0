//! A table as text, as wide as the terminal allows.

/// What stands in a table.
#[derive(Default)]
pub(super) struct Cells {
    /// The names of its columns.
    pub(super) names: Vec<String>,
    /// As many cells a row as there are names.
    pub(super) rows: Vec<Vec<String>>,
}

impl Cells {
    /// The table: in columns, or with a line for each cell if they would be wider than `width`.
    pub(super) fn shown(&self, width: Option<usize>) -> String {
        let lines: Vec<&Vec<String>> = std::iter::once(&self.names).chain(&self.rows).collect();
        let widest = |place: usize| {
            let cells = lines.iter().filter_map(|line| line.get(place));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.names.len()).map(widest).collect();
        let needed: usize = widths.iter().map(|width| width + 2).sum();
        if width.is_some_and(|width| needed > width) {
            return self.listed();
        }
        let mut text = String::new();
        for line in lines {
            let cells = line.iter().zip(&widths);
            let cells = cells.map(|(cell, width)| format!("{cell:<width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            text.push_str(&format!("  {}\n", line.trim_end()));
        }
        text
    }

    /// A line for each cell.
    fn listed(&self) -> String {
        let names = self.names.iter().map(|name| name.chars().count());
        let width = names.max().unwrap_or(0);
        let rows = self.rows.iter().map(|row| -> String {
            let cells = self.names.iter().zip(row);
            cells
                .map(|(name, cell)| format!("  {name:<width$}  {cell}\n"))
                .collect()
        });
        rows.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_too_wide_has_a_line_for_each_cell() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let cells = Cells {
            names: words(&["sensor", "n"]),
            rows: vec![words(&["north", "1"]), words(&["a very long name", "20"])],
        };
        let wide = "  sensor            n\n  north             1\n  a very long name  20\n";
        for width in [None, Some(22)] {
            assert_eq!(cells.shown(width), wide);
        }
        let narrow = "  sensor  north\n  n       1\n\n  sensor  a very long name\n  n       20\n";
        assert_eq!(cells.shown(Some(21)), narrow);
    }
}
