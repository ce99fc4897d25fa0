//! What another version of a stage does differently to the same rows.

mod alignment;
mod cells;
mod render;
mod stacked;
mod table;

#[cfg(test)]
mod tests;

use crate::batch::{Batch, visible_line};

use alignment::{Edit, by_content, by_place};
use cells::{Cells, Excerpt};

/// How many rows on each side are compared.
const MOST_COMPARED: usize = 10_000;

/// How many rows are kept to be shown; who has more of them looks at the first.
const MOST_SHOWN: usize = 10;

/// What differs between the rows that an old version makes of some input and those that a new one makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How many rows both were given.
    pub rows_in: usize,
    /// How many rows the old version made of them.
    pub rows_old: usize,
    /// How many rows the new version made of them.
    pub rows_new: usize,
    /// How many rows only the new version made.
    pub added: usize,
    /// How many rows only the old version made.
    pub removed: usize,
    /// How many rows have other values.
    pub changed: usize,
    /// How many of the old and new rows were compared, which may be fewer than there are.
    pub compared: (usize, usize),
    /// How many more rows there were that have not been tried, for lack of time.
    pub not_tried: usize,
    /// Whether there was time for what comes at the end of the input, like windows.
    pub is_whole: bool,
    columns: Vec<String>,
    /// The first rows that differ.
    shown: Vec<Change>,
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Changed { old: Cells, new: Cells },
    Removed(Cells),
    Added(Cells),
}

impl Difference {
    /// Compares what was made of `input`: `old` by the old version, `new` by the new one.
    ///
    /// Where both made one row of each row, rows are compared at their places. Otherwise as many rows
    /// as can be are taken to be the same, in order; among those between them, a row that has a value
    /// in common with one of before is taken for it.
    pub fn of(input: &[Batch], old: &[Batch], new: &[Batch]) -> Self {
        let rows_in = input.iter().map(Batch::rows).sum();
        let old = Excerpt::of(old, MOST_COMPARED);
        let new = Excerpt::of(new, MOST_COMPARED);
        let (rows_old, rows_new) = (old.total, new.total);
        let mut columns = old.columns.clone();
        let more = new
            .columns
            .iter()
            .filter(|name| !old.columns.contains(name));
        columns.extend(more.cloned());
        let (old, new) = (old.arranged(&columns), new.arranged(&columns));
        let edits = match rows_old == rows_in && rows_new == rows_in {
            true => by_place(&old, &new),
            false => by_content(&old, &new),
        };
        let mut difference = Self {
            rows_in,
            rows_old,
            rows_new,
            added: 0,
            removed: 0,
            changed: 0,
            compared: (0, 0),
            not_tried: 0,
            is_whole: true,
            columns: columns
                .iter()
                .map(|name| visible_line(name).into_owned())
                .collect(),
            shown: Vec::new(),
        };
        for edit in edits {
            difference.count(edit, &old, &new);
        }
        difference
    }

    fn count(&mut self, edit: Edit, old: &[Cells], new: &[Cells]) {
        let change = match edit {
            Edit::Same(..) => {
                self.compared.0 += 1;
                self.compared.1 += 1;
                return;
            }
            Edit::Changed(one, other) => {
                self.compared.0 += 1;
                self.compared.1 += 1;
                self.changed += 1;
                Change::Changed {
                    old: old[one].clone(),
                    new: new[other].clone(),
                }
            }
            Edit::Removed(one) => {
                self.compared.0 += 1;
                self.removed += 1;
                Change::Removed(old[one].clone())
            }
            Edit::Added(other) => {
                self.compared.1 += 1;
                self.added += 1;
                Change::Added(new[other].clone())
            }
        };
        if self.shown.len() < MOST_SHOWN {
            self.shown.push(change);
        }
    }

    /// Whether both made the same, as far as was compared.
    pub const fn is_none(&self) -> bool {
        self.added + self.removed + self.changed == 0
    }
}
