//! What a stage is to do, resolved: columns by place, functions by signature.

use std::{collections::BTreeSet, fmt, sync::Arc};

use crate::{
    batch::{DataType, Schema},
    wasm::Function,
    window::WindowKind,
};

/// A stage, checked: names are places and types fit.
#[derive(Clone, Debug)]
pub struct StageSpec {
    /// The stage's stable id.
    pub name: Arc<str>,
    /// The columns that come in.
    pub input: Schema,
    /// The columns that go out.
    pub output: Schema,
    /// What is done with the rows.
    pub work: Work,
    /// What becomes of rows that a function refuses.
    pub on_error: OnError,
    /// How many rows in a row may fail before the job stops.
    pub max_dead_letters: u64,
    /// The sink of rows that are late for all of their windows, by its place in the plan.
    pub late: Option<usize>,
}

/// What a stage does with its rows.
#[derive(Clone, Debug)]
pub enum Work {
    /// Keeps the rows for which the function says true.
    Filter(Call),
    /// Makes one row of each.
    Map {
        /// The function.
        call: Call,
        /// The columns of the new row.
        output: Vec<OutputColumn>,
    },
    /// Makes any number of rows of each.
    FlatMap {
        /// The function.
        call: Call,
        /// The columns of the new rows.
        output: Vec<OutputColumn>,
    },
    /// Makes one row of all rows of a key and window.
    Aggregate {
        /// The places of the key's columns.
        key: Vec<usize>,
        /// How the stream is cut.
        window: WindowKind,
        /// The functions, in the order of their results.
        calls: Vec<Call>,
    },
    /// Makes any number of rows of each, with a state for each key.
    Process {
        /// The places of the key's columns.
        key: Vec<usize>,
        /// The function.
        call: Call,
        /// The columns of the new rows.
        output: Vec<OutputColumn>,
    },
}

impl Work {
    /// The functions it calls, in order.
    pub fn calls(&self) -> &[Call] {
        match self {
            Self::Filter(call)
            | Self::Map { call, .. }
            | Self::FlatMap { call, .. }
            | Self::Process { call, .. } => std::slice::from_ref(call),
            Self::Aggregate { calls, .. } => calls,
        }
    }

    /// The libraries it calls, by their place in the plan, each once.
    pub fn libraries(&self) -> BTreeSet<usize> {
        self.calls().iter().map(|call| call.library).collect()
    }

    /// The columns of the input that say which rows belong together; `None` for a stage that looks
    /// at each row alone.
    pub fn key(&self) -> Option<&[usize]> {
        match self {
            Self::Filter(_) | Self::Map { .. } | Self::FlatMap { .. } => None,
            Self::Aggregate { key, .. } | Self::Process { key, .. } => Some(key),
        }
    }

    /// Whether rows go into windows and come out as others.
    pub const fn has_windows(&self) -> bool {
        matches!(self, Self::Aggregate { .. })
    }

    /// The key of a pipeline file that asks for it.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Filter(_) => "filter",
            Self::Map { .. } => "map",
            Self::FlatMap { .. } => "flat_map",
            Self::Aggregate { .. } => "aggregate",
            Self::Process { .. } => "process",
        }
    }
}

/// Where a column of a stage's output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputColumn {
    /// The input's column at this place.
    Input(usize),
    /// The function's result at this place.
    Result(usize),
}

/// A call of a library's function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The library, by its place in the plan.
    pub library: usize,
    /// The function.
    pub function: Function,
    /// One a parameter.
    pub arguments: Vec<Argument>,
}

/// What is passed for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The place of the input's column.
    pub column: usize,
    /// The wider type to which it is converted first.
    pub cast: Option<DataType>,
}

/// What becomes of a row that cannot be handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// It is written to the dead letters.
    #[default]
    DeadLetter,
    /// It is counted and left out.
    Skip,
    /// The job stops.
    Fail,
}

/// As in a pipeline.
impl fmt::Display for OnError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DeadLetter => "dead-letter",
            Self::Skip => "skip",
            Self::Fail => "fail",
        })
    }
}
