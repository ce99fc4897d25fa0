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
    pipeline::{Plan, StageLimits, StagePlan, reader::Size},
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
        line(formatter, "limits", &limits(&stage.limits))?;
        if !stage.allow.is_nothing() {
            line(formatter, "allow", &stage.allow.to_string())?;
        }
        line(formatter, "on error", &stage.on_error.to_string())?;
    }
    if let Some(key) = &stage.upsert_key {
        let text = by(&names(key, &stage.schema));
        line(formatter, "replaces", &text)?;
    }
    columns(formatter, &stage.schema)
}

/// Memory and time, and of the others those that are not what they are by themselves.
pub(in crate::pipeline) fn limits(limits: &StageLimits) -> String {
    let usual = StageLimits::default();
    let mut words = vec![
        format!("{} of memory", Size(limits.memory)),
        format!("{} a call", limits.deadline),
    ];
    let mut tell = |word: String, is_usual: bool| {
        if !is_usual {
            words.push(word);
        }
    };
    let StageLimits {
        output_rows,
        output_bytes,
        log_lines,
        log_bytes,
        table_elements,
        instances,
        ..
    } = *limits;
    tell(
        format!("{output_rows} output rows"),
        output_rows == usual.output_rows,
    );
    tell(
        format!("{} of output", Size(output_bytes)),
        output_bytes == usual.output_bytes,
    );
    tell(
        format!("{log_lines} log lines a second"),
        log_lines == usual.log_lines,
    );
    tell(
        format!("{} of log a second", Size(log_bytes)),
        log_bytes == usual.log_bytes,
    );
    tell(
        format!("{table_elements} table elements"),
        table_elements == usual.table_elements,
    );
    tell(
        format!("{instances} core instances"),
        instances == usual.instances,
    );
    words.join(", ")
}

/// How rows get from the subtasks before a stage to its own.
fn exchange(key: Option<&[usize]>, schema: &Schema) -> String {
    match key {
        None => "none".to_owned(),
        Some([]) => "gather".to_owned(),
        Some(key) => format!("hash exchange on {}", names(key, schema)),
    }
}
