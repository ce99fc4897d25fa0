//! What is done with rows, in words.

use std::fmt;

use super::{
    by,
    lines::{columns, line, names, title},
    work,
};
use crate::{
    batch::Schema,
    operator::{Side, Work},
    pipeline::{Plan, StagePlan, reader::Size},
};

/// Writes what a stage does.
pub(super) fn stage(
    plan: &Plan,
    stage: &StagePlan,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    title(formatter, "stage", &stage.name)?;
    line(formatter, "from", &plan.names_of(&stage.inputs))?;
    let left = exchange(stage.work.key(Side::Left), &stage.input_schema);
    if let Work::Join(_) = stage.work {
        let right = exchange(stage.work.key(Side::Right), &stage.right_schema);
        line(formatter, "with", &plan.names_of(&stage.right_inputs))?;
        line(formatter, "exchange", &format!("left: {left}"))?;
        line(formatter, "", &format!("right: {right}"))?;
    } else {
        line(formatter, "exchange", &left)?;
    }
    work::work(plan, stage, formatter)?;
    if let Some(late) = stage.late {
        let side = match stage.work {
            Work::Join(_) => "of the left side, ",
            _ => "",
        };
        let text = format!("{side}to {}", plan.sinks[late].name);
        line(formatter, "late rows", &text)?;
    }
    // Only functions can refuse a row, and only they use memory of their own.
    if !stage.work.calls().is_empty() {
        let memory = Size(stage.limits.memory);
        let limits = format!("{memory} of memory, {} a call", stage.limits.deadline);
        line(formatter, "limits", &limits)?;
        line(formatter, "on error", &stage.on_error.to_string())?;
    }
    if let Some(key) = &stage.upsert_key {
        let text = by(&names(key, &stage.schema));
        line(formatter, "replaces", &text)?;
    }
    columns(formatter, &stage.schema)
}

/// How rows get from the subtasks before a stage to its own.
fn exchange(key: Option<&[usize]>, schema: &Schema) -> String {
    match key {
        None => "none".to_owned(),
        Some([]) => "gather".to_owned(),
        Some(key) => format!("hash exchange on {}", names(key, schema)),
    }
}
