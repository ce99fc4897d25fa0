//! Jobs that were started again: from a checkpoint that is older than a swap they go on with what ran before it.

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use super::{Care, Generation, Report, Swappable, Swapper};
use crate::runtime::{Attempt, NotSwapped};

impl<J: Swappable> Swapper<J> {
    /// Takes note of what the job runs by now: if it was started again, that may be something else than it was
    /// swapped to.
    pub(super) fn look_around(&mut self) {
        let Some(Attempt { number, loaded }) = self.job.attempt() else {
            return;
        };
        if number == self.attempt {
            return;
        }
        self.attempt = number;
        let runs = |generation: &Generation| Arc::ptr_eq(&generation.loaded.plan, &loaded.plan);
        if runs(&self.current) {
            return;
        }
        let place = self.earlier.iter().rposition(runs);
        let before = match place {
            Some(place) => self.earlier.drain(place..).next(),
            None => {
                self.earlier.clear();
                None
            }
        };
        let before = before.unwrap_or_else(|| Generation {
            loaded,
            overrides: self.current.overrides.clone(),
            trust: Weak::new(),
        });
        let lost = std::mem::replace(&mut self.current, before);
        // What was lost first is what was wanted last.
        self.lost.get_or_insert(lost);
    }

    /// Goes over again to what the job was swapped to, if it was started again from a checkpoint that is older
    /// than that. `None` if there is nothing to do.
    ///
    /// # Errors
    ///
    /// Why it is refused now; the job goes on as it is.
    pub fn catch_up(&mut self) -> Option<anyhow::Result<Report>> {
        self.look_around();
        let lost = self.lost.clone()?;
        let trust = Arc::new(self.trust_in(&lost.loaded.plan));
        let next = Generation {
            trust: Arc::downgrade(&trust),
            ..lost
        };
        let done = self.go_over(next.clone(), &Care::Trial(trust), Instant::now());
        let is_to_come = |error: &anyhow::Error| error.downcast_ref() == Some(&NotSwapped::NoJob);
        if !done.as_ref().is_err_and(is_to_come) {
            self.lost = None;
        }
        match done {
            Err(error) if is_to_come(&error) => None,
            Err(error) => Some(Err(error)),
            Ok(None) => None,
            Ok(Some(report)) => {
                self.earlier
                    .push(std::mem::replace(&mut self.current, next));
                Some(Ok(report))
            }
        }
    }
}
