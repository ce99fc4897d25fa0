//! What a job has done, for people: where every row went.

use std::{fmt, time::Duration};

use crate::{
    metrics::{CheckpointMetrics, JobMetrics, NodeMetrics},
    pipeline::{DEAD_LETTERS, Plan, StagePlan},
    runtime::Outcome,
};

/// The rows of every source, stage and sink, and the time it took.
pub(super) struct Summary {
    ending: String,
    name: String,
    lines: Vec<(String, &'static str, String)>,
    rows: u64,
    elapsed: Duration,
    dead_letters: u64,
    kept_dead_letters: bool,
}

impl Summary {
    pub(super) fn new(
        plan: &Plan,
        metrics: &JobMetrics,
        elapsed: Duration,
        outcome: Option<Outcome>,
    ) -> Self {
        let mut lines = Vec::new();
        for (source, metrics) in plan.sources.iter().zip(&metrics.sources) {
            lines.push((source.name.clone(), "source", source_line(metrics)));
        }
        for (stage, metrics) in plan.stages.iter().zip(&metrics.stages) {
            lines.push((
                stage.name.clone(),
                stage.work.verb(),
                stage_line(stage, metrics),
            ));
        }
        for (sink, metrics) in plan.sinks.iter().zip(&metrics.sinks) {
            let rows = grouped(metrics.rows_in.get());
            lines.push((sink.name.clone(), "sink", format!("{rows} rows")));
        }
        if plan.dead_letters.is_some() {
            let rows = grouped(metrics.dead_letters.rows_in.get());
            lines.push((DEAD_LETTERS.to_owned(), "sink", format!("{rows} rows")));
        }
        lines.extend(checkpoint_line(plan, &metrics.checkpoints));
        let all = metrics.sources.iter().chain(&metrics.stages);
        Self {
            ending: ending(plan, outcome),
            name: plan.name.clone(),
            lines,
            rows: metrics
                .sources
                .iter()
                .map(|source| source.rows_in.get())
                .sum(),
            elapsed,
            dead_letters: all.map(|node| node.dead_letters.get()).sum(),
            kept_dead_letters: plan.dead_letters.is_some(),
        }
    }
}

fn ending(plan: &Plan, outcome: Option<Outcome>) -> String {
    match outcome {
        Some(Outcome::Complete) => "done".to_owned(),
        Some(Outcome::Stopped) => "stopped: open windows were not written".to_owned(),
        Some(Outcome::Abandoned) => "stopped before the end: files are as they were".to_owned(),
        Some(Outcome::Suspended(Some(checkpoint))) => {
            format!("stopped with checkpoint {checkpoint}; run it again to go on")
        }
        Some(Outcome::Suspended(None)) => {
            "stopped without a checkpoint; run it again to start over".to_owned()
        }
        None if plan.checkpoint.is_some() => {
            "failed; when the reason is gone, run it again to go on from the newest checkpoint"
                .to_owned()
        }
        None => "failed: only dead letters were written".to_owned(),
    }
}

/// The checkpoints, of a job that makes some.
fn checkpoint_line(
    plan: &Plan,
    metrics: &CheckpointMetrics,
) -> Option<(String, &'static str, String)> {
    plan.checkpoint.as_ref()?;
    let mut line = format!("{} made", grouped(metrics.made.get()));
    if let Some(last) = metrics.last() {
        let (number, bytes, millis) = (last.number, last.bytes, last.took.as_millis());
        line.push_str(&format!(
            ", the last ({number}) {} bytes in {millis} ms",
            grouped(bytes)
        ));
    }
    append(&mut line, metrics.failures.get(), "failed to be written");
    append(&mut line, metrics.restarts.get(), "restarts");
    Some(("checkpoints".to_owned(), "job", line))
}

fn source_line(metrics: &NodeMetrics) -> String {
    let mut line = format!("{} rows read", grouped(metrics.rows_in.get()));
    append(&mut line, metrics.dead_letters.get(), "dead letters");
    append(&mut line, metrics.skipped.get(), "skipped");
    line
}

fn stage_line(stage: &StagePlan, metrics: &NodeMetrics) -> String {
    let (rows_in, rows_out) = (metrics.rows_in.get(), metrics.rows_out.get());
    let mut line = format!("{} in", grouped(rows_in));
    if stage.work.has_windows() {
        append(&mut line, metrics.absorbed.get(), "in windows");
    }
    append(&mut line, metrics.filtered.get(), "filtered");
    append(&mut line, metrics.late.get(), "late");
    append(&mut line, metrics.dead_letters.get(), "dead letters");
    append(&mut line, metrics.skipped.get(), "skipped");
    append(&mut line, metrics.failed_windows.get(), "windows failed");
    line.push_str(&format!(", {} out", grouped(rows_out)));
    line
}

fn append(line: &mut String, count: u64, what: &str) {
    if count > 0 {
        line.push_str(&format!(", {} {what}", grouped(count)));
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        let rate = if seconds > 0.0 {
            (self.rows as f64 / seconds) as u64
        } else {
            0
        };
        writeln!(
            formatter,
            "{}: {} ({} rows in {seconds:.2} s, {} rows/s)",
            self.name,
            self.ending,
            grouped(self.rows),
            grouped(rate),
        )?;
        let width = |column: fn(&(String, &'static str, String)) -> usize| {
            self.lines.iter().map(column).max().unwrap_or_default()
        };
        let (names, kinds) = (
            width(|line| line.0.chars().count()),
            width(|line| line.1.len()),
        );
        for (name, kind, rows) in &self.lines {
            writeln!(formatter, "  {name:names$}  {kind:kinds$}  {rows}")?;
        }
        if self.dead_letters > 0 && !self.kept_dead_letters {
            writeln!(
                formatter,
                "  dead letters were counted only; add a `[dead_letters]` section to keep them"
            )?;
        }
        Ok(())
    }
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
