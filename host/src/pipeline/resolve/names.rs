//! Who is who in a pipeline.

use std::collections::HashMap;

use crate::pipeline::{
    DEAD_LETTERS, Diagnostic, Span, diagnostic::Spanned, reader::Context, spec::Spec,
};

/// A source, stage, sink or table, by its place in the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Member {
    Source(usize),
    Stage(usize),
    Sink(usize),
    Table(usize),
}

impl Member {
    /// What messages call it.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Source(_) => "source",
            Self::Stage(_) => "stage",
            Self::Sink(_) => "sink",
            Self::Table(_) => "table",
        }
    }

    /// Whether rows come from it.
    pub(super) const fn has_rows(self) -> bool {
        matches!(self, Self::Source(_) | Self::Stage(_))
    }
}

/// All sources, stages, sinks and tables by name.
pub(super) struct Names<'a> {
    members: HashMap<&'a str, (Member, Span)>,
}

impl<'a> Names<'a> {
    /// Collects the names, and reports those that are given twice.
    pub(super) fn new(spec: &'a Spec, context: &Context<'_>) -> Self {
        let mut names = Self {
            members: HashMap::new(),
        };
        let sources = spec.sources.iter().map(|source| &source.name).enumerate();
        let stages = spec.stages.iter().map(|stage| &stage.name).enumerate();
        let sinks = spec.sinks.iter().map(|sink| &sink.name).enumerate();
        let tables = spec.tables.iter().map(|table| &table.name).enumerate();
        let mut all: Vec<_> = sources
            .map(|(index, name)| (Member::Source(index), name))
            .chain(stages.map(|(index, name)| (Member::Stage(index), name)))
            .chain(sinks.map(|(index, name)| (Member::Sink(index), name)))
            .chain(tables.map(|(index, name)| (Member::Table(index), name)))
            .collect();
        all.sort_by_key(|(_, name)| name.span);
        for (member, name) in all {
            names.add(member, name, context);
        }
        names
    }

    fn add(&mut self, member: Member, name: &'a Spanned<String>, context: &Context<'_>) {
        if matches!(member, Member::Sink(_)) && name.value == DEAD_LETTERS {
            let message = format!("a sink cannot be called `{DEAD_LETTERS}`");
            let help = format!("that is the name of the sink of `[{DEAD_LETTERS}]`");
            context.report(Diagnostic::new(name.span, message).help(help));
        }
        let Some((other, place)) = self.members.get(name.value.as_str()) else {
            self.members.insert(&name.value, (member, name.span));
            return;
        };
        let message = format!("`{}` is already the name of a {}", name.value, other.kind());
        context.report(
            Diagnostic::new(name.span, message)
                .and(*place, "first used here")
                .help("sources, stages, sinks and tables need names of their own".to_owned()),
        );
    }

    /// Who is called `name`.
    pub(super) fn find(&self, name: &str) -> Option<Member> {
        self.members.get(name).map(|(member, _)| *member)
    }

    /// The names of all members that `wanted` picks, in alphabetical order.
    pub(super) fn list(&self, wanted: impl Fn(Member) -> bool) -> Vec<&'a str> {
        let mut names: Vec<&str> = self
            .members
            .iter()
            .filter(|(_, (member, _))| wanted(*member))
            .map(|(name, _)| *name)
            .collect();
        names.sort_unstable();
        names
    }
}
