//! A plan in words, as `tidemill check` prints it.

use std::fmt::{self, Write as _};

use super::{Node, Plan, SinkPlan, SourcePlan, StagePlan, reader::Size};
use crate::{
    batch::Schema,
    connector::{Decoding, EventTimeUnit, SinkConfig, SourceConfig},
    operator::{Call, Side, Work},
};

/// The width of the column of labels.
const LABEL: usize = 12;

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "pipeline {}", self.name)?;
        line(formatter, "parallelism", &self.parallelism.to_string())?;
        let letters = match &self.dead_letters {
            None => "counted and logged",
            Some(SinkConfig::Stdout { .. }) => "to stdout",
            Some(SinkConfig::File { .. }) => "to files",
            Some(SinkConfig::Blackhole) => "counted",
            Some(SinkConfig::Test) => "kept for the case",
        };
        let letters = format!(
            "{letters}; more than {} in a row stop the job",
            self.max_dead_letters
        );
        line(formatter, "dead letters", &letters)?;
        for source in &self.sources {
            self.source(source, formatter)?;
        }
        for stage in &self.stages {
            self.stage(stage, formatter)?;
        }
        for sink in &self.sinks {
            self.sink(sink, formatter)?;
        }
        Ok(())
    }
}

impl Plan {
    fn source(&self, source: &SourcePlan, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        title(formatter, "source", &source.name)?;
        line(formatter, "reads", &source.summary)?;
        line(formatter, "event time", &event_time(source))?;
        line(formatter, "on error", &source.on_error.to_string())?;
        columns(formatter, &source.schema)
    }

    fn stage(&self, stage: &StagePlan, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        title(formatter, "stage", &stage.name)?;
        line(formatter, "from", &self.names(&stage.inputs))?;
        line(formatter, "exchange", &exchange(stage))?;
        let (verb, window) = match &stage.work {
            Work::Filter(_) => ("filter", None),
            Work::Map { .. } => ("map", None),
            Work::FlatMap { .. } => ("flat map", None),
            Work::Aggregate(work) => ("aggregate", Some(&work.window)),
            Work::Process(_) => ("process", None),
            Work::Top(work) => ("top", Some(&work.window)),
            Work::Join(_) => ("join", None),
            Work::Lookup(_) => ("lookup", None),
        };
        if let Some(window) = window {
            line(formatter, "window", &window.to_string())?;
        }
        for call in stage.work.calls() {
            let library = &self.libraries[call.library];
            let digest: String = library.digest.chars().take(12).collect();
            let function = format!("{} of {} ({digest})", call.function, library.name);
            line(formatter, verb, &function)?;
            for argument in arguments(call, &stage.input_schema) {
                line(formatter, "", &argument)?;
            }
        }
        if let Some(late) = stage.late {
            line(
                formatter,
                "late rows",
                &format!("to {}", self.sinks[late].name),
            )?;
        }
        let memory = Size(stage.limits.memory);
        let limits = format!("{memory} of memory, {} a call", stage.limits.deadline);
        line(formatter, "limits", &limits)?;
        line(formatter, "on error", &stage.on_error.to_string())?;
        columns(formatter, &stage.schema)
    }

    fn sink(&self, sink: &SinkPlan, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        title(formatter, "sink", &sink.name)?;
        let from = if sink.inputs.is_empty() {
            let late = |stage: &&StagePlan| {
                let taker = stage.late.and_then(|index| self.sinks.get(index));
                taker.is_some_and(|taker| taker.name == sink.name)
            };
            let stages = self.stages.iter().filter(late);
            let names: Vec<&str> = stages.map(|stage| stage.name.as_str()).collect();
            format!("late rows of {}", names.join(", "))
        } else {
            self.names(&sink.inputs)
        };
        line(formatter, "from", &from)?;
        line(formatter, "exchange", "gather")?;
        line(formatter, "writes", &sink.summary)?;
        columns(formatter, &sink.schema)
    }

    fn names(&self, nodes: &[Node]) -> String {
        let name = |node: &Node| match node {
            Node::Source(index) => self.sources[*index].name.as_str(),
            Node::Stage(index) => self.stages[*index].name.as_str(),
        };
        let names: Vec<&str> = nodes.iter().map(name).collect();
        names.join(", ")
    }
}

fn title(formatter: &mut fmt::Formatter<'_>, kind: &str, name: &str) -> fmt::Result {
    writeln!(formatter, "\n{kind} {name}")
}

fn line(formatter: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    writeln!(formatter, "  {label:LABEL$}  {text}")
}

fn columns(formatter: &mut fmt::Formatter<'_>, schema: &Schema) -> fmt::Result {
    let names = schema
        .fields()
        .iter()
        .map(|field| field.name.chars().count());
    let width = names.max().unwrap_or(0);
    for (index, field) in schema.fields().iter().enumerate() {
        let label = if index == 0 { "columns" } else { "" };
        let nulls = if field.nullable { "?" } else { "" };
        let text = format!("{:width$}  {}{nulls}", field.name, field.data_type);
        line(formatter, label, &text)?;
    }
    Ok(())
}

fn event_time(source: &SourcePlan) -> String {
    let decoding = match &source.config {
        SourceConfig::File { decoding, .. }
        | SourceConfig::Stdin { decoding }
        | SourceConfig::Socket { decoding, .. }
        | SourceConfig::Test { decoding } => Some(decoding),
        SourceConfig::Generator(_) => None,
    };
    if !source.event_time {
        return "none".to_owned();
    }
    let mut text = decoding.map_or(String::new(), column_and_unit);
    let separator = if text.is_empty() { "" } else { ", " };
    let _ = write!(text, "{separator}watermark {} behind", source.delay);
    if let SourceConfig::File { .. } = source.config {
        let _ = write!(text, ", files at most {} apart", source.max_drift);
    }
    if let Some(ahead) = decoding.and_then(|decoding| decoding.max_ahead) {
        let _ = write!(text, ", at most {ahead} ahead of the clock");
    }
    text
}

/// As in `ts in ms`.
fn column_and_unit(decoding: &Decoding) -> String {
    let Some(time) = &decoding.event_time else {
        return String::new();
    };
    let unit = match &time.unit {
        EventTimeUnit::Seconds => "s",
        EventTimeUnit::Millis => "ms",
        EventTimeUnit::Micros => "us",
        EventTimeUnit::Nanos => "ns",
        EventTimeUnit::Rfc3339 => "rfc3339",
        EventTimeUnit::Pattern(pattern) => pattern,
    };
    format!("{} in {unit}", decoding.schema.fields()[time.column].name)
}

/// How rows get from the subtasks before a stage to its own.
fn exchange(stage: &StagePlan) -> String {
    match stage.work.key(Side::Left) {
        None => "none".to_owned(),
        Some([]) => "gather".to_owned(),
        Some(key) => {
            let fields = stage.input_schema.fields();
            let names: Vec<&str> = key.iter().map(|i| fields[*i].name.as_str()).collect();
            format!("hash exchange on {}", names.join(", "))
        }
    }
}

/// As in `celsius = temperature as float64`, where that is not plain from the names.
fn arguments(call: &Call, input: &Schema) -> Vec<String> {
    let pairs = call.function.parameters.iter().zip(&call.arguments);
    let argument = pairs.map(|(parameter, argument)| {
        let column = &input.fields()[argument.column];
        let cast = argument
            .cast
            .map_or(String::new(), |wide| format!(" as {wide}"));
        format!("{} = {}{cast}", parameter.name, column.name)
    });
    argument.collect()
}
