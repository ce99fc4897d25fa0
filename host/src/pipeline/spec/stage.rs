//! `[stage.NAME]`.

use super::{
    From,
    allow::allow,
    join,
    limits::limits,
    lookup,
    work::{WorkSpec, check_keys, kind},
};
use crate::{
    operator::OnError,
    pipeline::{StageLimits, diagnostic::Spanned, reader::Table},
    wasm::Allow,
};

/// What stands under `[stage.NAME]`.
#[derive(Debug)]
pub(in crate::pipeline) struct StageSpec {
    pub(in crate::pipeline) name: Spanned<String>,
    pub(in crate::pipeline) from: From,
    /// Whose rows are on the right side of a join; absent for other stages.
    pub(in crate::pipeline) with: From,
    /// The table that a `lookup` looks into; absent for other stages.
    pub(in crate::pipeline) table: From,
    /// `None` if something of it is broken.
    pub(in crate::pipeline) work: Option<WorkSpec>,
    pub(in crate::pipeline) late: Option<Spanned<String>>,
    pub(in crate::pipeline) on_error: OnError,
    pub(in crate::pipeline) limits: StageLimits,
    pub(in crate::pipeline) allow: Allow,
}

impl StageSpec {
    pub(super) fn read(name: Spanned<String>, table: &Table<'_>) -> Self {
        let help = "`from = \"NAME\"`, a source or a stage";
        let from = From::read(table.require("from", help));
        let kind = kind(table);
        check_keys(table, kind);
        let has_late = matches!(kind, Some("aggregate" | "top" | "join"));
        let late = table.get("late").filter(|_| has_late);
        // Of a stage that does several things, all names count: they are read by somebody.
        let with = table.get("join");
        let looked_into = table.get("lookup");
        Self {
            name,
            from,
            with: with.map_or(From::Absent, |value| join::with(&value)),
            table: looked_into.map_or(From::Absent, |value| lookup::table(&value)),
            work: kind.and_then(|kind| WorkSpec::read(kind, table)),
            late: late.and_then(|value| value.name("the name of a sink")),
            on_error: on_error(table),
            limits: limits(table),
            allow: allow(table),
        }
    }
}

/// What `on_error` says.
pub(super) fn on_error(table: &Table<'_>) -> OnError {
    let words =
        [OnError::DeadLetter, OnError::Skip, OnError::Fail].map(|word| (word.to_string(), word));
    let words: Vec<_> = words
        .iter()
        .map(|(name, word)| (name.as_str(), *word))
        .collect();
    table
        .get("on_error")
        .and_then(|value| value.word("on_error", &words, &[]))
        .map_or(OnError::default(), |word| word.value)
}
