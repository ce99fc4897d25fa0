//! The checks that stand between what a guest gives back and the rest of the host: nothing is
//! trusted before it has passed here.

mod column;
mod rows;

use std::fmt;

use arrow::array::ArrayRef;

pub(super) use self::rows::{Excuses, errors, parents, row_limit};
use super::{catalog::Function, lift};
use crate::batch::Field;

/// What breaks the contract: function, column, what was expected, what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) String);

/// The columns that are expected of a function.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    function: &'a Function,
    part: Part,
    rows: usize,
}

#[derive(Clone, Copy)]
enum Part {
    Results,
    State,
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Results => "result",
            Self::State => "state",
        })
    }
}

impl<'a> Expected<'a> {
    /// `rows` rows of the function's results.
    pub(super) const fn results(function: &'a Function, rows: usize) -> Self {
        Self {
            function,
            part: Part::Results,
            rows,
        }
    }

    /// `rows` rows of the function's state.
    pub(super) const fn state(function: &'a Function, rows: usize) -> Self {
        Self {
            function,
            part: Part::State,
            rows,
        }
    }

    /// Checks a batch and makes Arrow columns of it.
    pub(super) fn batch(self, batch: lift::Batch) -> Result<Vec<ArrayRef>, Malformed> {
        if batch.rows as usize != self.rows {
            return Err(malformed(
                self.function,
                format_args!(
                    "expected {} {} rows, found {}",
                    self.rows, self.part, batch.rows
                ),
            ));
        }
        self.columns(batch.columns, &Excuses::NONE)
    }

    /// Checks columns and makes Arrow columns of them. A null in a column that may not hold any is
    /// forgiven in a row that has an excuse.
    pub(super) fn columns(
        self,
        columns: Vec<lift::Column>,
        excuses: &Excuses<'_>,
    ) -> Result<Vec<ArrayRef>, Malformed> {
        let fields = self.fields();
        if columns.len() != fields.len() {
            return Err(malformed(
                self.function,
                format_args!(
                    "expected {} {} columns, found {}",
                    fields.len(),
                    self.part,
                    columns.len()
                ),
            ));
        }
        fields
            .iter()
            .zip(columns)
            .map(|(field, column)| {
                column::array(field, column, self.rows, excuses).map_err(|problem| {
                    malformed(
                        self.function,
                        format_args!("{} `{}`: {problem}", self.part, field.name),
                    )
                })
            })
            .collect()
    }

    fn fields(&self) -> &'a [Field] {
        match self.part {
            Part::Results => &self.function.results,
            Part::State => &self.function.state,
        }
    }
}

fn malformed(function: &Function, problem: fmt::Arguments<'_>) -> Malformed {
    Malformed(format!("function `{}`: {problem}", function.name))
}
