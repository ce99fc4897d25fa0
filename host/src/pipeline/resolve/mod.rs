//! From what the file says to a plan: names become places in the plan, columns get types, functions
//! are looked up.
//!
//! What cannot be resolved is reported once; what depends on it is passed over in silence.

mod aggregate;
mod argument;
mod build;
mod call;
mod columns;
mod graph;
mod join;
mod late;
mod loader;
mod lookup;
mod names;
mod output;
mod pairs;
mod role;
mod rows;
mod sink;
mod source;
mod stage;
mod stream;
mod table;
mod top;
mod unread;
mod upsert;
mod window;

use std::collections::HashMap;

use super::{
    Diagnostic, Plan, SinkPlan, StagePlan, TablePlan,
    reader::Context,
    spec::{SinkSpec, Spec, StageSpec},
};
use crate::batch::Schema;
pub(super) use build::builds;
use graph::Graph;
use late::Late;
use loader::Loader;
use names::{Member, Names};
use stage::Scope;
use stream::Stream;
use table::Lookups;

/// Reports a job that is to be started again and would have nothing to go on from.
fn check_restart(spec: &Spec, context: &Context<'_>) {
    if let Some(restart) = &spec.restart
        && !spec.has_checkpoint
    {
        let message = "`[restart]` needs checkpoints to go on from";
        let help = "add a section `[checkpoint]`".to_owned();
        context.report(Diagnostic::new(restart.place, message).help(help));
    }
}

/// Resolves a pipeline. Gives nothing only where a mistake has been reported.
pub(super) fn resolve(spec: &Spec, context: &Context<'_>) -> Option<Plan> {
    let names = Names::new(spec, context);
    let graph = Graph::new(spec, &names, context);
    unread::check(spec, &graph, context);
    let late = Late::new(spec, &names, context);
    let lookups = Lookups::new(spec, &names, context);
    sink::check_paths(spec, context);
    source::check_stdin(spec, context);
    check_restart(spec, context);
    let builds = builds(spec, context);

    let mut sources = Vec::new();
    let mut streams = HashMap::new();
    for (index, source) in spec.sources.iter().enumerate() {
        let source = source::resolve(source, context);
        if let Some(source) = &source {
            streams.insert(Member::Source(index), Stream::of_source(source));
        }
        sources.push(source);
    }
    let tables = spec.tables.iter();
    let mut resolver = Resolver {
        graph: &graph,
        late: &late,
        lookups: &lookups,
        streams,
        tables: tables.map(|table| table::resolve(table, context)).collect(),
        late_schemas: HashMap::new(),
        context,
    };
    let mut libraries = Loader::new(context);
    let mut stages = Vec::new();
    for &index in &graph.order {
        stages.push(resolver.stage(index, &spec.stages[index], &mut libraries));
    }
    let libraries = libraries.finish();
    let sinks = spec.sinks.iter().enumerate();
    let sinks: Vec<_> = sinks
        .map(|(index, sink)| resolver.sink(index, sink))
        .collect();
    Some(Plan {
        name: spec.name.clone()?,
        parallelism: spec.parallelism.unwrap_or(context.environment.cores.max(1)),
        sources: sources.into_iter().collect::<Option<_>>()?,
        stages: stages.into_iter().collect::<Option<_>>()?,
        sinks: sinks.into_iter().collect::<Option<_>>()?,
        tables: resolver.tables.into_iter().collect::<Option<_>>()?,
        dead_letters: spec
            .dead_letters
            .as_ref()
            .map(|output| output.config.clone()),
        libraries,
        max_dead_letters: spec.max_dead_letters,
        checkpoint: spec
            .checkpoint
            .as_ref()
            .map(|checkpoint| checkpoint.config.clone()),
        restart: spec.restart.map(|restart| restart.policy),
        builds,
    })
}

/// What is known while the stages of a pipeline are resolved, each after those it reads.
struct Resolver<'a> {
    graph: &'a Graph,
    late: &'a Late,
    lookups: &'a Lookups,
    /// The rows of sources and stages.
    streams: HashMap<Member, Stream>,
    tables: Vec<Option<TablePlan>>,
    /// The columns of late rows, by the sink that they go to.
    late_schemas: HashMap<usize, Schema>,
    context: &'a Context<'a>,
}

impl Resolver<'_> {
    /// Resolves the stage at the place `index` of the spec.
    fn stage(
        &mut self,
        index: usize,
        spec: &StageSpec,
        libraries: &mut Loader<'_>,
    ) -> Option<StagePlan> {
        let (graph, context) = (self.graph, self.context);
        let inputs = graph.stage_inputs[index].as_deref();
        let rights = graph.right_inputs[index].as_deref();
        let input =
            inputs.and_then(|inputs| stream::union(&spec.from, inputs, &self.streams, context));
        let right =
            rights.and_then(|inputs| stream::union(&spec.with, inputs, &self.streams, context));
        let table = self.lookups.of_stage[index];
        let scope = Scope {
            stage: spec,
            input: input.as_ref(),
            right: right.as_ref(),
            table: table.and_then(|table| Some((table, self.tables[table].as_ref()?))),
            context,
        };
        let work = spec.work.as_ref();
        libraries.allow(&spec.allow);
        let resolved = work.and_then(|work| stage::resolve(work, &scope, libraries));
        if let (Some(sink), Some(input)) = (self.late.of_stage[index], &input) {
            self.late_schemas.insert(sink, input.schema.clone());
        }
        let stage::Resolved { work, output } = resolved?;
        self.streams.insert(Member::Stage(index), output.clone());
        Some(StagePlan {
            name: spec.name.value.clone(),
            inputs: graph.nodes(inputs?),
            right_inputs: rights.map_or(Vec::new(), |rights| graph.nodes(rights)),
            input_schema: input?.schema,
            right_schema: right.map_or(Schema::default(), |right| right.schema),
            upsert_key: output.upsert_key(),
            schema: output.schema,
            has_event_time: output.event_time,
            work,
            on_error: spec.on_error,
            limits: spec.limits,
            allow: spec.allow.clone(),
            late: self.late.of_stage[index],
        })
    }

    /// Resolves the sink at the place `index` of the spec.
    fn sink(&mut self, index: usize, spec: &SinkSpec) -> Option<SinkPlan> {
        let inputs = self.graph.sink_inputs[index].as_deref();
        let input = inputs
            .and_then(|inputs| stream::union(&spec.from, inputs, &self.streams, self.context));
        let (schema, upsert_key) = match self.late_schemas.remove(&index) {
            Some(schema) => (schema, None),
            None => {
                let input = input?;
                (input.schema.clone(), input.upsert_key())
            }
        };
        let output = spec.output.as_ref()?;
        Some(SinkPlan {
            name: spec.name.value.clone(),
            summary: output.summary.clone(),
            inputs: inputs.map_or(Vec::new(), |inputs| self.graph.nodes(inputs)),
            config: output.config.clone(),
            schema,
            upsert_key,
        })
    }
}
