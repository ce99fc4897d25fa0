//! Who reads whom, and in which order the stages stand.

use super::names::{Member, Names};
use crate::pipeline::{
    Diagnostic, Node,
    diagnostic::Spanned,
    reader::Context,
    spec::{From, Spec},
    suggestion::{did_you_mean, nearest},
};

/// The edges of a pipeline.
pub(super) struct Graph {
    /// For each stage of the spec what it reads; `None` if that is broken or a circle.
    pub(super) stage_inputs: Vec<Option<Vec<Member>>>,
    /// For each stage of the spec what it reads on the right side; `None` if that is broken or a
    /// circle, or if it has no such side.
    pub(super) right_inputs: Vec<Option<Vec<Member>>>,
    /// For each sink of the spec what it reads, `None` if that is broken.
    pub(super) sink_inputs: Vec<Option<Vec<Member>>>,
    /// The stages of the spec, each after those it reads.
    pub(super) order: Vec<usize>,
    /// Those whom a misspelled name most probably means.
    pub(super) meant: Vec<Member>,
    /// Whether some name means nobody at all.
    pub(super) lost: bool,
}

impl Graph {
    /// Finds out who reads whom, and reports names that are nobody's and circles.
    pub(super) fn new(spec: &Spec, names: &Names<'_>, context: &Context<'_>) -> Self {
        let mut graph = Self {
            stage_inputs: Vec::new(),
            right_inputs: Vec::new(),
            sink_inputs: Vec::new(),
            order: Vec::new(),
            meant: Vec::new(),
            lost: false,
        };
        for stage in &spec.stages {
            let inputs = graph.inputs(&stage.from, names, context);
            graph.lost |= !matches!(stage.from, From::Names(_));
            graph.stage_inputs.push(inputs);
            let inputs = graph.inputs(&stage.with, names, context);
            graph.lost |= matches!(stage.with, From::Broken);
            graph.right_inputs.push(inputs);
        }
        for sink in &spec.sinks {
            let inputs = graph.inputs(&sink.from, names, context);
            graph.lost |= matches!(sink.from, From::Broken);
            graph.sink_inputs.push(inputs);
        }
        graph.sort(spec, context);
        graph
    }

    /// Whom `from` names; `None` if it is absent or one of the names is wrong.
    fn inputs(
        &mut self,
        from: &From,
        names: &Names<'_>,
        context: &Context<'_>,
    ) -> Option<Vec<Member>> {
        let mut inputs = Vec::new();
        let mut whole = !from.names().is_empty();
        for name in from.names() {
            let member = self.input(name, names, context);
            match member {
                Some(member) if inputs.contains(&member) => {
                    let message = format!("`{}` is listed twice", name.value);
                    context.error(name.span, message);
                    whole = false;
                }
                Some(member) => inputs.push(member),
                None => whole = false,
            }
        }
        whole.then_some(inputs)
    }

    fn input(
        &mut self,
        name: &Spanned<String>,
        names: &Names<'_>,
        context: &Context<'_>,
    ) -> Option<Member> {
        let text = name.value.as_str();
        match names.find(text) {
            Some(member @ (Member::Sink(_) | Member::Table(_))) => {
                let kind = member.kind();
                let message = format!("`{text}` is a {kind}; rows come from sources and stages");
                let help = matches!(member, Member::Table(_))
                    .then(|| format!("look rows up in it: `lookup = {{ table = \"{text}\", … }}`"));
                context.report(Diagnostic::new(name.span, message).help(help));
                self.lost = true;
                None
            }
            Some(member) => Some(member),
            None => {
                let readable = names.list(Member::has_rows);
                match nearest(text, readable.iter().copied()).and_then(|name| names.find(name)) {
                    Some(member) => self.meant.push(member),
                    None => self.lost = true,
                }
                let message = format!("there is no source or stage `{text}`");
                let help = did_you_mean(text, "there are", readable);
                context.report(Diagnostic::new(name.span, message).help(help));
                None
            }
        }
    }

    /// Puts the stages in order. Stages in circles come last, without inputs.
    fn sort(&mut self, spec: &Spec, context: &Context<'_>) {
        let mut done = vec![false; spec.stages.len()];
        loop {
            let ready = |index: &usize| {
                let is_done = |member: Member| !matches!(member, Member::Stage(i) if !done[i]);
                !done[*index] && self.all_inputs(*index).all(is_done)
            };
            match (0..done.len()).find(ready) {
                Some(index) => {
                    done[index] = true;
                    self.order.push(index);
                }
                None => match self.circle(&done) {
                    Some(circle) => self.break_circle(&circle, spec, context),
                    None => return,
                },
            }
        }
    }

    /// What a stage reads, on both sides.
    fn all_inputs(&self, stage: usize) -> impl Iterator<Item = Member> {
        let left = self.stage_inputs[stage].iter().flatten();
        left.chain(self.right_inputs[stage].iter().flatten())
            .copied()
    }

    /// A circle of stages that are not done, if there are any, each the reader of the one before.
    fn circle(&self, done: &[bool]) -> Option<Vec<usize>> {
        let mut path = vec![done.iter().position(|done| !done)?];
        loop {
            let last = *path.last()?;
            let input = self.all_inputs(last).find_map(|member| {
                // What is left over reads at least one that is left over, too.
                match member {
                    Member::Stage(index) if !done[index] => Some(index),
                    _ => None,
                }
            })?;
            if let Some(start) = path.iter().position(|index| *index == input) {
                let mut circle = path.split_off(start);
                circle.reverse();
                return Some(circle);
            }
            path.push(input);
        }
    }

    /// Reports a circle, and takes the inputs of its first stage away.
    fn break_circle(&mut self, circle: &[usize], spec: &Spec, context: &Context<'_>) {
        let Some(least) = (0..circle.len()).min_by_key(|place| circle[*place]) else {
            return;
        };
        let names: Vec<&str> = (0..=circle.len())
            .map(|step| circle[(least + step) % circle.len()])
            .map(|index| spec.stages[index].name.value.as_str())
            .collect();
        let before = names[circle.len() - 1];
        let first = &spec.stages[circle[least]];
        let mut read = first.from.names().iter().chain(first.with.names());
        let from = read.find(|name| name.value == before);
        let span = from.map_or(first.name.span, |name| name.span);
        let path = names.join(" -> ");
        let message = format!("these stages feed themselves: {path}");
        context.report(Diagnostic::new(span, message).label("closes the circle"));
        self.stage_inputs[circle[least]] = None;
        self.right_inputs[circle[least]] = None;
    }

    /// The places in the plan of sources and stages of the spec.
    pub(super) fn nodes(&self, members: &[Member]) -> Vec<Node> {
        let node = |member: &Member| match member {
            Member::Source(index) => Some(Node::Source(*index)),
            Member::Stage(index) => {
                let place = self.order.iter().position(|other| other == index);
                place.map(Node::Stage)
            }
            Member::Sink(_) | Member::Table(_) => None,
        };
        members.iter().filter_map(node).collect()
    }
}
