//! The operator of a stage in one subtask, and what it is told.

use std::sync::Arc;

use crate::{
    batch::Batch,
    metrics::NodeMetrics,
    operator::{Operator, Outbox, Progress, Side, StageSpec},
    time::{Timestamp, Watermark},
};

/// An operator and what it was made by.
pub(super) struct Actor {
    pub(super) spec: Box<StageSpec>,
    pub(super) operator: Box<dyn Operator>,
    /// What it has counted since somebody took it over.
    pub(super) counters: Arc<NodeMetrics>,
}

/// What an operator is told.
#[derive(Clone)]
pub(super) enum Cue {
    /// Rows have come.
    Rows(Side, Batch),
    /// Event time has come so far.
    Watermark(Watermark),
    /// It is so late by the clock.
    Time(Timestamp),
}

/// What an operator makes of what it is told, or a part of it.
pub(super) struct Round {
    /// What it hands on.
    pub(super) out: Outbox,
    /// How far it has come then; nothing if that has not changed.
    pub(super) done: anyhow::Result<Option<Progress>>,
}

impl Actor {
    /// Tells the operator something. If it has [more](Progress::More) to hand on, it has to be told again; if it has
    /// left rows, it has to be told of [those](Outbox::rest).
    pub(super) fn hear(&mut self, cue: Cue) -> Round {
        let mut out = Outbox::default();
        let operator = &mut self.operator;
        let done = match cue {
            Cue::Rows(side, batch) => operator.process(side, batch, &mut out).map(|()| None),
            Cue::Watermark(watermark) => {
                if let Some(guests) = operator.guests() {
                    guests.advance(watermark);
                }
                operator.advance(watermark, &mut out).map(Some)
            }
            Cue::Time(now) => operator.tick(now, &mut out),
        };
        Round { out, done }
    }

    /// Tells the operator something as often as it has more to hand on.
    pub(super) fn hear_out(&mut self, cue: &Cue) -> Vec<Round> {
        let mut rounds = Vec::new();
        let mut next = Some(cue.clone());
        while let Some(cue) = next {
            let round = self.hear(cue.clone());
            next = match (cue, &round.out.rest) {
                (Cue::Rows(side, _), Some(rest)) => Some(Cue::Rows(side, rest.clone())),
                (cue, _) => {
                    let has_more = matches!(round.done, Ok(Some(Progress::More(_))));
                    has_more.then_some(cue)
                }
            };
            rounds.push(round);
        }
        rounds
    }
}
