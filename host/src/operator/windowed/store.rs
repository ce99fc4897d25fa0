//! What windows have come to, by their number.

use std::ops::Range;

use arrow::{array::ArrayRef, buffer::ScalarBuffer, error::ArrowError};

use super::values::ValueStore;
use crate::{
    operator::{
        calls::Calls,
        finish::{Finishable, Gathered},
    },
    state::{Columns, StateTable},
    wasm::Kind,
};

/// What the functions of a stage keep of the rows of windows. A window is a number; one that has seen
/// no row, or was released, has blank accumulators.
pub(super) struct Store {
    pub(super) parts: Vec<Part>,
    /// Whether a window has blank accumulators.
    is_blank: Vec<bool>,
    /// The version of the functions whose blank accumulators they are.
    generation: u64,
}

/// What one function keeps.
pub(super) enum Part {
    /// One accumulator a window.
    Accumulators(StateTable),
    /// The arguments of every row.
    Values(ValueStore),
}

impl Store {
    pub(super) fn new(calls: &Calls) -> Self {
        let part = |call: &crate::operator::Call| match call.function.kind {
            Kind::Holistic => Part::Values(ValueStore::new(&call.function.parameters)),
            _ => Part::Accumulators(StateTable::new(&call.function.state)),
        };
        Self {
            parts: calls.all().iter().map(part).collect(),
            is_blank: Vec::new(),
            generation: calls.generation(),
        }
    }

    /// What the functions keep of `windows`.
    pub(super) const fn of<'a>(&'a self, windows: &'a [u32]) -> Chosen<'a> {
        Chosen {
            store: self,
            windows,
        }
    }

    /// Makes room for windows below `bound`.
    pub(super) fn grow(&mut self, calls: &Calls, bound: usize) {
        self.refresh(calls);
        if self.is_blank.len() < bound {
            self.is_blank.resize(bound, true);
        }
        for (call, part) in self.parts.iter_mut().enumerate() {
            if let Part::Accumulators(table) = part {
                let missing = bound.saturating_sub(table.rows());
                table.append_copies(missing, calls.blank(call));
            }
        }
    }

    /// Puts `columns` in the place of the accumulators that `windows` have of a call.
    pub(super) fn put(&mut self, call: usize, windows: &[u32], columns: &[ArrayRef]) {
        if let Part::Accumulators(table) = &mut self.parts[call] {
            table.scatter(windows, columns, 0);
            for &window in windows {
                self.is_blank[window as usize] = false;
            }
        }
    }

    /// Has windows that have seen no row begin with what the present version of the functions begins with.
    fn refresh(&mut self, calls: &Calls) {
        if std::mem::replace(&mut self.generation, calls.generation()) == calls.generation() {
            return;
        }
        let windows = (0_u32..).zip(&self.is_blank);
        let blank: Vec<u32> = windows
            .filter_map(|(window, is_blank)| is_blank.then_some(window))
            .collect();
        self.make_blank(calls, &blank);
    }

    fn make_blank(&mut self, calls: &Calls, windows: &[u32]) {
        for (call, part) in self.parts.iter_mut().enumerate() {
            if let Part::Accumulators(table) = part {
                table.scatter_copies(windows, calls.blank(call));
            }
        }
    }

    /// Keeps rows for the holistic functions. `parts` of windows become part of others first.
    pub(super) fn keep_values(
        &mut self,
        parts: &[(u32, u32)],
        windows: &[u32],
        times: Option<&ScalarBuffer<i64>>,
        arguments: &[Columns],
        bound: usize,
    ) {
        for (part, arguments) in self.parts.iter_mut().zip(arguments) {
            if let Part::Values(values) = part {
                parts
                    .iter()
                    .for_each(|&(into, from)| values.join(into, from));
                values.append(windows, times, arguments, bound);
            }
        }
    }

    /// Whether a function keeps rows.
    pub(super) fn keeps_values(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| matches!(part, Part::Values(_)))
    }

    /// Forgets what windows have come to, so that their numbers can be used again.
    pub(super) fn release(&mut self, calls: &Calls, windows: &[u32]) {
        if windows.is_empty() {
            return;
        }
        for part in &mut self.parts {
            if let Part::Values(values) = part {
                values.release(windows);
            }
        }
        for &window in windows {
            self.is_blank[window as usize] = true;
        }
        self.make_blank(calls, windows);
    }

    /// Gives back the memory of windows from `bound` on, which are released.
    pub(super) fn truncate(&mut self, bound: usize) {
        self.is_blank.truncate(bound);
        for part in &mut self.parts {
            match part {
                Part::Values(values) => values.truncate(bound),
                Part::Accumulators(table) => {
                    table.truncate(bound);
                    table.shrink();
                }
            }
        }
    }
}

/// What the functions keep of some windows.
pub(super) struct Chosen<'a> {
    store: &'a Store,
    windows: &'a [u32],
}

impl Finishable for Chosen<'_> {
    fn count(&self) -> usize {
        self.windows.len()
    }

    fn weight(&self, call: usize, rows: Range<usize>) -> usize {
        let windows = &self.windows[rows];
        match &self.store.parts[call] {
            Part::Accumulators(table) => table.weight(windows),
            Part::Values(values) => values.weight(windows),
        }
    }

    fn gather(&self, call: usize, rows: Range<usize>) -> Result<Gathered, ArrowError> {
        let windows = &self.windows[rows];
        Ok(match &self.store.parts[call] {
            Part::Accumulators(table) => Gathered::Accumulators(table.gather(windows)?),
            Part::Values(values) => {
                let (groups, arguments) = values.rows_of(windows)?;
                Gathered::Values(groups, arguments)
            }
        })
    }
}
