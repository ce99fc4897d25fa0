//! Converts what a stage knows when its functions keep other state than before.
//!
//! In the snapshot of every operator the first table has the accumulators or states of all functions side by
//! side, so that one walk over its columns does for all of them.

use std::ops::Range;

use anyhow::{Context, ensure};
use arrow::array::{ArrayRef, RecordBatch};

use super::{
    BATCH_ROWS, Call, Guests, StageSpec, Work, guest, patience::Pace, rolling, state_table,
};
use crate::{
    state::{Columns, Snapshot, concat},
    wasm::{self, CallError, Kind},
};

/// Converts what the functions of `old` have kept to what those of `new` keep, by the functions in `guests`.
/// The two stages differ in nothing else.
///
/// # Errors
///
/// If a function cannot convert the state of the other version, or `known` is not of such a stage.
pub fn migrate(
    old: &StageSpec,
    new: &StageSpec,
    guests: &mut Guests,
    known: Snapshot,
) -> anyhow::Result<Snapshot> {
    let Snapshot {
        watermark,
        mut tables,
    } = known;
    let first = tables.first_mut().context("the state has no table")?;
    *first = migrate_table(old, new, guests, first)?;
    Ok(Snapshot { watermark, tables })
}

fn migrate_table(
    old: &StageSpec,
    new: &StageSpec,
    guests: &mut Guests,
    table: &RecordBatch,
) -> anyhow::Result<RecordBatch> {
    let calls = old.work.calls().iter().zip(new.work.calls());
    let width: usize = old.work.calls().iter().map(kept).sum();
    let mut next = first_column(&old.work, table.num_columns(), width)?;
    ensure!(
        next + width <= table.num_columns(),
        "the state lacks columns"
    );
    let mut columns = table.columns()[..next].to_vec();
    for (place, (before, now)) in calls.enumerate() {
        let mine = &table.columns()[next..next + kept(before)];
        next += mine.len();
        let is_same = before.function.state_version == now.function.state_version;
        let keeps_nothing = mine.is_empty() && kept(now) == 0;
        match is_same || keeps_nothing {
            true => columns.extend_from_slice(mine),
            false => columns.extend(convert(
                guests,
                place,
                [before, now],
                mine,
                table.num_rows(),
            )?),
        }
    }
    columns.extend_from_slice(&table.columns()[next..]);
    state_table::of_columns(columns)
}

/// The place of the first column that a function keeps.
fn first_column(work: &Work, columns: usize, width: usize) -> anyhow::Result<usize> {
    match work {
        Work::Aggregate(work) if work.window.is_rolling() => Ok(rolling::first_kept_column(work)),
        _ => columns
            .checked_sub(width)
            .context("the state lacks columns"),
    }
}

/// How many columns a function keeps.
fn kept(call: &Call) -> usize {
    match call.function.kind {
        Kind::Holistic => 0,
        _ => call.function.state.len(),
    }
}

/// Converts what the function at a place among the calls has kept, in pieces that guests can take.
fn convert(
    guests: &mut Guests,
    place: usize,
    [before, now]: [&Call; 2],
    columns: &[ArrayRef],
    rows: usize,
) -> anyhow::Result<Columns> {
    let (version, fields) = (before.function.state_version, &before.function.state);
    let mut pieces: Vec<Columns> = Vec::new();
    // One piece of no rows at least: it has the columns.
    let starts = (0..rows.max(1)).step_by(BATCH_ROWS);
    let mut left: Vec<Range<usize>> = starts
        .map(|start| start..rows.min(start + BATCH_ROWS))
        .collect();
    left.reverse();
    while let Some(rows) = left.pop() {
        let piece = guest::slice(columns, &rows);
        let converted = guests.call(
            place,
            Pace::Whole,
            |instance, function| -> Result<Columns, CallError> {
                let state = wasm::Columns {
                    rows: rows.len(),
                    arrays: &piece,
                };
                match function.kind {
                    Kind::Process => instance.process_migrate(function, version, fields, state),
                    _ => instance.aggregate_migrate(function, version, fields, state),
                }
            },
        );
        match converted {
            Ok(converted) => pieces.push(converted),
            Err(failure) if rows.len() > 1 && is_too_much(&failure.error) => {
                let middle = rows.start + rows.len() / 2;
                left.extend([middle..rows.end, rows.start..middle]);
            }
            Err(failure) => {
                let (name, to) = (&now.function.name, now.function.state_version);
                return Err(failure.error).with_context(|| {
                    format!(
                        "`{name}` cannot convert its state of version {version} to version {to}"
                    )
                });
            }
        }
    }
    Ok(concat(&pieces)?)
}

/// Whether fewer states at once may do.
const fn is_too_much(error: &CallError) -> bool {
    matches!(error, CallError::OutOfMemory { .. } | CallError::Limit(_))
}
