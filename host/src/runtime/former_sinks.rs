//! Sinks of a checkpoint that the pipeline does not have any more, or that write somewhere else now.

use anyhow::Context;

use crate::{
    checkpoint::Checkpoint,
    connector::{SinkConfig, Transaction, can_settle, settle_staged},
    pipeline::{DEAD_LETTERS, Plan},
};

/// Makes visible what belongs to `before` and was staged by sinks that are gone, were given another name, or
/// are none of files any more: nobody else would. Their rows are not written again.
///
/// # Errors
///
/// If something of it is gone, naming the sink and the file.
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

/// Whether what the sink called `name` had staged is [made visible](settle_former_sinks) without the one that
/// the plan has under this name.
pub(super) fn is_settled(plan: &Plan, name: &str, staged: &Transaction) -> bool {
    can_settle(staged) && !writes_files(plan, name)
}

/// Whether the plan has a sink of files with this name.
fn writes_files(plan: &Plan, name: &str) -> bool {
    let config = match name {
        DEAD_LETTERS => plan.dead_letters.as_ref(),
        _ => {
            let sink = plan.sinks.iter().find(|sink| sink.name == name);
            sink.map(|sink| &sink.config)
        }
    };
    matches!(config, Some(SinkConfig::File { .. }))
}
