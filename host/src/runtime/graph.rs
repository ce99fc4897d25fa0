//! Plan to vertices: what runs as one kind of subtask, and how rows get from one to the next.

use crate::pipeline::{Node, Plan};

/// What runs as one kind of subtask.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Vertex {
    /// What its subtasks begin with.
    pub(super) head: Head,
    /// How many subtasks it has.
    pub(super) parallelism: usize,
    /// What happens to the head's rows.
    pub(super) fork: ForkSpec,
}

/// What a subtask begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Head {
    /// Reads a source.
    Source(usize),
    /// Runs a keyed stage.
    Stage(usize),
    /// Writes a sink.
    Sink(usize),
    /// Writes dead letters.
    DeadLetters,
}

/// Where rows go: to chained stages, and over edges to other vertices.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ForkSpec {
    /// Stateless stages that are run in the same subtask.
    pub(super) branches: Vec<BranchSpec>,
    /// Vertices that get the rows.
    pub(super) edges: Vec<Edge>,
}

/// A chained stage and what happens to its rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BranchSpec {
    pub(super) stage: usize,
    pub(super) fork: ForkSpec,
}

/// A way from one vertex to another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) to: Head,
    /// The columns whose values decide which subtask gets a row; empty if there is but one.
    pub(super) key: Vec<usize>,
}

/// The vertices of a plan; `partitions` tells how many partitions each source has.
pub(super) fn vertices(plan: &Plan, partitions: &[usize]) -> Vec<Vertex> {
    let mut vertices = Vec::new();
    for (index, &partitions) in partitions.iter().enumerate() {
        vertices.push(Vertex {
            head: Head::Source(index),
            parallelism: plan.parallelism.min(partitions).max(1),
            fork: fork(plan, Node::Source(index)),
        });
    }
    for (index, stage) in plan.stages.iter().enumerate() {
        let Some(key) = stage.work.key() else {
            continue;
        };
        vertices.push(Vertex {
            head: Head::Stage(index),
            parallelism: if key.is_empty() { 1 } else { plan.parallelism },
            fork: fork(plan, Node::Stage(index)),
        });
    }
    let sinks = (0..plan.sinks.len()).map(Head::Sink);
    let dead_letters = plan.dead_letters.iter().map(|_| Head::DeadLetters);
    vertices.extend(sinks.chain(dead_letters).map(|head| Vertex {
        head,
        parallelism: 1,
        fork: ForkSpec::default(),
    }));
    vertices
}

/// What happens to the rows of `node`. A stateless stage that reads several nodes is chained behind
/// each of them: a union of streams needs no place where they meet.
fn fork(plan: &Plan, node: Node) -> ForkSpec {
    let mut spec = ForkSpec::default();
    for (index, stage) in plan.stages.iter().enumerate() {
        if !stage.inputs.contains(&node) {
            continue;
        }
        match stage.work.key() {
            None => spec.branches.push(BranchSpec {
                stage: index,
                fork: fork(plan, Node::Stage(index)),
            }),
            Some(key) => spec.edges.push(Edge {
                to: Head::Stage(index),
                key: key.to_vec(),
            }),
        }
    }
    for (index, sink) in plan.sinks.iter().enumerate() {
        if sink.inputs.contains(&node) {
            spec.edges.push(Edge {
                to: Head::Sink(index),
                key: Vec::new(),
            });
        }
    }
    spec
}

impl ForkSpec {
    /// Calls `visit` for every edge, in the order in which [`wiring`](super::wiring) makes them.
    pub(super) fn for_each_edge(&self, visit: &mut impl FnMut(&Edge)) {
        for branch in &self.branches {
            branch.fork.for_each_edge(visit);
        }
        self.edges.iter().for_each(visit);
    }
}
