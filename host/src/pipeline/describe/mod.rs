//! A plan in words, as `tidemill check` prints it.

mod lines;
mod parts;
mod source;
mod stage;
mod work;

use std::fmt;

use super::{CheckpointConfig, Node, Plan, RestartPolicy, SinkPlan, StagePlan};
use crate::connector::SinkConfig;
use lines::{columns, line, names, title};

pub(super) use parts::Parts;
pub(super) use stage::limits;

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "pipeline {}", self.name)?;
        self.head(formatter)?;
        for source in &self.sources {
            source::source(source, formatter)?;
        }
        for table in &self.tables {
            source::table(table, formatter)?;
        }
        for stage in &self.stages {
            stage::stage(self, stage, formatter)?;
        }
        for sink in &self.sinks {
            self.sink(sink, formatter)?;
        }
        Ok(())
    }
}

impl Plan {
    /// What is said of the job as a whole.
    fn head(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        if let Some(CheckpointConfig {
            location,
            interval,
            keep,
        }) = &self.checkpoint
        {
            let text = format!("every {interval} to {location}; the last {keep} are kept");
            line(formatter, "checkpoints", &text)?;
        }
        if let Some(RestartPolicy {
            attempts,
            delay,
            max_delay,
        }) = &self.restart
        {
            let text = format!("{attempts} times in a row, after {delay} to {max_delay}");
            line(formatter, "restarts", &text)?;
        }
        for build in &self.builds {
            title(formatter, "build", &build.name)?;
            line(formatter, "command", &build.command.to_string())?;
            if !build.watch.is_empty() {
                line(formatter, "watches", &build.watch.join(", "))?;
            }
        }
        Ok(())
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
            self.names_of(&sink.inputs)
        };
        line(formatter, "from", &from)?;
        line(formatter, "exchange", "gather")?;
        line(formatter, "writes", &sink.summary)?;
        if let Some(key) = &sink.upsert_key {
            let by = by(&names(key, &sink.schema));
            let text = match sink.config {
                SinkConfig::Test => by,
                _ => format!("{by}; all of them are written"),
            };
            line(formatter, "replaces", &text)?;
        }
        columns(formatter, &sink.schema)
    }

    fn names_of(&self, nodes: &[Node]) -> String {
        let name = |node: &Node| match node {
            Node::Source(index) => self.sources[*index].name.as_str(),
            Node::Stage(index) => self.stages[*index].name.as_str(),
        };
        let names: Vec<&str> = nodes.iter().map(name).collect();
        names.join(", ")
    }
}

/// What a row replaces, as in `by sensor, window_end`.
fn by(names: &str) -> String {
    if names.is_empty() {
        return "the row before".to_owned();
    }
    format!("by {names}")
}
