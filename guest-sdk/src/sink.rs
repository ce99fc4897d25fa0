//! Where the rows go of functions that make any number of them.

use std::fmt::Display;

use crate::builder::{Builder, finished, place};
use crate::row::Row;
use crate::types::Column;

/// The result rows of a call, and where each comes from.
pub struct Sink<T: Row> {
    builder: T::Builder,
    parents: Vec<u32>,
    parent: u32,
}

impl<T: Row> Sink<T> {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self {
            builder: T::Builder::with_capacity(rows),
            parents: Vec::with_capacity(rows),
            parent: 0,
        }
    }

    /// Says which row the next results are of.
    #[inline]
    pub(crate) fn start(&mut self, row: usize) {
        self.parent = place(row);
    }

    /// Takes the results of a function that cannot fail.
    #[inline]
    pub fn accept(&mut self, rows: impl IntoIterator<Item = T>) -> Result<(), String> {
        for row in rows {
            row.append(&mut self.builder);
            self.parents.push(self.parent);
        }
        Ok(())
    }

    /// Takes the results of a function that can fail.
    #[inline]
    pub fn accept_result<I: IntoIterator<Item = T>, E: Display>(
        &mut self,
        rows: Result<I, E>,
    ) -> Result<(), String> {
        self.accept(rows.map_err(|error| error.to_string())?)
    }

    /// The columns, and the parent of each row.
    pub(crate) fn finish(self) -> (Vec<Column>, Vec<u32>) {
        (finished(self.builder), self.parents)
    }
}
