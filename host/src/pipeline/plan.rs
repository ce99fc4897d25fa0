//! The plan of a pipeline: what the runtime does, with every name resolved and every type checked.
//!
//! Plain data. It says what happens, not how it is spread over subtasks.

use std::{fmt, num::TryFromIntError};

use super::{BuildConfig, CheckpointConfig, LibraryRef, RestartPolicy};
use crate::{
    batch::Schema,
    connector::{SinkConfig, SourceConfig, TableConfig},
    operator::{OnError, StageSpec, Work},
    time::Duration,
    wasm::{Allow, Limits},
};

/// What the sink of dead letters is called. No other sink is: what they have written is kept under their names.
pub const DEAD_LETTERS: &str = "dead_letters";

/// A pipeline that can run. Only [`load`](fn@super::load) makes one.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The name that state is kept under.
    pub name: String,
    /// Into how many subtasks an operator is split; at least 1.
    pub parallelism: usize,
    /// In the order of the file.
    pub sources: Vec<SourcePlan>,
    /// Every stage after those it reads.
    pub stages: Vec<StagePlan>,
    /// In the order of the file.
    pub sinks: Vec<SinkPlan>,
    /// Reference data, in the order of the file.
    pub tables: Vec<TablePlan>,
    /// Where dead letters go; `None` if they are only counted and logged.
    pub dead_letters: Option<SinkConfig>,
    /// Every library with every configuration it gets, once for each name that the file calls it by.
    pub libraries: Vec<LibraryUse>,
    /// The job stops when more than this many rows fail one after the other.
    pub max_dead_letters: u64,
    /// Where what the job knows is kept; `None` if a job that stops starts over.
    pub checkpoint: Option<CheckpointConfig>,
    /// How often the job is started again when a source or a sink fails; `None` if it is not. Only with
    /// checkpoints.
    pub restart: Option<RestartPolicy>,
    /// How components are built while the job runs, as far as the file says.
    pub builds: Vec<BuildConfig>,
}

impl Plan {
    /// What the stage at a place is to do.
    ///
    /// # Panics
    ///
    /// If there is no such stage.
    pub fn stage_spec(&self, stage: usize) -> StageSpec {
        let plan = &self.stages[stage];
        StageSpec {
            name: plan.name.as_str().into(),
            input: plan.input_schema.clone(),
            right: plan.right_schema.clone(),
            output: plan.schema.clone(),
            work: plan.work.clone(),
            on_error: plan.on_error,
            max_dead_letters: self.max_dead_letters,
            late: plan.late,
        }
    }
}

/// Something that rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// An index into [`Plan::sources`].
    Source(usize),
    /// An index into [`Plan::stages`].
    Stage(usize),
}

/// A source of a plan.
#[derive(Clone, Debug)]
pub struct SourcePlan {
    /// Unique among sources, stages and sinks.
    pub name: String,
    /// What it is in the words of the file, without the values of environment variables.
    pub summary: String,
    /// The path of its files in the words of the file, whatever is found there; `None` if it reads none.
    pub path: Option<String>,
    /// How it is read.
    pub config: SourceConfig,
    /// The columns of its rows.
    pub schema: Schema,
    /// Whether its rows have event times.
    pub event_time: bool,
    /// How far a watermark stays behind the greatest event time seen.
    pub delay: Duration,
    /// After how long without rows a partition no longer holds the others back; `None` for never.
    pub idle_timeout: Option<Duration>,
    /// How long a row that has come waits for others; `None` if rows are there as soon as they are asked for.
    pub max_latency: Option<Duration>,
    /// How far a partition may run ahead of the slowest before it waits.
    pub max_drift: Duration,
    /// What happens to rows that cannot be decoded.
    pub on_error: OnError,
}

/// A stage of a plan.
#[derive(Clone, Debug)]
pub struct StagePlan {
    /// Unique among sources, stages and sinks; its state is kept under it.
    pub name: String,
    /// Whose rows it takes; never empty, all of them with the columns of `input_schema`.
    pub inputs: Vec<Node>,
    /// Whose rows a join takes on its right side, in the same way; empty for other stages.
    pub right_inputs: Vec<Node>,
    /// The columns of the rows that come in.
    pub input_schema: Schema,
    /// The columns of the rows that come in on the right side; none without one.
    pub right_schema: Schema,
    /// The columns of the rows that go out.
    pub schema: Schema,
    /// Whether the rows that go out have event times.
    pub has_event_time: bool,
    /// The places of the columns by which a row replaces an earlier one with the same values; `None`
    /// if each row stands for itself.
    pub upsert_key: Option<Vec<usize>>,
    /// What it does.
    pub work: Work,
    /// What happens to rows that fail.
    pub on_error: OnError,
    /// What its functions may use.
    pub limits: StageLimits,
    /// What its functions may do beside computing.
    pub allow: Allow,
    /// The sink for late rows, an index into [`Plan::sinks`].
    pub late: Option<usize>,
}

/// Reference data of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct TablePlan {
    /// Unique among tables.
    pub name: String,
    /// What it is in the words of the file, without the values of environment variables.
    pub summary: String,
    /// Where it comes from.
    pub config: TableConfig,
    /// The columns of its rows.
    pub schema: Schema,
}

/// A library with a configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct LibraryUse {
    /// Where it is.
    pub reference: LibraryRef,
    /// A JSON object. It may hold secrets, so it is never printed.
    pub config: String,
    /// The digest of the component, in hexadecimal.
    pub digest: String,
    /// What the file calls it, without the values of environment variables.
    pub name: String,
    /// What has been put in the place of what the file calls so: a path, or a digest. `None` if nothing was.
    pub replaced_by: Option<String>,
}

impl LibraryUse {
    /// What messages call it: what is used, whatever the file calls it.
    pub fn shown(&self) -> &str {
        self.replaced_by.as_deref().unwrap_or(&self.name)
    }
}

/// Leaves out the path and the configuration, where secrets may be.
impl fmt::Debug for LibraryUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LibraryUse")
            .field("name", &self.name)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// What the functions of a stage may use. None of it is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageLimits {
    /// Bytes of memory of an instance.
    pub memory: u64,
    /// Time for one call.
    pub deadline: Duration,
    /// Rows that a call may give back.
    pub output_rows: u64,
    /// Bytes that a call may give back.
    pub output_bytes: u64,
    /// Lines that an instance may log in a second.
    pub log_lines: u32,
    /// Bytes that an instance may log in a second.
    pub log_bytes: u64,
    /// Elements of all tables of an instance.
    pub table_elements: u64,
    /// Core instances that a component may be made of, memories and tables that they may have.
    pub instances: u64,
}

impl StageLimits {
    /// The same as an instance gets it.
    ///
    /// # Errors
    ///
    /// If this machine cannot count that far.
    pub fn of_instance(&self) -> Result<Limits, TryFromIntError> {
        Ok(Limits {
            memory: self.memory.try_into()?,
            deadline: self.deadline.into(),
            output_rows: self.output_rows.try_into()?,
            output_bytes: self.output_bytes.try_into()?,
            log_lines: self.log_lines,
            log_bytes: self.log_bytes.try_into()?,
            table_elements: self.table_elements.try_into()?,
            instances: self.instances.try_into()?,
        })
    }
}

impl Default for StageLimits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            deadline: Duration::from_secs(1),
            output_rows: 4 << 20,
            output_bytes: 128 << 20,
            log_lines: 100,
            log_bytes: 64 << 10,
            table_elements: 1 << 20,
            instances: 256,
        }
    }
}

/// A sink of a plan.
#[derive(Clone, Debug)]
pub struct SinkPlan {
    /// Unique among sources, stages and sinks.
    pub name: String,
    /// What it is in the words of the file, without the values of environment variables.
    pub summary: String,
    /// Whose rows it takes; empty for a sink of late rows.
    pub inputs: Vec<Node>,
    /// How it is written.
    pub config: SinkConfig,
    /// The columns of its rows.
    pub schema: Schema,
    /// The places of the columns by which a row replaces an earlier one with the same values; `None`
    /// if each row stands for itself.
    pub upsert_key: Option<Vec<usize>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pipeline_does_not_say_is_what_an_instance_gets_by_itself() {
        let limits = StageLimits::default().of_instance().expect("it fits");
        assert_eq!(limits, Limits::default());
    }
}
