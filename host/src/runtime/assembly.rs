//! Opens everything that a plan names and puts the subtasks of a job together.

use std::sync::{Arc, atomic::AtomicBool};

use anyhow::Context;

use super::{
    chain::{Branch, Fork, SideOutputs, Stage, TOLD_DEAD_LETTERS},
    drift::DriftBoard,
    graph::{Edge, ForkSpec, Head, Vertex, vertices},
    sink_task::{SinkTask, WrittenSink},
    source_task::{OPEN_PARTITIONS, SourceTask},
    stage_task::StageTask,
    wiring::Wiring,
};
use crate::{
    batch::Schema,
    connector::{self, Source},
    metrics::JobMetrics,
    operator::{self, DeadLetter, Guests, RejectionPolicy, Reorder, Resources, StageSpec, Work},
    pipeline::{Node, Plan, Registry},
    time::Clock,
};

/// What a job is put together from.
pub(super) struct Assembly<'a> {
    pub(super) plan: &'a Plan,
    pub(super) registry: &'a Registry,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) metrics: &'a JobMetrics,
    pub(super) stop: &'a Arc<AtomicBool>,
    pub(super) cut_short: &'a Arc<AtomicBool>,
}

/// A subtask that is ready to run.
pub(super) enum Task {
    Source(SourceTask),
    Stage(StageTask),
    Sink(SinkTask),
}

impl Task {
    /// Runs to the end; a sink is handed back to be finished.
    pub(super) fn run(self) -> anyhow::Result<Option<WrittenSink>> {
        match self {
            Self::Source(task) => task.run().map(|()| None),
            Self::Stage(task) => task.run().map(|()| None),
            Self::Sink(task) => task.run().map(Some),
        }
    }
}

impl Assembly<'_> {
    /// The subtasks of the job, with their names.
    pub(super) fn tasks(&self) -> anyhow::Result<Vec<(String, Task)>> {
        let sources: Vec<Arc<dyn Source>> = self
            .plan
            .sources
            .iter()
            .map(|source| {
                let opened = connector::open_source(&source.config, Arc::clone(self.clock))
                    .with_context(|| format!("source `{}` cannot be opened", source.name))?;
                Ok(Arc::from(opened))
            })
            .collect::<anyhow::Result<_>>()?;
        let partitions: Vec<usize> = sources.iter().map(|source| source.partitions()).collect();
        let vertices = vertices(self.plan, &partitions);
        let mut wiring = Wiring::new(self.plan, &vertices);
        let mut tasks = Vec::new();
        for vertex in &vertices {
            match vertex.head {
                Head::Source(index) => {
                    self.source_tasks(index, vertex, &sources[index], &mut wiring, &mut tasks)?;
                }
                Head::Stage(index) => {
                    self.stage_tasks(index, vertex, &mut wiring, &mut tasks)?;
                }
                Head::Sink(_) | Head::DeadLetters => {
                    tasks.push(self.sink_task(vertex, &mut wiring)?);
                }
            }
        }
        Ok(tasks)
    }

    fn source_tasks(
        &self,
        index: usize,
        vertex: &Vertex,
        source: &Arc<dyn Source>,
        wiring: &mut Wiring<'_>,
        tasks: &mut Vec<(String, Task)>,
    ) -> anyhow::Result<()> {
        let plan = &self.plan.sources[index];
        let name: Arc<str> = plan.name.as_str().into();
        let metrics = &self.metrics.sources[index];
        let drift = Arc::new(DriftBoard::new(vertex.parallelism, plan.max_drift));
        for subtask in 0..vertex.parallelism {
            let task = SourceTask {
                name: Arc::clone(&name),
                subtask,
                source: Arc::clone(source),
                max_open: OPEN_PARTITIONS.div_ceil(vertex.parallelism),
                delay: plan.delay,
                drift: Arc::clone(&drift),
                rejects: RejectionPolicy::of_source(
                    Arc::clone(&name),
                    plan.on_error,
                    self.plan.max_dead_letters,
                    Arc::clone(metrics),
                ),
                metrics: Arc::clone(metrics),
                fork: self.fork(&vertex.fork, &plan.schema, wiring)?,
                side: SideOutputs {
                    late: Vec::new(),
                    dead_letters: wiring.dead_letters()?,
                    untold: TOLD_DEAD_LETTERS,
                },
                stop: Arc::clone(self.stop),
                cut_short: Arc::clone(self.cut_short),
            };
            tasks.push((format!("{name}-{subtask}"), Task::Source(task)));
        }
        Ok(())
    }

    fn stage_tasks(
        &self,
        index: usize,
        vertex: &Vertex,
        wiring: &mut Wiring<'_>,
        tasks: &mut Vec<(String, Task)>,
    ) -> anyhow::Result<()> {
        let plan = &self.plan.stages[index];
        for subtask in 0..vertex.parallelism {
            let late = match plan.late {
                None => Vec::new(),
                Some(sink) => {
                    let edge = Edge {
                        to: Head::Sink(sink),
                        key: Vec::new(),
                    };
                    vec![(sink, wiring.output(&edge, &[])?)]
                }
            };
            let side = SideOutputs {
                late,
                dead_letters: wiring.dead_letters()?,
                untold: TOLD_DEAD_LETTERS,
            };
            let (inbox, inputs) = wiring.inbox(vertex.head, subtask);
            let task = StageTask {
                inbox,
                inputs,
                stage: self.stage(index)?,
                fork: self.fork(&vertex.fork, &plan.schema, wiring)?,
                side,
            };
            tasks.push((format!("{}-{subtask}", plan.name), Task::Stage(task)));
        }
        Ok(())
    }

    fn sink_task(
        &self,
        vertex: &Vertex,
        wiring: &mut Wiring<'_>,
    ) -> anyhow::Result<(String, Task)> {
        let (name, config, schema, metrics) = match vertex.head {
            Head::Sink(index) => {
                let plan = &self.plan.sinks[index];
                let metrics = Arc::clone(&self.metrics.sinks[index]);
                (
                    plan.name.as_str(),
                    &plan.config,
                    plan.schema.clone(),
                    metrics,
                )
            }
            _ => {
                let config = self.plan.dead_letters.as_ref();
                let config = config.context("there is no sink for dead letters")?;
                let metrics = Arc::clone(&self.metrics.dead_letters);
                ("dead_letters", config, DeadLetter::schema(), metrics)
            }
        };
        let sink = connector::open_sink(config, &schema)
            .with_context(|| format!("sink `{name}` cannot be opened"))?;
        let (inbox, inputs) = wiring.inbox(vertex.head, 0);
        let task = SinkTask {
            name: name.into(),
            inbox,
            inputs,
            // One subtask hands its rows on in order.
            reorder: match inputs {
                1 => None,
                _ => self.reorder(vertex.head, &schema)?,
            },
            sink,
            metrics,
            outlives_failure: vertex.head == Head::DeadLetters,
        };
        Ok((name.to_owned(), Task::Sink(task)))
    }

    /// What puts the rows of a sink in order if they are those of one windowed stage.
    fn reorder(&self, head: Head, schema: &Schema) -> anyhow::Result<Option<Reorder>> {
        let Head::Sink(sink) = head else {
            return Ok(None);
        };
        let [Node::Stage(stage)] = self.plan.sinks[sink].inputs[..] else {
            return Ok(None);
        };
        match &self.plan.stages[stage].work {
            // Key columns come first, then the window's start and end if it has them.
            Work::Aggregate(work) => {
                let keys: Vec<usize> = (0..work.key.len()).collect();
                let end = work.window.has_bounds().then_some(work.key.len() + 1);
                Reorder::new(schema, end, &keys).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn fork(
        &self,
        spec: &ForkSpec,
        schema: &Schema,
        wiring: &mut Wiring<'_>,
    ) -> anyhow::Result<Fork> {
        let mut fork = Fork::default();
        for branch in &spec.branches {
            let schema = &self.plan.stages[branch.stage].schema;
            fork.branches.push(Branch {
                stage: self.stage(branch.stage)?,
                fork: self.fork(&branch.fork, schema, wiring)?,
            });
        }
        let types: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| field.data_type.to_arrow())
            .collect();
        for edge in &spec.edges {
            fork.outputs.push(wiring.output(edge, &types)?);
        }
        Ok(fork)
    }

    /// One subtask's copy of a stage.
    fn stage(&self, index: usize) -> anyhow::Result<Stage> {
        let plan = &self.plan.stages[index];
        let name: Arc<str> = plan.name.as_str().into();
        let metrics = &self.metrics.stages[index];
        let spec = StageSpec {
            name: Arc::clone(&name),
            input: plan.input_schema.clone(),
            right: plan.right_schema.clone(),
            output: plan.schema.clone(),
            work: plan.work.clone(),
            on_error: plan.on_error,
            max_dead_letters: self.plan.max_dead_letters,
            late: plan.late,
        };
        let resources = Resources {
            guests: self.guests(index)?,
            metrics: Arc::clone(metrics),
            clock: Arc::clone(self.clock),
        };
        let operator = operator::open(&spec, resources)
            .with_context(|| format!("stage `{name}` cannot be opened"))?;
        Ok(Stage {
            name,
            operator,
            metrics: Arc::clone(metrics),
        })
    }

    /// An instance of each library that a stage calls.
    fn guests(&self, index: usize) -> anyhow::Result<Guests> {
        let stage = &self.plan.stages[index];
        let libraries = stage.work.libraries().into_iter();
        let instances = libraries.map(|library| {
            Ok((
                library,
                self.registry.instantiate(self.plan, stage, library)?,
            ))
        });
        Ok(Guests::new(instances.collect::<anyhow::Result<_>>()?))
    }
}
