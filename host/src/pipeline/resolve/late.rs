//! Which sinks take late rows.

use super::names::{Member, Names};
use crate::{
    operator::TimeDomain,
    pipeline::{
        Diagnostic,
        diagnostic::Spanned,
        reader::Context,
        spec::{Bound, From, JoinSpec, Spec, WorkSpec},
        suggestion::did_you_mean,
    },
    window::WindowKind,
};

/// Stages and their sinks for late rows.
pub(super) struct Late {
    /// For each stage of the spec a sink of it.
    pub(super) of_stage: Vec<Option<usize>>,
}

impl Late {
    /// Finds the sinks that `late` names, and reports those that are wrong, and sinks that get
    /// nothing from anybody.
    pub(super) fn new(spec: &Spec, names: &Names<'_>, context: &Context<'_>) -> Self {
        let mut takers: Vec<Option<&Spanned<String>>> = vec![None; spec.sinks.len()];
        let mut of_stage = Vec::new();
        let mut lost = false;
        for stage in &spec.stages {
            let Some(late) = &stage.late else {
                of_stage.push(None);
                continue;
            };
            check_window(stage.work.as_ref(), late, context);
            let sink = sink(late, names, context);
            lost |= sink.is_none();
            if let Some(index) = sink {
                check_sink(spec, index, late, takers[index], context);
                takers[index] = Some(late);
            }
            of_stage.push(sink);
        }
        // A name that means nobody may have meant any sink; a broken stage may have named one.
        let broken = spec.stages.iter().any(|stage| stage.work.is_none());
        for (sink, taker) in spec.sinks.iter().zip(&takers) {
            if matches!(sink.from, From::Absent) && taker.is_none() && !lost && !broken {
                let name = &sink.name.value;
                let message = format!("sink `{name}` gets no rows");
                let help = format!(
                    "add `from = \"NAME\"` to it, or `late = \"{name}\"` to an `aggregate`, `top` or \
                     `join` stage"
                );
                context.report(Diagnostic::new(sink.name.span, message).help(help));
            }
        }
        Self { of_stage }
    }
}

/// Reports `late` where it is known without the input that no row can be late.
fn check_window(work: Option<&WorkSpec>, late: &Spanned<String>, context: &Context<'_>) {
    let window = match work {
        Some(WorkSpec::Aggregate(aggregate)) => &aggregate.window,
        Some(WorkSpec::Top(top)) => &top.window,
        Some(WorkSpec::Join(JoinSpec {
            bound: Bound::Window(window),
            ..
        })) => window,
        _ => return,
    };
    let message = match window.kind {
        WindowKind::Global | WindowKind::Count(_) => {
            let word = window.word();
            format!("no row is late for a `{word}` window, so there is nothing to write")
        }
        _ if window.time == TimeDomain::Processing => {
            "no row is late in processing time, so there is nothing to write".to_owned()
        }
        _ => return,
    };
    let mistake = Diagnostic::new(late.span, message);
    context.report(mistake.help("remove `late`".to_owned()));
}

/// The sink that `late` names.
fn sink(late: &Spanned<String>, names: &Names<'_>, context: &Context<'_>) -> Option<usize> {
    let name = late.value.as_str();
    let mistake = match names.find(name) {
        Some(Member::Sink(index)) => return Some(index),
        Some(member) => {
            let message = format!("`{name}` is a {}; late rows go to a sink", member.kind());
            Diagnostic::new(late.span, message)
        }
        None => {
            let sinks = names.list(|member| matches!(member, Member::Sink(_)));
            Diagnostic::new(late.span, format!("there is no sink `{name}`")).help(did_you_mean(
                name,
                "there are",
                sinks,
            ))
        }
    };
    context.report(mistake);
    None
}

/// Reports a sink that takes rows from elsewhere as well.
fn check_sink(
    spec: &Spec,
    index: usize,
    late: &Spanned<String>,
    taker: Option<&Spanned<String>>,
    context: &Context<'_>,
) {
    let sink = &spec.sinks[index];
    let name = &sink.name.value;
    if let Some(from) = sink.from.names().first() {
        let message = format!("sink `{name}` cannot take late rows: it has a `from`");
        context.report(
            Diagnostic::new(late.span, message)
                .and(from.span, "takes these rows")
                .help("give late rows a sink of their own, without `from`".to_owned()),
        );
    } else if let Some(taker) = taker {
        let message = format!("sink `{name}` already takes the late rows of another stage");
        context.report(
            Diagnostic::new(late.span, message)
                .and(taker.span, "of this one")
                .help("give each stage's late rows a sink of their own".to_owned()),
        );
    }
}
