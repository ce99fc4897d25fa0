//! From what the file says to a plan: names become places in the plan, columns get types, functions
//! are looked up.
//!
//! What cannot be resolved is reported once; what depends on it is passed over in silence.

mod argument;
mod call;
mod columns;
mod graph;
mod late;
mod loader;
mod names;
mod output;
mod role;
mod sink;
mod source;
mod stage;
mod stream;
mod unread;

use std::collections::HashMap;

use super::{
    Node, Plan, SinkPlan, StagePlan,
    reader::Context,
    spec::{Spec, StageSpec},
};
use crate::batch::Schema;
use graph::Graph;
use late::Late;
use loader::Loader;
use names::{Member, Names};
use stream::Stream;

/// Resolves a pipeline. Gives nothing only where a mistake has been reported.
pub(super) fn resolve(spec: &Spec, context: &Context<'_>) -> Option<Plan> {
    let names = Names::new(spec, context);
    let graph = Graph::new(spec, &names, context);
    unread::check(spec, &graph, context);
    let late = Late::new(spec, &names, context);
    sink::check_paths(spec, context);

    let sources: Vec<_> = spec
        .sources
        .iter()
        .map(|source| source::resolve(source, context))
        .collect();
    source::check_stdin(spec, context);
    let mut streams: HashMap<Member, Stream> = HashMap::new();
    for (index, source) in sources.iter().enumerate() {
        if let Some(source) = source {
            streams.insert(Member::Source(index), Stream::of_source(source));
        }
    }

    let mut libraries = Loader::new(context);
    let mut stages = Vec::new();
    let mut late_schemas = HashMap::new();
    for &index in &graph.order {
        let stage = &spec.stages[index];
        let inputs = graph.stage_inputs[index].as_deref();
        let input = inputs.and_then(|inputs| stream::union(&stage.from, inputs, &streams, context));
        let work = stage
            .work
            .as_ref()
            .and_then(|work| stage::resolve(work, input.as_ref(), &mut libraries, context));
        if let Some(work) = &work {
            streams.insert(Member::Stage(index), work.output.clone());
        }
        if let (Some(sink), Some(input)) = (late.of_stage[index], &input) {
            late_schemas.insert(sink, input.schema.clone());
        }
        let plan = |work: stage::Resolved| {
            plan_stage(
                stage,
                graph.nodes(inputs?),
                input?,
                work,
                late.of_stage[index],
            )
        };
        stages.push(work.and_then(plan));
    }
    let libraries = libraries.finish();
    let sinks: Vec<_> = (spec.sinks.iter().enumerate())
        .map(|(index, sink)| {
            let inputs = graph.sink_inputs[index].as_deref();
            let input = inputs.and_then(|list| stream::union(&sink.from, list, &streams, context));
            let schema = match late_schemas.remove(&index) {
                Some(schema) => schema,
                None => input?.schema,
            };
            let output = sink.output.as_ref()?;
            Some(SinkPlan {
                name: sink.name.value.clone(),
                summary: output.summary.clone(),
                inputs: inputs.map_or(Vec::new(), |inputs| graph.nodes(inputs)),
                config: output.config.clone(),
                schema,
                upsert_key: None,
            })
        })
        .collect();
    Some(Plan {
        name: spec.name.clone()?,
        parallelism: spec.parallelism.unwrap_or(context.environment.cores.max(1)),
        sources: sources.into_iter().collect::<Option<_>>()?,
        stages: stages.into_iter().collect::<Option<_>>()?,
        sinks: sinks.into_iter().collect::<Option<_>>()?,
        tables: Vec::new(),
        dead_letters: spec
            .dead_letters
            .as_ref()
            .map(|output| output.config.clone()),
        libraries,
        max_dead_letters: spec.max_dead_letters,
    })
}

fn plan_stage(
    spec: &StageSpec,
    inputs: Vec<Node>,
    input: Stream,
    work: stage::Resolved,
    late: Option<usize>,
) -> Option<StagePlan> {
    Some(StagePlan {
        name: spec.name.value.clone(),
        inputs,
        right_inputs: Vec::new(),
        input_schema: input.schema,
        right_schema: Schema::default(),
        schema: work.output.schema,
        has_event_time: work.output.event_time,
        upsert_key: None,
        work: work.work,
        on_error: spec.on_error,
        limits: spec.limits,
        late,
    })
}
