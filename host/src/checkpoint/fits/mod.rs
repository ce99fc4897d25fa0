//! Whether a pipeline can go on from a checkpoint that another version of it may have made.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::bail;
use arrow::datatypes::Schema as ArrowSchema;

use super::{Checkpoint, StageSnapshot, identity::stage_identities};
use crate::{
    connector::can_settle,
    operator::held_rows,
    pipeline::{DEAD_LETTERS, Plan, SinkPlan},
};

/// What can be done about state without a place.
const WAY_OUT: &str = "give it back as it was, or start over with `--fresh`";

/// Makes sure that everything that `checkpoint` holds has its place in `plan`. Stages, sources and sinks
/// that are new start empty.
///
/// # Errors
///
/// If something has no place: each stage, source and sink is named, with what was changed.
pub fn check_fits(plan: &Plan, checkpoint: &Checkpoint) -> anyhow::Result<()> {
    let identities = stage_identities(plan);
    let mut misfits = Vec::new();
    for (name, state) in &checkpoint.snapshot.stages {
        let before = checkpoint.stages.get(name).map(String::as_str);
        misfits.extend(stage(plan, &identities, name, before, state));
    }
    for (name, source) in &checkpoint.snapshot.sources {
        let is_there = plan.sources.iter().any(|source| *source.name == **name);
        // One that was read to its end has left nothing to be placed.
        if !is_there && !source.partitions.is_empty() {
            misfits.push(format!(
                "source `{name}` has been read in part, and the pipeline does not have it any more: {WAY_OUT}"
            ));
        }
    }
    for (name, sink) in &checkpoint.snapshot.sinks {
        let planned = plan.sinks.iter().find(|sink| *sink.name == **name);
        misfits.extend(planned.and_then(|planned| held_back(planned, &sink.held)));
        let is_there =
            planned.is_some() || (**name == *DEAD_LETTERS && plan.dead_letters.is_some());
        // What was staged and can be found again is made visible without the sink.
        let staged = sink.staged.as_ref();
        let is_left = staged.is_some_and(|staged| staged.has_rows() && !can_settle(staged));
        if !is_there && (is_left || has_rows(&sink.held)) {
            misfits.push(format!(
                "sink `{name}` may still have rows to make visible, and the pipeline does not have it any more: {WAY_OUT}"
            ));
        }
    }
    if misfits.is_empty() {
        return Ok(());
    }
    bail!(
        "the pipeline was changed and cannot go on from checkpoint {}\n  {}",
        checkpoint.number,
        misfits.join("\n  ")
    )
}

/// What is wrong with a stage that has left state behind.
fn stage(
    plan: &Plan,
    identities: &BTreeMap<Arc<str>, String>,
    name: &Arc<str>,
    before: Option<&str>,
    state: &StageSnapshot,
) -> Option<String> {
    let Some(now) = identities.get(name) else {
        let is_there = plan.stages.iter().any(|stage| *stage.name == **name);
        let what = match is_there {
            true => "does not keep any now",
            false => "is not there any more",
        };
        return has_rows(state)
            .then(|| format!("stage `{name}` has kept state, and {what}: {WAY_OUT}"));
    };
    if state.subtasks.is_empty() {
        return None;
    }
    // Without an identity nobody could say what the state is for.
    let before = before.unwrap_or_default();
    (before != now).then(|| {
        let changes = changes(before, now).join("; ");
        format!("the state of stage `{name}` does not fit any more: {changes}: {WAY_OUT}")
    })
}

/// What is wrong with the rows that a sink holds back until their windows are complete.
fn held_back(sink: &SinkPlan, held: &StageSnapshot) -> Option<String> {
    let now = sink.schema.to_arrow();
    let columns = |schema: &ArrowSchema| -> Vec<_> {
        let fields = schema.fields().iter();
        fields
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .collect()
    };
    let held = held.subtasks.iter().map(held_rows);
    let fits = held.flatten().flatten().all(|batch| {
        let before = batch.record().schema();
        batch.rows() == 0 || columns(&before) == columns(&now)
    });
    (!fits).then(|| {
        format!(
            "sink `{}` still has rows to write, with other columns than it has now: {WAY_OUT}",
            sink.name
        )
    })
}

/// The differences between two identities.
fn changes(before: &str, now: &str) -> Vec<String> {
    let lines = |identity: &str| -> BTreeMap<String, String> {
        let lines = identity.lines().filter_map(|line| line.split_once(": "));
        lines
            .map(|(what, how)| (what.to_owned(), how.to_owned()))
            .collect()
    };
    let (before, now) = (lines(before), lines(now));
    let all = before
        .keys()
        .chain(now.keys().filter(|what| !before.contains_key(*what)));
    let changed = all.filter(|what| before.get(*what) != now.get(*what));
    changed
        .map(|what| match (before.get(what), now.get(what)) {
            (Some(before), Some(now)) => format!("its {what} was `{before}` and is `{now}`"),
            (Some(before), None) => format!("it has no {what} any more, which was `{before}`"),
            (None, now) => format!("its {what} is new, `{}`", now.map_or("", String::as_str)),
        })
        .collect()
}

fn has_rows(state: &StageSnapshot) -> bool {
    let tables = state.subtasks.iter().flat_map(|subtask| &subtask.tables);
    tables.into_iter().any(|table| table.num_rows() > 0)
}

#[cfg(test)]
mod tests;
