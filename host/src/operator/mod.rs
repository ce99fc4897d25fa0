//! What executes a stage: one file an operator, and what they share.
//!
//! An operator sees the batches and watermarks of its stage in order, on one thread, and owns its
//! Wasm instances and its share of the state. It knows of no channel and never waits.

mod aggregate;
mod calls;
mod children;
mod count;
mod dead_letter;
mod event_times;
mod expiry;
mod failure;
mod filter;
mod finish;
mod flat_map;
mod guest;
mod inherited;
mod isolation;
mod join;
mod known_state;
mod lookup;
mod map;
mod migration;
mod outbox;
mod patience;
mod portion;
mod process;
mod projection;
mod rejects;
mod reorder;
mod rolling;
mod scalar_call;
mod session;
mod spec;
mod state_table;
mod top;
mod touched;
#[cfg(test)]
mod trial;
mod version;
mod windowed;

pub use dead_letter::{DeadLetter, LetterKind, columns_of_json};
pub use guest::{Guests, Seen};
pub use known_state::{KnownColumn, KnownTable, Meaning, known_state};
pub use migration::migrate;
pub use outbox::Outbox;
pub use rejects::RejectionPolicy;
pub use reorder::{Reorder, held_rows};
pub use spec::{
    AggregateWork, Argument, Call, Emit, JoinBound, JoinColumn, JoinKind, JoinWork, LookupWork,
    Miss, OnError, OutputColumn, ProcessWork, SortColumn, StageSpec, TimeDomain, TopWork, Work,
};
pub use version::{Fault, Faults, PROBATION, Version};

use std::sync::Arc;

use crate::{
    batch::Batch,
    connector::Table,
    metrics::NodeMetrics,
    state::{Share, Snapshot},
    time::{Clock, SystemClock, Timestamp, Watermark},
    window::WindowKind,
};

/// Rows that a batch holds at most, where it is for an operator to choose.
pub const BATCH_ROWS: usize = 8192;

/// Bytes that a batch holds at most before the row that makes it more, where one row may be in many rows of the output.
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Which of the two inputs of a join rows come through; all other stages have the left one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The rows of `from`.
    Left,
    /// The rows of `with`.
    Right,
}

/// How far an operator has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has done everything that the call asks for. The watermark follows what it has handed on; it
    /// may stay behind the one of the input, if rows behind that may still be handed on.
    Done(Watermark),
    /// It has much to hand on and stopped for what is in its outbox to go out first, followed by the
    /// watermark. It must be called again with the same argument.
    More(Watermark),
}

/// One subtask's copy of a stage.
pub trait Operator: Send {
    /// Handles the rows of a batch. Called for every batch, in order; what it hands on is in `out`. If it makes
    /// much of them, it leaves [some](Outbox::rest) for another call, which must be the next one.
    ///
    /// # Errors
    ///
    /// If the stage cannot go on; the job ends.
    fn process(&mut self, side: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()>;

    /// Takes note that no row below `watermark` is expected any more, through none of the inputs.
    /// Called whenever the watermark has moved, and with the end of time when the input has ended.
    /// What is in `out` goes ahead of the watermark that is returned.
    ///
    /// # Errors
    ///
    /// If the stage cannot go on; the job ends.
    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress>;

    /// What its functions run in, if it calls some.
    fn guests(&mut self) -> Option<&mut Guests> {
        None
    }

    /// Takes note of the time by the clock. Called when the time comes that the operator has asked for
    /// in [`Outbox::wake_at`], or later, and after a restore before anything else; never otherwise. `None` if
    /// the watermark of the output is what it was.
    ///
    /// # Errors
    ///
    /// If the stage cannot go on; the job ends.
    fn tick(&mut self, _now: Timestamp, _out: &mut Outbox) -> anyhow::Result<Option<Progress>> {
        Ok(None)
    }

    /// Writes down what the operator knows; nothing if it knows nothing. Called between two batches,
    /// at a barrier. What is more than there may be [at once](crate::state::PORTION_BYTES) is in several snapshots,
    /// each with all tables, which are taken up in their order.
    ///
    /// # Errors
    ///
    /// If the state cannot be written down; the checkpoint fails.
    fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        Ok(Vec::new())
    }

    /// Takes up what the subtasks of this stage knew, as far as it belongs to `share`. Called once,
    /// before anything else, with the snapshots of all of them, however many they were.
    ///
    /// # Errors
    ///
    /// If a snapshot is not one of such a stage; the job ends.
    fn restore(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        let _ = (snapshots, share);
        Ok(())
    }
}

/// What every operator is made with.
pub struct Resources {
    /// The instances of the stage's libraries.
    pub guests: Guests,
    /// The stage's counters.
    pub metrics: Arc<NodeMetrics>,
    /// Tells processing time.
    pub clock: Arc<dyn Clock>,
    /// The tables of reference data, by their place in the plan.
    pub tables: Arc<[Arc<Table>]>,
}

impl Resources {
    /// What an operator is tried out with, away from the stream.
    pub fn apart(guests: Guests) -> Self {
        Self {
            guests,
            metrics: Arc::default(),
            clock: Arc::new(SystemClock),
            tables: Arc::default(),
        }
    }
}

/// Makes the operator of a stage for one subtask.
///
/// # Errors
///
/// If a library cannot be instantiated.
pub fn open(spec: &StageSpec, resources: Resources) -> anyhow::Result<Box<dyn Operator>> {
    Ok(match &spec.work {
        Work::Filter(call) => Box::new(filter::Filter::open(spec, call, resources)),
        Work::Map { call, output } => Box::new(map::Map::open(spec, call, output, resources)),
        Work::FlatMap { call, output } => {
            Box::new(flat_map::FlatMap::open(spec, call, output, resources))
        }
        Work::Process(work) => Box::new(process::Process::open(spec, work, resources)?),
        Work::Aggregate(work) => return open_aggregate(spec, work, resources),
        Work::Join(work) => return join::open(spec, work, &resources),
        Work::Lookup(work) => Box::new(lookup::Lookup::open(spec, work, &resources)?),
        Work::Top(work) => Box::new(top::Top::open(spec, work, resources)?),
    })
}

/// Makes the operator of an aggregate stage: one for each way in which windows belong to keys.
fn open_aggregate(
    spec: &StageSpec,
    work: &AggregateWork,
    resources: Resources,
) -> anyhow::Result<Box<dyn Operator>> {
    Ok(match work.window {
        WindowKind::Session { gap } => {
            Box::new(session::SessionStage::open(spec, work, gap, resources)?)
        }
        WindowKind::Inherited => Box::new(inherited::InheritedStage::open(spec, work, resources)?),
        WindowKind::Count(rows) => Box::new(count::CountStage::open(spec, work, rows, resources)?),
        WindowKind::RollingRows { .. } | WindowKind::Rolling { .. } => {
            Box::new(rolling::Rolling::open(spec, work, resources)?)
        }
        WindowKind::Tumbling { .. }
        | WindowKind::Sliding { .. }
        | WindowKind::Cumulate { .. }
        | WindowKind::Global => Box::new(aggregate::Aggregate::open(spec, work, resources)?),
    })
}
