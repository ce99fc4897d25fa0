//! Puts together what several pieces of event time come to.

use std::{collections::HashMap, ops::Range, sync::Arc};

use anyhow::anyhow;
use arrow::{array::Array, compute, error::ArrowError};

use super::{
    overlap::Overlap,
    partial::{Partial, Settled},
    ranges::Combine,
    union::Union,
    value_log::ValueLog,
};
use crate::{
    operator::{
        calls::Calls,
        failure::{Cause, Failure},
        guest,
        isolation::{isolate_windows, try_once},
        patience::{Pace, Patience},
    },
    state::Columns,
    wasm,
};

/// Merges partials with the functions of a stage. Where two have the same keys, which is most often so,
/// their columns are sent as they are and what comes back is the result.
pub(super) struct Combiner<'a> {
    pub(super) calls: &'a mut Calls,
    pub(super) patience: Patience,
}

/// Accumulators that are merged in one call at most.
const CALL_ROWS: usize = 1 << 16;

impl Combine for Combiner<'_> {
    type Piece = Partial;

    fn combine(
        &mut self,
        parts: impl IntoIterator<Item = Arc<Partial>>,
    ) -> anyhow::Result<Option<Arc<Partial>>> {
        let parts: Vec<Arc<Partial>> = parts.into_iter().collect();
        if parts.len() > 2
            && let Some(whole) = self.join_all(&parts)?
        {
            return Ok(Some(Arc::new(whole)));
        }
        let mut parts = parts.into_iter();
        let Some(mut whole) = parts.next() else {
            return Ok(None);
        };
        for part in parts {
            whole = Arc::new(self.join(&whole, &part)?);
        }
        Ok(Some(whole))
    }
}

impl Combiner<'_> {
    /// What `parts` come to, with one call of each function. `None` if a call fails: then they must be
    /// joined one by one, to find out on which keys.
    fn join_all(&mut self, parts: &[Arc<Partial>]) -> anyhow::Result<Option<Partial>> {
        let Some(union) = Union::of(parts) else {
            return Ok(None);
        };
        let mut calls = Vec::new();
        for call in 0..self.calls.all().len() {
            let settled = parts.iter().map(|part| &part.calls[call]);
            if self.calls.is_holistic(call) {
                let logs = settled.filter_map(Settled::values);
                calls.push(Settled::Values(ValueLog::of_all(logs)));
                continue;
            }
            let columns: Vec<&Columns> = settled.filter_map(Settled::accumulators).collect();
            let (mut accumulators, partials) = union.pick(&columns)?;
            for start in (0..union.groups.len()).step_by(CALL_ROWS) {
                let rows = start..union.groups.len().min(start + CALL_ROWS);
                let groups = &union.groups[rows.clone()];
                let partials = guest::slice(&partials, &rows);
                let patience = self.patience.clone();
                let merged = try_once(&patience, || {
                    self.merge_groups(call, Pace::Whole, &accumulators, groups, &partials)
                });
                match merged {
                    Some(merged) => accumulators = merged,
                    None => return Ok(None),
                }
            }
            calls.push(Settled::Accumulators(accumulators));
        }
        Ok(Some(Partial {
            keys: union.keys,
            calls,
            failed: all_failed(parts.iter().map(AsRef::as_ref)),
        }))
    }

    /// What `first` and `second` come to, which follow each other in event time. Keys on which a
    /// function fails are noted.
    fn join(&mut self, first: &Partial, second: &Partial) -> anyhow::Result<Partial> {
        let overlap = Overlap::of(&first.keys, &second.keys);
        if let Overlap::Within(places) = &overlap
            && first.keys.len() <= CALL_ROWS
            && let Some(whole) = self.add_to(first, second, places)
        {
            return Ok(whole);
        }
        let mut failed = all_failed([first, second]);
        let mut calls = Vec::with_capacity(first.calls.len());
        for (call, both) in first.calls.iter().zip(&second.calls).enumerate() {
            let (one, other) = match both {
                (Settled::Accumulators(one), Settled::Accumulators(other)) => (one, other),
                (Settled::Values(one), Settled::Values(other)) => {
                    calls.push(Settled::Values(ValueLog::of_all([one, other])));
                    continue;
                }
                _ => unreachable!("the slices of a stage keep the same things"),
            };
            let common = overlap.common(one, other)?;
            let rows = overlap.common_rows(&first.keys);
            let mut note = |row: usize, cause| {
                failed.insert(first.keys[overlap.first_row(row)], cause);
            };
            let merged = self.merge(call, &common.0, &common.1, rows, &mut note)?;
            let accumulators = overlap.spread(one, other, merged)?;
            calls.push(Settled::Accumulators(accumulators));
        }
        Ok(Partial {
            keys: overlap.keys(&first.keys, &second.keys),
            calls,
            failed,
        })
    }

    /// What `first` and `second` come to, with one call of each function, if the keys of `second` are
    /// those of `first` at `places`. `None` if a call fails.
    fn add_to(&mut self, first: &Partial, second: &Partial, places: &[u32]) -> Option<Partial> {
        let calls = first.calls.iter().zip(&second.calls).enumerate();
        let calls = calls.map(|(call, both)| match both {
            (Settled::Accumulators(one), Settled::Accumulators(other)) => {
                let patience = self.patience.clone();
                let merged = try_once(&patience, || {
                    self.merge_groups(call, Pace::Whole, one, places, other)
                });
                merged.map(Settled::Accumulators)
            }
            (Settled::Values(one), Settled::Values(other)) => {
                Some(Settled::Values(ValueLog::of_all([one, other])))
            }
            _ => unreachable!("the slices of a stage keep the same things"),
        });
        Some(Partial {
            calls: calls.collect::<Option<_>>()?,
            keys: first.keys.clone(),
            failed: all_failed([first, second]),
        })
    }

    /// Adds partial `i` to accumulator `groups[i]`.
    fn merge_groups(
        &mut self,
        call: usize,
        pace: Pace,
        accumulators: &Columns,
        groups: &[u32],
        partials: &Columns,
    ) -> Result<Columns, Failure> {
        let accumulators = wasm::Columns {
            rows: accumulators.first().map_or(0, |column| column.len()),
            arrays: accumulators,
        };
        let partials = wasm::Columns {
            rows: groups.len(),
            arrays: partials,
        };
        self.calls.merge(call, pace, accumulators, groups, partials)
    }

    /// Merges the accumulators of `rows` keys, one to one. Tells `note` the rows on which the function
    /// fails, and why.
    ///
    /// # Errors
    ///
    /// If the function cannot be given the means to merge those of a single key, or too much has failed.
    fn merge(
        &mut self,
        call: usize,
        first: &Columns,
        second: &Columns,
        rows: usize,
        note: &mut impl FnMut(usize, Arc<Cause>),
    ) -> anyhow::Result<Columns> {
        let mut pieces: Vec<(usize, Columns)> = Vec::new();
        let mut patience = self.patience.clone();
        for start in (0..rows).step_by(CALL_ROWS) {
            let end = rows.min(start + CALL_ROWS);
            let failed = isolate_windows(
                start..end,
                &mut patience,
                &mut |rows: Range<usize>, pace| {
                    let (first, second) = (guest::slice(first, &rows), guest::slice(second, &rows));
                    let groups: Vec<u32> = (0..rows.len() as u32).collect();
                    self.merge_groups(call, pace, &first, &groups, &second)
                },
                &mut |rows, merged| pieces.push((rows.start, merged)),
            );
            let failed = failed.map_err(|failure| {
                anyhow!(
                    "function `{}` cannot merge what a single key has come to: {}",
                    self.calls.all()[call].function.name,
                    failure.error,
                )
            })?;
            for bad in failed.all()? {
                pieces.push((bad.row, guest::slice(first, &(bad.row..bad.row + 1))));
                note(bad.row, bad.cause);
            }
        }
        pieces.sort_by_key(|(start, _)| *start);
        let pieces = pieces.into_iter().map(|(_, columns)| columns);
        Ok(concat(pieces.collect(), first)?)
    }
}

/// The keys on which a function has failed in some of `parts`, and why.
fn all_failed<'a>(parts: impl IntoIterator<Item = &'a Partial>) -> HashMap<u32, Arc<Cause>> {
    let failed = parts.into_iter().flat_map(|part| &part.failed);
    failed
        .map(|(key, cause)| (*key, Arc::clone(cause)))
        .collect()
}

/// The rows of all pieces; of none, no rows of the columns `like`.
fn concat(mut pieces: Vec<Columns>, like: &Columns) -> Result<Columns, ArrowError> {
    if pieces.len() < 2 {
        let none = || like.iter().map(|column| column.slice(0, 0)).collect();
        return Ok(pieces.pop().unwrap_or_else(none));
    }
    let columns = 0..like.len();
    columns
        .map(|column| {
            let parts: Vec<&dyn Array> = pieces.iter().map(|piece| &*piece[column]).collect();
            compute::concat(&parts)
        })
        .collect()
}
