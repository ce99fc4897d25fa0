//! Trying dead letters again: on the present version of the stage that refused them, or the source that could not
//! decode them.
//!
//! Away from any stream: nothing of it reaches sinks, state or checkpoints.

mod feed;
mod letters;
mod row;
mod source;
mod stage;

pub use feed::Feed;
pub use letters::{DeadLetterFiles, LetterError, Letters, Unreadable};

use std::{collections::HashMap, sync::Arc};

use self::{source::try_source, stage::StageBench};
use crate::{
    batch::Batch,
    operator::DeadLetter,
    pipeline::{Plan, Registry},
    time::{Clock, SystemClock},
};

/// What has become of a dead letter.
#[derive(Debug)]
pub struct Outcome {
    /// Whether it is cured.
    pub verdict: Verdict,
    /// The row, if it can be read: one row with the columns of the source, or those that the stage takes.
    pub row: Option<Batch>,
}

/// Whether a dead letter is cured.
#[derive(Debug)]
pub enum Verdict {
    /// The row passes.
    Cured(Passed),
    /// It is refused again.
    Fails(Again),
    /// It cannot be tried: why.
    Untried(String),
}

/// What comes out of a row that passes.
#[derive(Debug)]
pub enum Passed {
    /// The same as in the stream, wherever it stands there; perhaps nothing.
    Rows(Vec<Batch>),
    /// The row was shown to functions that had seen no other: what comes out in the stream depends on those.
    WithoutState,
}

/// Why a row is refused again.
#[derive(Debug, Default)]
pub struct Again {
    /// In words.
    pub reason: String,
    /// The function, if one is to blame.
    pub function: Option<Arc<str>>,
    /// The functions that the call has ended in, one a line.
    pub backtrace: Option<String>,
    /// What the guest has logged in the call.
    pub log: Option<String>,
}

/// Tries dead letters of a pipeline.
pub struct Replay<'a> {
    plan: &'a Plan,
    registry: &'a Registry,
    stages: HashMap<usize, StageBench<'a>>,
    clock: Arc<dyn Clock>,
}

impl<'a> Replay<'a> {
    /// Nothing has been tried yet.
    pub fn new(plan: &'a Plan, registry: &'a Registry) -> Self {
        Self {
            plan,
            registry,
            stages: HashMap::new(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Tries a letter.
    ///
    /// # Errors
    ///
    /// If the components of the stage cannot be instantiated.
    pub fn try_again(&mut self, letter: &DeadLetter) -> anyhow::Result<Outcome> {
        let sources = &self.plan.sources;
        if let Some(source) = sources.iter().find(|source| source.name == *letter.stage) {
            return Ok(try_source(&source.config, letter, &self.clock));
        }
        let mut stages = self.plan.stages.iter();
        let Some(place) = stages.position(|stage| stage.name == *letter.stage) else {
            let name = &letter.stage;
            return Ok(Outcome::untried(format!(
                "the pipeline has no source and no stage called `{name}`"
            )));
        };
        let bench = self
            .stages
            .entry(place)
            .or_insert_with(|| StageBench::new(self.plan, self.registry, place));
        bench.try_again(letter, &self.clock)
    }
}

impl Outcome {
    const fn untried(reason: String) -> Self {
        Self {
            verdict: Verdict::Untried(reason),
            row: None,
        }
    }
}

impl Again {
    /// What the host or the decoder says.
    fn because(reason: String) -> Self {
        Self {
            reason,
            ..Self::default()
        }
    }

    /// What has become of the row this time.
    fn of_letter(letter: DeadLetter) -> Self {
        Self {
            reason: letter.reason,
            function: letter.function,
            backtrace: letter.backtrace,
            log: letter.log,
        }
    }
}
