//! The channels between the subtasks of a job.

use std::collections::HashMap;

use super::{
    graph::{Edge, Head, Vertex},
    message::{Capacity, Inbox, Sender},
    output::Output,
};
use crate::{batch::KeyEncoder, pipeline::Plan};

/// The channels of a job. Every output is taken once, then every inbox; what is left over when this
/// is dropped is closed.
pub(super) struct Wiring<'a> {
    plan: &'a Plan,
    ends: HashMap<Head, End>,
}

/// The receiving ends of a vertex.
struct End {
    /// One a subtask.
    senders: Vec<Sender>,
    inboxes: Vec<Option<Inbox>>,
    /// How many outputs send to each subtask.
    inputs: usize,
    next_input: usize,
}

impl<'a> Wiring<'a> {
    /// Makes the channels between `vertices`. With `checkpoints` a sink has one input more, its last, for
    /// whoever makes them.
    pub(super) fn new(
        plan: &'a Plan,
        vertices: &[Vertex],
        capacity: Capacity,
        checkpoints: bool,
    ) -> Self {
        let mut inputs: HashMap<Head, usize> = HashMap::new();
        for vertex in vertices {
            let mut count = |head| *inputs.entry(head).or_default() += vertex.parallelism;
            vertex.fork.for_each_edge(&mut |edge| count(edge.to));
            match vertex.head {
                Head::Source(_) => count(Head::DeadLetters),
                Head::Stage(stage) => {
                    count(Head::DeadLetters);
                    if let Some(sink) = plan.stages[stage].late {
                        count(Head::Sink(sink));
                    }
                }
                Head::Sink(_) | Head::DeadLetters if checkpoints => count(vertex.head),
                Head::Sink(_) | Head::DeadLetters => {}
            }
        }
        let ends = vertices
            .iter()
            .filter(|vertex| !matches!(vertex.head, Head::Source(_)))
            .map(|vertex| {
                let inputs = inputs.get(&vertex.head).copied().unwrap_or_default();
                (vertex.head, End::new(vertex.parallelism, inputs, capacity))
            })
            .collect();
        Self { plan, ends }
    }

    /// The sending end of `edge` for one more subtask.
    pub(super) fn output(
        &mut self,
        edge: &Edge,
        types: &[arrow::datatypes::DataType],
    ) -> anyhow::Result<Output> {
        let key_types = edge.key.iter().map(|&place| types[place].clone());
        let encoder = KeyEncoder::new(key_types)?;
        Ok(Output::new(
            self.connect(edge.to),
            edge.side,
            edge.key.clone(),
            encoder,
        ))
    }

    /// The sending end of the dead letters for one more subtask, if they go anywhere.
    pub(super) fn dead_letters(&mut self) -> anyhow::Result<Option<Output>> {
        if self.plan.dead_letters.is_none() {
            return Ok(None);
        }
        self.output(&Edge::whole(Head::DeadLetters), &[]).map(Some)
    }

    /// The way of whoever makes the checkpoints to a sink. To be taken after all outputs to it.
    pub(super) fn control(&mut self, head: Head) -> (Sender, usize) {
        let mut ways = self.connect(head);
        ways.pop().expect("a sink has one subtask")
    }

    /// The inbox of a subtask and how many inputs it has.
    pub(super) fn inbox(&mut self, head: Head, subtask: usize) -> (Inbox, usize) {
        let end = self.ends.get_mut(&head).expect("every receiver is wired");
        let inbox = end.inboxes[subtask].take();
        (inbox.expect("an inbox is taken once"), end.inputs)
    }

    fn connect(&mut self, head: Head) -> Vec<(Sender, usize)> {
        let end = self.ends.get_mut(&head).expect("every receiver is wired");
        let input = end.next_input;
        end.next_input += 1;
        debug_assert!(input < end.inputs);
        let senders = end.senders.iter().cloned();
        senders.map(|sender| (sender, input)).collect()
    }
}

impl End {
    fn new(subtasks: usize, inputs: usize, capacity: Capacity) -> Self {
        let channels = (0..subtasks).map(|_| capacity.channel(inputs));
        let (senders, inboxes): (Vec<_>, Vec<_>) = channels.unzip();
        Self {
            senders,
            inboxes: inboxes.into_iter().map(Some).collect(),
            inputs,
            next_input: 0,
        }
    }
}
