//! Sinks of a checkpoint that the pipeline does not have any more, or that write somewhere else now.

use anyhow::Context;

use crate::{
    checkpoint::Checkpoint,
    connector::{SinkConfig, Transaction, can_settle, is_staged_by, settle_staged},
    pipeline::{DEAD_LETTERS, Plan},
};

/// Makes visible what belongs to `before` and was staged by sinks that are gone, were given another name, or
/// are none of files any more: nobody else would. Their rows are not written again.
///
/// # Errors
///
/// If something of it is gone, or another job has left its result there, naming the sink and the file.
pub(super) fn settle_former_sinks(plan: &Plan, before: &Checkpoint) -> anyhow::Result<()> {
    for (name, sink) in &before.snapshot.sinks {
        let staged = sink.staged.as_ref();
        let Some(staged) = staged.filter(|staged| is_settled(plan, name, staged)) else {
            continue;
        };
        let settled = settle_staged(staged).with_context(|| {
            format!(
                "the pipeline does not write the files of sink `{name}` any more, and what belongs to \
                 checkpoint {} of them cannot be made visible",
                before.number
            )
        });
        let files = settled?;
        if files > 0 {
            tracing::warn!(
                sink = %name, files,
                "the pipeline does not write its files any more; the last that belong to the checkpoint \
                 were made visible",
            );
        }
    }
    Ok(())
}

/// What the sink called `name` goes on from: what it had staged itself, unless that is
/// [made visible](settle_former_sinks) without it. One that has been given another name, and writes files to
/// the same directory, goes on from what it had staged under the former one.
pub(super) fn staged_for<'a>(
    plan: &Plan,
    before: &'a Checkpoint,
    name: &str,
) -> Option<&'a Transaction> {
    let sinks = &before.snapshot.sinks;
    let own = sinks.get(name).and_then(|own| own.staged.as_ref());
    if let Some(own) = own.filter(|own| !is_settled(plan, name, own)) {
        return Some(own);
    }
    let config = config(plan, name)?;
    let mut former = sinks.iter().filter_map(|(name, sink)| {
        let staged = sink.staged.as_ref()?;
        is_settled(plan, name, staged).then_some(staged)
    });
    former.find(|staged| is_staged_by(staged, config))
}

/// Whether what the sink called `name` had staged is [made visible](settle_former_sinks) without the one that
/// the plan has under this name.
fn is_settled(plan: &Plan, name: &str, staged: &Transaction) -> bool {
    let writes_files = matches!(config(plan, name), Some(SinkConfig::File { .. }));
    !writes_files && (can_settle(staged) || !staged.has_rows())
}

/// What the plan says of the sink with this name.
fn config<'a>(plan: &'a Plan, name: &str) -> Option<&'a SinkConfig> {
    match name {
        DEAD_LETTERS => plan.dead_letters.as_ref(),
        _ => {
            let sink = plan.sinks.iter().find(|sink| sink.name == name);
            sink.map(|sink| &sink.config)
        }
    }
}
