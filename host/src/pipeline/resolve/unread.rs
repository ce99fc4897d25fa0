//! Whether everything leads to a sink.

use std::collections::HashSet;

use super::{graph::Graph, names::Member};
use crate::pipeline::{Diagnostic, diagnostic::Spanned, reader::Context, spec::Spec};

/// Reports sources and stages that nobody reads, and pipelines without a source or a sink.
pub(super) fn check(spec: &Spec, graph: &Graph, context: &Context<'_>) {
    if spec.sources.is_empty() {
        let mistake = Diagnostic::new(spec.start, "the pipeline has no source");
        context.report(mistake.help("add one as `[source.NAME]`".to_owned()));
    }
    if spec.sinks.is_empty() {
        let mistake = Diagnostic::new(spec.start, "the pipeline has no sink");
        context.report(mistake.help("add one as `[sink.NAME]`".to_owned()));
        return;
    }
    if graph.lost {
        // Somebody reads we do not know whom.
        return;
    }
    let mut read: HashSet<Member> = graph.meant.iter().copied().collect();
    for stage in &spec.stages {
        read.extend(readers(&stage.from, spec));
        read.extend(readers(&stage.with, spec));
    }
    for from in spec.sinks.iter().map(|sink| &sink.from) {
        read.extend(readers(from, spec));
    }
    let report = |member: Member, name: &Spanned<String>| {
        if !read.contains(&member) {
            let message = format!("nothing reads {} `{}`", member.kind(), name.value);
            let help = format!("read it with `from = \"{}\"`, or remove it", name.value);
            context.report(Diagnostic::new(name.span, message).help(help));
        }
    };
    for (index, source) in spec.sources.iter().enumerate() {
        report(Member::Source(index), &source.name);
    }
    for (index, stage) in spec.stages.iter().enumerate() {
        report(Member::Stage(index), &stage.name);
    }
}

/// Whom `from` names, whether or not the rest of it is right. A name that is given twice means all
/// that have it.
fn readers(from: &crate::pipeline::spec::From, spec: &Spec) -> Vec<Member> {
    let named = |name: &Spanned<String>| {
        let given = from.names().iter();
        given.clone().any(|other| other.value == name.value)
    };
    let sources = spec.sources.iter().enumerate();
    let sources = sources.filter(|(_, source)| named(&source.name));
    let stages = spec.stages.iter().enumerate();
    let stages = stages.filter(|(_, stage)| named(&stage.name));
    sources
        .map(|(index, _)| Member::Source(index))
        .chain(stages.map(|(index, _)| Member::Stage(index)))
        .collect()
}
