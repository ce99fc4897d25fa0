//! The accumulators of rows, of runs of rows, and of whole frames.

use std::{collections::HashMap, sync::Arc};

use arrow::array::ArrayRef;

use super::{
    functions::{Functions, Merged},
    pieces::Failures,
    track::{Frame, Track},
};
use crate::{
    batch::DataType,
    operator::{failure::Cause, patience::Patience},
    state::{Columns, RowStore, StateTable},
};

/// The accumulators of all rows and runs that are kept, of all keys.
pub(super) struct Nodes {
    types: Vec<DataType>,
    store: RowStore,
    /// Runs on which a function has failed, and why.
    failed: HashMap<u32, Arc<Cause>>,
}

impl Nodes {
    pub(super) fn new(types: Vec<DataType>) -> Self {
        Self {
            store: RowStore::new(types.iter().copied()),
            failed: HashMap::new(),
            types,
        }
    }

    /// Whether there is anything to be put together.
    pub(super) const fn is_used(&self) -> bool {
        !self.types.is_empty()
    }

    /// Keeps the accumulators of `rows` rows.
    pub(super) fn insert(&mut self, rows: usize, accumulators: &[ArrayRef]) -> Vec<u32> {
        self.store.insert(rows, accumulators)
    }

    /// Copies accumulators.
    pub(super) fn gather(&self, places: &[u32]) -> Columns {
        self.store.gather(places)
    }

    /// Forgets accumulators.
    pub(super) fn release(&mut self, places: Vec<u32>) {
        for place in places {
            self.store.release(place);
            self.failed.remove(&place);
        }
    }

    /// Makes the runs that `keys` have got the rows for: level by level, those of all keys together.
    pub(super) fn build(
        &mut self,
        functions: &mut Functions,
        tracks: &mut [Track],
        keys: &[u32],
        frame: Frame,
        patience: &mut Patience,
    ) -> anyhow::Result<()> {
        if !self.is_used() {
            return Ok(());
        }
        for level in 1.. {
            let (mut lefts, mut rights, mut places) = (Vec::new(), Vec::new(), Vec::new());
            for &key in keys {
                let track = &mut tracks[key as usize];
                while let Some((left, right)) = track.next_node(level, frame) {
                    lefts.push(left);
                    rights.push(right);
                    track.push_node(level, self.store.reserve_for(&mut places));
                }
            }
            if places.is_empty() {
                break;
            }
            let Merged {
                accumulators,
                failures,
            } = functions.merge(
                &self.gather(&lefts),
                &self.gather(&rights),
                places.len(),
                patience,
            )?;
            self.store.fill(&places, &accumulators);
            let failures = failures.into_iter();
            self.failed
                .extend(failures.map(|(row, cause)| (places[row], cause)));
            // A run of what has failed has failed.
            for ((left, right), &place) in lefts.iter().zip(&rights).zip(&places) {
                let part = self.failed.get(left).or_else(|| self.failed.get(right));
                if let Some(cause) = part.cloned() {
                    self.failed.insert(place, cause);
                }
            }
        }
        Ok(())
    }

    /// The accumulators of frames that are made of runs, and the frames that have none.
    pub(super) fn combine(
        &self,
        functions: &mut Functions,
        frames: &[Vec<u32>],
        patience: &mut Patience,
    ) -> anyhow::Result<(Columns, Failures)> {
        let mut failures = Failures::default();
        if !self.failed.is_empty() {
            let cause = |runs: &Vec<u32>| runs.iter().find_map(|run| self.failed.get(run));
            let failed = frames.iter().enumerate();
            failures.extend(failed.filter_map(|(row, runs)| Some((row, Arc::clone(cause(runs)?)))));
        }
        let firsts: Vec<u32> = frames
            .iter()
            .filter_map(|runs| runs.first().copied())
            .collect();
        let mut frames_so_far = StateTable::with_types(self.types.iter().copied());
        frames_so_far.append(firsts.len(), &self.gather(&firsts));
        for round in 1.. {
            let rows = (0_u32..).zip(frames);
            let with_more = rows.filter_map(|(row, runs)| Some((row, *runs.get(round)?)));
            let (rows, runs): (Vec<u32>, Vec<u32>) = with_more.unzip();
            if rows.is_empty() {
                break;
            }
            let earlier = frames_so_far.gather(&rows);
            let merged = functions.merge(&earlier, &self.gather(&runs), rows.len(), patience)?;
            frames_so_far.scatter(&rows, &merged.accumulators, 0);
            for (row, cause) in merged.failures {
                failures.entry(rows[row] as usize).or_insert(cause);
            }
        }
        let all: Vec<u32> = (0..firsts.len() as u32).collect();
        Ok((frames_so_far.gather(&all), failures))
    }
}
