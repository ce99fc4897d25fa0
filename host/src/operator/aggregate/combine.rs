//! Puts together what several pieces of event time come to.

use std::{cell::RefCell, sync::Arc};

use super::{
    calls::Calls,
    partial::{CallState, Partial},
};
use crate::{
    operator::{BATCH_ROWS, isolation::isolate, rejects::Patience},
    state::StateTable,
};

/// Merges partials with the functions of a stage.
pub(super) struct Combiner<'a> {
    pub(super) calls: &'a mut Calls,
    /// The numbers of all keys of the stage are below this.
    pub(super) bound: usize,
    pub(super) patience: Patience,
}

impl Combiner<'_> {
    /// What `parts` come to, which follow each other in event time; `None` if there are none. A single
    /// one is not copied.
    pub(super) fn combine(&mut self, parts: Vec<Arc<Partial>>) -> Option<Arc<Partial>> {
        let mut parts = parts.into_iter();
        let first = parts.next()?;
        let mut rest = parts.peekable();
        if rest.peek().is_none() {
            return Some(first);
        }
        let mut whole = Arc::unwrap_or_clone(first);
        for part in rest {
            self.extend(&mut whole, &part);
        }
        whole.drop_index();
        Some(Arc::new(whole))
    }

    /// Adds `part` to `whole`, which comes before it in event time. Keys on which a function fails
    /// are noted in `whole`.
    pub(super) fn extend(&mut self, whole: &mut Partial, part: &Partial) {
        let known = whole.keys.len() as u32;
        let mut pairs = Pairs::default();
        for (row, &key) in (0..).zip(&part.keys) {
            let into = whole.row_or_new(key, self.bound);
            if into < known {
                pairs.from.push(row);
                pairs.into.push(into);
            } else {
                pairs.new.push(row);
            }
        }
        let failed = part.failed.iter();
        let failed = failed.map(|(key, reason)| (*key, reason.clone()));
        whole.failed.extend(failed);
        let Partial {
            calls,
            keys,
            failed,
            ..
        } = whole;
        for (call, (into, from)) in calls.iter_mut().zip(&part.calls).enumerate() {
            match (into, from) {
                (CallState::Accumulators(into), CallState::Accumulators(from)) => {
                    into.append(pairs.new.len(), &from.gather(&pairs.new));
                    for (row, reason) in self.merge(call, into, from, &pairs) {
                        failed.insert(keys[row as usize], reason);
                    }
                }
                (CallState::Values(into), CallState::Values(from)) => {
                    into.chunks.extend_from_slice(&from.chunks);
                }
                _ => unreachable!("the slices of a stage keep the same things"),
            }
        }
    }

    /// Merges the accumulators of keys that both have. Returns the rows of `into` on which the function
    /// fails, and why.
    fn merge(
        &mut self,
        call: usize,
        into: &mut StateTable,
        from: &StateTable,
        pairs: &Pairs,
    ) -> Vec<(u32, String)> {
        let mut failures = Vec::new();
        // The table changes between two attempts, so both closures need it, one at a time.
        let into = RefCell::new(into);
        let chunks = pairs.into.chunks(BATCH_ROWS);
        for (into_rows, from_rows) in chunks.zip(pairs.from.chunks(BATCH_ROWS)) {
            let failed = isolate(
                0..into_rows.len(),
                self.patience,
                &mut |pairs| {
                    let before = into.borrow().gather(&into_rows[pairs.clone()]);
                    let partials = from.gather(&from_rows[pairs.clone()]);
                    self.calls.merge(call, &before, &partials, pairs.len())
                },
                &mut |pairs, merged| {
                    into.borrow_mut().scatter(&into_rows[pairs], &merged, 0);
                },
            );
            let failed = failed.into_iter();
            failures.extend(failed.map(|bad| (into_rows[bad.row], bad.reason)));
        }
        failures
    }
}

/// The rows of two partials that belong to the same keys.
#[derive(Default)]
struct Pairs {
    from: Vec<u32>,
    into: Vec<u32>,
    /// Rows of keys that the first one does not have.
    new: Vec<u32>,
}
