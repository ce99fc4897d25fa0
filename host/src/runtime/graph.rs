//! Plan to vertices: what runs as one kind of subtask, and how rows get from one to the next.

use crate::{
    operator::Side,
    pipeline::{Node, Plan},
};

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
    /// The side of the receiver that takes the rows; the left one unless it is a join.
    pub(super) side: Side,
    /// The columns whose values decide which subtask gets a row; empty if there is but one.
    pub(super) key: Vec<usize>,
}

/// Ways that may lead to a stateless stage before it gets a vertex of its own. A stage is chained once
/// for each way, and layers of unions double the ways with each layer.
const MAX_WAYS: usize = 16;

/// The vertices of a plan; `partitions` tells how many partitions each source has.
pub(super) fn vertices(plan: &Plan, partitions: &[usize]) -> Vec<Vertex> {
    let mut vertices = Vec::new();
    let heads = heads(plan);
    for (index, &partitions) in partitions.iter().enumerate() {
        vertices.push(Vertex {
            head: Head::Source(index),
            parallelism: plan.parallelism.min(partitions).max(1),
            fork: fork(plan, &heads, Node::Source(index)),
        });
    }
    for (index, stage) in plan.stages.iter().enumerate() {
        if !heads[index] {
            continue;
        }
        let is_split = stage
            .work
            .key(Side::Left)
            .is_some_and(|key| !key.is_empty());
        vertices.push(Vertex {
            head: Head::Stage(index),
            parallelism: if is_split { plan.parallelism } else { 1 },
            fork: fork(plan, &heads, Node::Stage(index)),
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

/// How many threads may decode each of so many partitions, so that as many are busy with a source as its
/// subtasks would be if there were more partitions.
pub(super) const fn threads_of_a_partition(parallelism: usize, partitions: usize) -> usize {
    let partitions = if partitions == 0 { 1 } else { partitions };
    (parallelism + partitions / 2) / partitions
}

/// Which stages begin a vertex: those with a key, and those that too many ways lead to.
fn heads(plan: &Plan) -> Vec<bool> {
    let mut ways: Vec<usize> = Vec::with_capacity(plan.stages.len());
    let mut heads = Vec::with_capacity(plan.stages.len());
    // Every stage comes after those it reads.
    for stage in &plan.stages {
        let from = stage.inputs.iter().map(|input| match *input {
            Node::Source(_) => 1,
            Node::Stage(stage) => ways[stage],
        });
        let all: usize = from.sum();
        let is_head = stage.work.is_keyed() || all > MAX_WAYS;
        ways.push(if is_head { 1 } else { all });
        heads.push(is_head);
    }
    heads
}

/// What happens to the rows of `node`. A stateless stage that reads several nodes is chained behind
/// each of them: a union of streams needs no place where they meet.
fn fork(plan: &Plan, heads: &[bool], node: Node) -> ForkSpec {
    let mut spec = ForkSpec::default();
    for (index, stage) in plan.stages.iter().enumerate() {
        let reads = |inputs: &[Node]| inputs.contains(&node);
        if heads[index] {
            let sides = [
                (Side::Left, &stage.inputs),
                (Side::Right, &stage.right_inputs),
            ];
            let read = sides.into_iter().filter(|(_, inputs)| reads(inputs));
            spec.edges.extend(read.map(|(side, _)| Edge {
                to: Head::Stage(index),
                side,
                key: stage.work.key(side).unwrap_or_default().to_vec(),
            }));
        } else if reads(&stage.inputs) {
            spec.branches.push(BranchSpec {
                stage: index,
                fork: fork(plan, heads, Node::Stage(index)),
            });
        }
    }
    for (index, sink) in plan.sinks.iter().enumerate() {
        if sink.inputs.contains(&node) {
            spec.edges.push(Edge::whole(Head::Sink(index)));
        }
    }
    spec
}

impl Edge {
    /// A way to a vertex of one subtask.
    pub(super) const fn whole(to: Head) -> Self {
        Self {
            to,
            side: Side::Left,
            key: Vec::new(),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::threads_of_a_partition;

    #[test]
    fn partitions_share_the_threads_of_their_source() {
        for (parallelism, partitions, expected) in [
            (1, 1, 1),
            (2, 1, 2),
            (8, 3, 3),
            (8, 5, 2),
            (8, 6, 1),
            (4, 4, 1),
            (2, 0, 2),
        ] {
            let threads = threads_of_a_partition(parallelism, partitions);
            assert_eq!(threads, expected, "{parallelism} for {partitions}");
        }
        // Partitions that wait for others have no threads of their own.
        for partitions in 4..100 {
            assert!(threads_of_a_partition(4, partitions) <= 1);
        }
    }
}
