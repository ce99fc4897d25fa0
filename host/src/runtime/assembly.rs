//! Opens everything that a plan names and puts the subtasks of a job together.

use std::sync::{Arc, atomic::AtomicBool};

use anyhow::{Context, bail};

use super::{
    barriers::Participant,
    chain::{Branch, Fork, SideOutputs, TOLD_DEAD_LETTERS},
    checkpointing::{Ways, can_replay},
    connectors::Connectors,
    control::Control,
    drift::DriftBoard,
    former_sinks::staged_for,
    graph::{Edge, ForkSpec, Head, Vertex, threads_of_a_partition, vertices},
    message::Capacity,
    partitions::Partitions,
    row_order::reorder,
    seat::Seats,
    sink_task::SinkTask,
    source_task::{OPEN_PARTITIONS, SourceTask, Told},
    stage::{Making, Stage},
    stage_task::StageTask,
    task::Task,
    wiring::Wiring,
};
use crate::{
    batch::Schema,
    checkpoint::{Checkpoint, SourceSnapshot},
    connector::{Guarantee, Sink, Source, SourceConfig, SourceProgress, Staged, Table},
    metrics::JobMetrics,
    operator::{DeadLetter, Guests, RejectionPolicy, TimeDomain, Work},
    pipeline::{DEAD_LETTERS, Plan, Registry, SourcePlan},
    state::Share,
    time::{Clock, Duration, WatermarkRule},
};

/// What a job is put together from.
pub(super) struct Assembly<'a> {
    pub(super) plan: &'a Plan,
    pub(super) registry: &'a Registry,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) connectors: &'a dyn Connectors,
    pub(super) tables: Arc<[Arc<Table>]>,
    /// Of the channels between subtasks.
    pub(super) capacity: Capacity,
    /// What the job knew before, if it goes on.
    pub(super) before: Option<&'a Checkpoint>,
    /// The ways to whoever sends barriers.
    pub(super) ways: &'a Ways,
    pub(super) metrics: &'a JobMetrics,
    pub(super) stop: &'a Arc<AtomicBool>,
    pub(super) cut_short: &'a Arc<AtomicBool>,
}

/// The subtasks of a job.
pub(super) struct Assembled {
    /// With their names.
    pub(super) tasks: Vec<(String, Task)>,
    /// The ways of whoever makes the checkpoints to the sinks.
    pub(super) controls: Vec<Control>,
    /// Where the copies of stages are reached from outside.
    pub(super) seats: Seats,
}

impl Assembly<'_> {
    /// The subtasks of the job.
    pub(super) fn assemble(&self) -> anyhow::Result<Assembled> {
        let sources: Vec<Arc<dyn Source>> = self
            .plan
            .sources
            .iter()
            .map(|source| self.source(source))
            .collect::<anyhow::Result<_>>()?;
        let partitions: Vec<usize> = sources.iter().map(|source| source.partitions()).collect();
        let vertices = vertices(self.plan, &partitions);
        let checkpoints = self.ways.keep();
        let mut seats = Seats::new(self.plan.stages.len());
        let mut wiring = Wiring::new(self.plan, &vertices, self.capacity, checkpoints);
        let mut tasks = Vec::new();
        let mut controls = Vec::new();
        for vertex in &vertices {
            match vertex.head {
                Head::Source(index) => {
                    let source = &sources[index];
                    let (wiring, seats) = (&mut wiring, &mut seats);
                    self.source_tasks(index, vertex, source, wiring, seats, &mut tasks)?;
                }
                Head::Stage(index) => {
                    let (wiring, seats) = (&mut wiring, &mut seats);
                    self.stage_tasks(index, vertex, wiring, seats, &mut tasks)?;
                }
                Head::Sink(_) | Head::DeadLetters => {
                    // After all outputs: it is the last input of the sink.
                    if checkpoints {
                        controls.push(Control::new(wiring.control(vertex.head)));
                    }
                    tasks.push(self.sink_task(vertex, tasks.len(), &mut wiring)?);
                }
            }
        }
        Ok(Assembled {
            tasks,
            controls,
            seats,
        })
    }

    /// A source, where it was.
    fn source(&self, plan: &SourcePlan) -> anyhow::Result<Arc<dyn Source>> {
        let mut source = self.connectors.source(plan, self.clock)?;
        if let Some(before) = self.source_before(plan) {
            let resumed = progress(plan, before).and_then(|progress| source.resume(&progress));
            resumed.with_context(|| format!("source `{}` cannot be read on", plan.name))?;
        }
        // One thread that runs all subtasks does all the decoding, too.
        if self.capacity != Capacity::Unbounded {
            let partitions = source.partitions();
            source.decode_ahead(threads_of_a_partition(self.plan.parallelism, partitions));
        }
        Ok(Arc::from(source))
    }

    /// How far a source had been read, if it goes on there.
    fn source_before(&self, plan: &SourcePlan) -> Option<&SourceSnapshot> {
        let before = self.before?.snapshot.sources.get(plan.name.as_str())?;
        // What cannot be read again goes on only if there is nothing left to read.
        let is_over = before.partitions.is_empty() && !before.finished.is_empty();
        (can_replay(&plan.config) || is_over).then_some(before)
    }

    /// How the next subtask takes part in checkpoints.
    fn participant(&self, subtask: usize) -> Participant {
        self.ways.participant(subtask)
    }

    fn source_tasks(
        &self,
        index: usize,
        vertex: &Vertex,
        source: &Arc<dyn Source>,
        wiring: &mut Wiring<'_>,
        seats: &mut Seats,
        tasks: &mut Vec<(String, Task)>,
    ) -> anyhow::Result<()> {
        let plan = &self.plan.sources[index];
        let name: Arc<str> = plan.name.as_str().into();
        let metrics = &self.metrics.sources[index];
        // Files wait until there is room for them, and for each other: they do not run away.
        let (max_open, max_drift) = match plan.config {
            SourceConfig::File { .. } => {
                (OPEN_PARTITIONS.div_ceil(vertex.parallelism), plan.max_drift)
            }
            _ => (usize::MAX, Duration::MAX),
        };
        let drift = Arc::new(DriftBoard::new(vertex.parallelism, max_drift));
        let rule = WatermarkRule {
            delay: plan.delay,
            idle_timeout: plan.idle_timeout,
        };
        let before = self.before.map(|before| &before.snapshot.sources);
        let before = before.and_then(|sources| sources.get(&name));
        let is_resumed = self.source_before(plan).is_some();
        for subtask in 0..vertex.parallelism {
            seats.go_to(tasks.len());
            let partitions = Partitions::new(Arc::clone(source), max_open, rule);
            let (partitions, told) = match before {
                None => (partitions, Told::NOTHING),
                Some(before) => {
                    let known = before.partitions.clone();
                    let reopened = match is_resumed {
                        true => part_of(known.len(), subtask, vertex.parallelism),
                        false => 0,
                    };
                    // One of them is enough to remember them: there may be very many.
                    let finished = match is_resumed && subtask == 0 {
                        true => before.finished.clone(),
                        false => Vec::new(),
                    };
                    (
                        partitions.resume(known, reopened, finished),
                        Told::before(before.watermark),
                    )
                }
            };
            let task = SourceTask {
                name: Arc::clone(&name),
                subtask,
                partitions,
                drift: Arc::clone(&drift),
                max_latency: plan.max_latency,
                rejects: RejectionPolicy::of_source(
                    Arc::clone(&name),
                    plan.on_error,
                    self.plan.max_dead_letters,
                    Arc::clone(metrics),
                ),
                metrics: Arc::clone(metrics),
                fork: self.fork(&vertex.fork, &plan.schema, wiring, seats)?,
                side: SideOutputs {
                    late: Vec::new(),
                    dead_letters: wiring.dead_letters()?,
                    untold: TOLD_DEAD_LETTERS,
                },
                clock: Arc::clone(self.clock),
                told,
                stop: Arc::clone(self.stop),
                cut_short: Arc::clone(self.cut_short),
                participant: self.participant(tasks.len()),
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
        seats: &mut Seats,
        tasks: &mut Vec<(String, Task)>,
    ) -> anyhow::Result<()> {
        let plan = &self.plan.stages[index];
        for subtask in 0..vertex.parallelism {
            seats.go_to(tasks.len());
            let late = match plan.late {
                None => Vec::new(),
                Some(sink) => {
                    let edge = Edge::whole(Head::Sink(sink));
                    vec![(sink, wiring.output(&edge, &[])?)]
                }
            };
            let side = SideOutputs {
                late,
                dead_letters: wiring.dead_letters()?,
                untold: TOLD_DEAD_LETTERS,
            };
            let mut branch = Branch {
                stage: self.stage(index, seats)?,
                fork: self.fork(&vertex.fork, &plan.schema, wiring, seats)?,
            };
            let before = self
                .before
                .and_then(|before| before.snapshot.stages.get(&*plan.name));
            if let Some(before) = before {
                let subtasks = vertex.parallelism;
                let share = Share { subtask, subtasks };
                let (stage, watermark) = (&mut branch.stage, before.watermark);
                stage.restore(watermark, &before.subtasks, share)?;
            }
            let inbox = wiring.inbox(vertex.head, subtask);
            let participant = self.participant(tasks.len());
            let clock = Arc::clone(self.clock);
            let mut task = StageTask::new(inbox, branch, side, clock, participant);
            if let Some(before) = before {
                task.resume(before.watermark);
            }
            tasks.push((format!("{}-{subtask}", plan.name), Task::Stage(task)));
        }
        Ok(())
    }

    fn sink_task(
        &self,
        vertex: &Vertex,
        subtask: usize,
        wiring: &mut Wiring<'_>,
    ) -> anyhow::Result<(String, Task)> {
        let participant = self.ways.keep().then(|| self.participant(subtask));
        let inbox = wiring.inbox(vertex.head, 0);
        let Head::Sink(index) = vertex.head else {
            let config = self.plan.dead_letters.as_ref();
            let config = config.context("there is no sink for dead letters")?;
            let sink = self
                .connectors
                .dead_letters(config, &DeadLetter::schema())?;
            let metrics = Arc::clone(&self.metrics.dead_letters);
            let name: Arc<str> = DEAD_LETTERS.into();
            let sink = self.recovered(sink, &name)?;
            let task = SinkTask::new(Arc::clone(&name), inbox, sink, metrics, participant);
            let task = task.outliving_failure();
            return Ok((name.to_string(), Task::Sink(task)));
        };
        let plan = &self.plan.sinks[index];
        let name: Arc<str> = plan.name.as_str().into();
        let sink = self.recovered(self.connectors.sink(plan)?, &name)?;
        let metrics = Arc::clone(&self.metrics.sinks[index]);
        let reorder = reorder(self.plan, plan)?;
        let task = SinkTask::new(Arc::clone(&name), inbox, sink, metrics, participant);
        let mut task = task.reordered(reorder);
        let before = self.before.map(|before| &before.snapshot.sinks);
        if let Some(before) = before.and_then(|sinks| sinks.get(&name)) {
            task.restore(before)?;
        }
        Ok((name.to_string(), Task::Sink(task)))
    }

    /// A sink that knows that checkpoints are made, and has made visible what belongs to the one that the
    /// job goes on from.
    fn recovered(&self, mut sink: Box<dyn Sink>, name: &str) -> anyhow::Result<Box<dyn Sink>> {
        if self.ways.keep() {
            recover(&mut *sink, name, self.plan, self.before)?;
            let is_first = self.metrics.checkpoints.restarts.get() == 0;
            if is_first && sink.guarantee() == Guarantee::AtLeastOnce {
                tracing::warn!(
                    sink = name,
                    "it writes at least once: rows since the last checkpoint may come again if the \
                     job goes on from it",
                );
            }
        }
        Ok(sink)
    }

    fn fork(
        &self,
        spec: &ForkSpec,
        schema: &Schema,
        wiring: &mut Wiring<'_>,
        seats: &mut Seats,
    ) -> anyhow::Result<Fork> {
        let mut fork = Fork::default();
        for branch in &spec.branches {
            let schema = &self.plan.stages[branch.stage].schema;
            fork.branches.push(Branch {
                stage: self.stage(branch.stage, seats)?,
                fork: self.fork(&branch.fork, schema, wiring, seats)?,
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
    fn stage(&self, index: usize, seats: &mut Seats) -> anyhow::Result<Stage> {
        let plan = &self.plan.stages[index];
        let metrics = &self.metrics.stages[index];
        let spec = self.plan.stage_spec(index);
        let making = Making {
            clock: Arc::clone(self.clock),
            tables: Arc::clone(&self.tables),
        };
        let guests = Guests::new(self.registry.version(self.plan, plan)?);
        let actor = making
            .open(spec, guests)
            .with_context(|| format!("stage `{}` cannot be opened", plan.name))?;
        let by_clock = goes_by_clock(&plan.work);
        let (metrics, seat) = (Arc::clone(metrics), seats.add(index));
        Ok(Stage::new(making, actor, metrics, by_clock, seat))
    }
}

/// Has the sinks of a job that has come to its end make visible what belongs to it.
pub(super) fn recover_sinks(
    plan: &Plan,
    connectors: &dyn Connectors,
    before: &Checkpoint,
) -> anyhow::Result<()> {
    let settle = |mut sink: Box<dyn Sink>, name: &str| {
        recover(&mut *sink, name, plan, Some(before))?;
        sink.finish()
            .with_context(|| format!("sink `{name}` cannot be finished"))
    };
    for sink in &plan.sinks {
        settle(connectors.sink(sink)?, &sink.name)?;
    }
    match &plan.dead_letters {
        Some(config) => {
            let sink = connectors.dead_letters(config, &DeadLetter::schema())?;
            settle(sink, DEAD_LETTERS)
        }
        None => Ok(()),
    }
}

/// Has a sink go on from a checkpoint, or start over.
fn recover(
    sink: &mut dyn Sink,
    name: &str,
    plan: &Plan,
    before: Option<&Checkpoint>,
) -> anyhow::Result<()> {
    let from = before.map(|before| Staged {
        checkpoint: before.number,
        transaction: staged_for(plan, before, name),
    });
    sink.recover(from)
        .with_context(|| format!("sink `{name}` cannot go on"))
}

/// How far a source had been read, as its connector wants to know it.
///
/// # Errors
///
/// If a part of a file has been read that cannot be read again.
fn progress(plan: &SourcePlan, before: &SourceSnapshot) -> anyhow::Result<SourceProgress> {
    let mut open = Vec::new();
    for partition in &before.partitions {
        let name = &partition.name;
        match &partition.position {
            Some(position) => open.push((Arc::clone(name), position.clone())),
            None if matches!(plan.config, SourceConfig::File { .. }) => bail!(
                "a part of `{name}` has been read, and what is read of it cannot be read again: start \
                 over with `--fresh`"
            ),
            None => {}
        }
    }
    Ok(SourceProgress {
        open,
        finished: before.finished.clone(),
    })
}

/// How many of `all` are for one of `subtasks`.
const fn part_of(all: usize, subtask: usize, subtasks: usize) -> usize {
    all / subtasks + (subtask < all % subtasks) as usize
}

/// Whether the rows of a stage get their event time from the clock: those of windows by the clock.
fn goes_by_clock(work: &Work) -> bool {
    match work {
        Work::Aggregate(work) => work.time == TimeDomain::Processing && work.window.has_bounds(),
        _ => false,
    }
}
