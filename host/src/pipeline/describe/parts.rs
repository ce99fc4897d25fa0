//! What a description says, line by line, so that two of them can be held against each other.

use std::fmt;

use super::{lines::split, source, stage};
use crate::pipeline::{Plan, SinkPlan, SourcePlan, StagePlan, TablePlan};

/// What is said of a part of a plan: a label, and the text that goes with it.
pub(in crate::pipeline) struct Parts(Vec<(String, String)>);

impl Parts {
    /// Of a source.
    pub(in crate::pipeline) fn of_source(of: &SourcePlan) -> Self {
        Self::of(|formatter| source::source(of, formatter))
    }

    /// Of a table.
    pub(in crate::pipeline) fn of_table(of: &TablePlan) -> Self {
        Self::of(|formatter| source::table(of, formatter))
    }

    /// Of a stage.
    pub(in crate::pipeline) fn of_stage(plan: &Plan, of: &StagePlan) -> Self {
        Self::of(|formatter| stage::stage(plan, of, formatter))
    }

    /// Of a sink.
    pub(in crate::pipeline) fn of_sink(plan: &Plan, of: &SinkPlan) -> Self {
        Self::of(|formatter| plan.sink(of, formatter))
    }

    /// Of all that is no source, table, stage or sink.
    pub(in crate::pipeline) fn of_job(plan: &Plan) -> Self {
        Self::of(|formatter| plan.head(formatter))
    }

    fn of(tell: impl Fn(&mut fmt::Formatter<'_>) -> fmt::Result) -> Self {
        let text = Told(tell).to_string();
        let mut parts: Vec<(String, String)> = Vec::new();
        for (label, text) in text.lines().filter_map(split) {
            // Columns are in line with each other; here they follow each other.
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            match parts.last_mut() {
                Some((_, before)) if label.is_empty() => {
                    before.push_str(", ");
                    before.push_str(&text);
                }
                _ => parts.push((label.to_owned(), text)),
            }
        }
        Self(parts)
    }

    /// What is said otherwise, or only here or only in `before`, but for the labels in `without`.
    pub(in crate::pipeline) fn changes(&self, before: &Self, without: &[&str]) -> Vec<String> {
        let of = |parts: &Self, label: &str| {
            let texts = parts.0.iter().filter(|(other, _)| other == label);
            let texts: Vec<&str> = texts.map(|(_, text)| text.as_str()).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        };
        let mut labels: Vec<&str> = Vec::new();
        for (label, _) in before.0.iter().chain(&self.0) {
            if !labels.contains(&label.as_str()) && !without.contains(&label.as_str()) {
                labels.push(label);
            }
        }
        let changes =
            labels
                .into_iter()
                .filter_map(|label| match (of(self, label), of(before, label)) {
                    (now, before) if now == before => None,
                    (now, before) => {
                        let [now, before] = [now, before].map(|text| match text {
                            Some(text) => format!("`{text}`"),
                            None => "nothing".to_owned(),
                        });
                        Some(format!("`{label}` is {now} now and was {before}"))
                    }
                });
        changes.collect()
    }
}

/// Something that can be told.
struct Told<T>(T);

impl<T: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Told<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(formatter)
    }
}
