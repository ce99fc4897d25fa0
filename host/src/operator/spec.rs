//! What a stage is to do, resolved: columns by place, functions by signature.

use std::{collections::BTreeSet, fmt, num::NonZeroU64, sync::Arc};

use super::Side;
use crate::{
    batch::{DataType, Schema},
    time::Duration,
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
    /// The columns that come in through the right side of a join; none for other stages.
    pub right: Schema,
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    Aggregate(AggregateWork),
    /// Makes any number of rows of each, with a state for each key.
    Process(ProcessWork),
    /// Keeps the first rows of each key and window in an order.
    Top(TopWork),
    /// Puts rows of two inputs together.
    Join(JoinWork),
    /// Adds the columns of a table of reference data.
    Lookup(LookupWork),
}

/// What makes one row of all rows of a key and window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateWork {
    /// The places of the key's columns.
    pub key: Vec<usize>,
    /// How the stream is cut.
    pub window: WindowKind,
    /// Whose time windows go by.
    pub time: TimeDomain,
    /// How long after its end a window still takes rows and is corrected.
    pub lateness: Duration,
    /// When rows leave.
    pub emit: Emit,
    /// The functions, in the order of their results.
    pub calls: Vec<Call>,
    /// The places of the input's columns that rows of rolling windows keep, ahead of the results.
    /// Rows of other windows begin with the key, and with the bounds of windows that have some.
    pub keep: Vec<usize>,
}

/// What makes rows of each, with a state for each key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessWork {
    /// The places of the key's columns.
    pub key: Vec<usize>,
    /// The function.
    pub call: Call,
    /// The columns of the new rows.
    pub output: Vec<OutputColumn>,
    /// How long the state of a key is kept after its last row; `None` for ever.
    pub ttl: Option<Duration>,
    /// By whose time: the input's event time if it has one.
    pub time: TimeDomain,
}

/// What keeps the first rows of each key and window. Its rows are those of the input, with their rank
/// from 1 in a last column of type `int64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopWork {
    /// The places of the key's columns.
    pub key: Vec<usize>,
    /// How the stream is cut: a window with bounds that is no session, or a global one.
    pub window: WindowKind,
    /// How many rows are kept.
    pub n: NonZeroU64,
    /// What decides, the most important first; of equal rows, the first to come.
    pub by: Vec<SortColumn>,
    /// When rows leave: `Final`, or `Update` for the rows whose rank has changed.
    pub emit: Emit,
    /// The columns that tell which row of the input another one replaces, if its rows are updates.
    pub replaces: Option<Vec<usize>>,
}

/// A column that rows are put in order by. Nulls are last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortColumn {
    /// Its place.
    pub column: usize,
    /// Whether the greatest value comes first.
    pub descending: bool,
}

/// What puts rows of two inputs together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinWork {
    /// The places of the columns that must be equal, on the left; a null is equal to nothing.
    pub left_key: Vec<usize>,
    /// The same columns on the right, with the same types.
    pub right_key: Vec<usize>,
    /// Which rows may meet.
    pub bound: JoinBound,
    /// What becomes of rows without a partner.
    pub kind: JoinKind,
    /// Where the columns of the output come from, after the bounds of a window that has some and is
    /// not that of the input. The bounds of windows of the input are the left ones, and are there
    /// even if there is no left row.
    pub output: Vec<JoinColumn>,
}

/// Which rows of two inputs may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinBound {
    /// Those whose event time is near: `left - before <= right <= left + after`.
    Within {
        /// How much earlier the right row may be.
        before: Duration,
        /// How much later the right row may be.
        after: Duration,
    },
    /// Those in the same window: one with bounds that is no session, or a global one.
    Window(WindowKind),
}

/// What becomes of rows without a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// They are left out.
    Inner,
    /// Left ones come with nulls.
    Left,
    /// Right ones come with nulls.
    Right,
    /// All of them come with nulls.
    Full,
}

/// Where a column of a join's output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinColumn {
    /// The left input's column at this place.
    Left(usize),
    /// The right input's column at this place.
    Right(usize),
    /// A column of the key by its place in the key: the left one, or the right one if there is no left
    /// row.
    Key(usize),
}

/// What adds the columns of a table of reference data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupWork {
    /// The table, by its place in the plan.
    pub table: usize,
    /// The places of the columns that must be equal, in the input; a null finds nothing.
    pub input_key: Vec<usize>,
    /// The same columns in the table, with the same types.
    pub table_key: Vec<usize>,
    /// The table's columns that are added to those of the input.
    pub columns: Vec<usize>,
    /// The columns of the new row; a result is one of `columns`, by its place among them.
    pub output: Vec<OutputColumn>,
    /// What becomes of a row that finds nothing.
    pub miss: Miss,
}

/// What becomes of a row that finds nothing in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Miss {
    /// It gets nulls.
    #[default]
    Null,
    /// It is left out, and counted as filtered.
    Drop,
}

/// Whose time counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeDomain {
    /// The event time of the rows, and watermarks.
    #[default]
    Event,
    /// The clock of the host.
    Processing,
}

/// When the rows of a window leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emit {
    /// When it closes, and once more for each batch that corrects it within its lateness.
    #[default]
    Final,
    /// After every batch that has changed it.
    Update,
    /// At intervals by the clock while it changes, and when it closes.
    Every(Duration),
}

impl Work {
    /// The functions it calls, in order.
    pub fn calls(&self) -> &[Call] {
        match self {
            Self::Filter(call)
            | Self::Map { call, .. }
            | Self::FlatMap { call, .. }
            | Self::Process(ProcessWork { call, .. }) => std::slice::from_ref(call),
            Self::Aggregate(work) => &work.calls,
            Self::Top(_) | Self::Join(_) | Self::Lookup(_) => &[],
        }
    }

    /// The functions it calls, in order, to change where they go.
    pub fn calls_mut(&mut self) -> &mut [Call] {
        match self {
            Self::Filter(call)
            | Self::Map { call, .. }
            | Self::FlatMap { call, .. }
            | Self::Process(ProcessWork { call, .. }) => std::slice::from_mut(call),
            Self::Aggregate(work) => &mut work.calls,
            Self::Top(_) | Self::Join(_) | Self::Lookup(_) => &mut [],
        }
    }

    /// The libraries it calls, by their place in the plan, each once.
    pub fn libraries(&self) -> BTreeSet<usize> {
        self.calls().iter().map(|call| call.library).collect()
    }

    /// The columns of an input that say which rows belong together; `None` for a stage that looks at
    /// each row alone.
    pub fn key(&self, side: Side) -> Option<&[usize]> {
        match (self, side) {
            (Self::Filter(_) | Self::Map { .. } | Self::FlatMap { .. } | Self::Lookup(_), _) => {
                None
            }
            (Self::Aggregate(work), _) => Some(&work.key),
            (Self::Process(work), _) => Some(&work.key),
            (Self::Top(work), _) => Some(&work.key),
            (Self::Join(work), Side::Left) => Some(&work.left_key),
            (Self::Join(work), Side::Right) => Some(&work.right_key),
        }
    }

    /// Whether the stage keeps something between two batches, so that all rows of a key must come to
    /// one subtask.
    pub fn is_keyed(&self) -> bool {
        self.key(Side::Left).is_some()
    }

    /// Whether rows go into windows and come out as others.
    pub const fn has_windows(&self) -> bool {
        matches!(self, Self::Aggregate(_) | Self::Top(_) | Self::Join(_))
    }

    /// The key of a pipeline file that asks for it.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Filter(_) => "filter",
            Self::Map { .. } => "map",
            Self::FlatMap { .. } => "flat_map",
            Self::Aggregate(_) => "aggregate",
            Self::Process(_) => "process",
            Self::Top(_) => "top",
            Self::Join(_) => "join",
            Self::Lookup(_) => "lookup",
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
