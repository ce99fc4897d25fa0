//! How a job goes over from one generation to another: what is to come is checked, tried and made ready, and all of
//! it changes at one barrier.

use std::{
    fmt,
    sync::{Arc, mpsc},
    time::Instant,
};

use anyhow::{Context, anyhow};

use super::{Generation, Report, StageReport, Swappable, Swapper};
use crate::{
    batch::Batch,
    operator::{self, Faults, Guests, Resources, Side},
    pipeline::{Plan, StageChange, check_migrations, compare},
    reload::{Difference, trial::Trial},
    runtime::{Change, Loaded, Migration, Trust, Watch},
    state::Share,
};

/// On so many rows a version is tried: enough to see what it does, few enough to be done at once.
const MOST_TRIED: usize = 1024;

/// How a swap is gone about.
#[derive(Clone)]
pub(super) enum Care {
    /// The new version is tried first, and on probation afterwards; what keeps other state shares this trust.
    Trial(Arc<Trust>),
    /// It has run before.
    None,
    /// It has run before, and comes back with the state that it has kept since: what took its place has lost
    /// its trust.
    Retreat,
}

impl Care {
    const fn is_trial(&self) -> bool {
        matches!(self, Self::Trial(_))
    }

    const fn is_retreat(&self) -> bool {
        matches!(self, Self::Retreat)
    }
}

impl<J: Swappable> Swapper<J> {
    /// Goes over to another generation, if it differs.
    pub(super) fn go_over(
        &mut self,
        next: Generation,
        care: &Care,
        started: Instant,
    ) -> anyhow::Result<Option<Report>> {
        let (old, new) = (self.current.loaded.clone(), next.loaded);
        let changes = compare(&old.plan, &new.plan).map_err(|reasons| refusal(&reasons))?;
        if changes.is_empty() {
            return Ok(None);
        }
        if !care.is_retreat() {
            check_migrations(&new.registry, &old.plan, &new.plan, &changes)
                .map_err(|reasons| refusal(&reasons))?;
        }
        let mut stages = Vec::new();
        let mut prepared = Vec::new();
        for change in &changes {
            let name = &new.plan.stages[change.stage].name;
            let difference = match care.is_trial() {
                false => None,
                true => self.try_out(change, &new)?,
            };
            if change.migrates && !care.is_retreat() {
                self.rehearse(change, &new)?;
            }
            prepared.push((change.stage, self.prepare(change, &new, care)?));
            stages.push(StageReport {
                name: name.clone(),
                has_ended: false,
                changes: change.parts.iter().map(ToString::to_string).collect(),
                difference,
            });
        }
        let plan = Arc::clone(&new.plan);
        let swapped = self.job.swap(self.attempt, Some(new), prepared)?;
        for (stage, change) in stages.iter_mut().zip(&changes) {
            stage.has_ended = swapped.ended.contains(&change.stage);
        }
        Ok(Some(Report {
            number: swapped.number,
            stages,
            plan,
            pause: swapped.pauses.into_iter().max().unwrap_or_default(),
            took: started.elapsed(),
        }))
    }

    /// Tries a stage on the rows that came to it last, if there are some.
    fn try_out(&self, change: &StageChange, new: &Loaded) -> anyhow::Result<Option<Difference>> {
        let rows = last_rows(self.job.recent(change.stage));
        if rows.is_empty() {
            return Ok(None);
        }
        let old = &self.current.loaded;
        let version = |of: &Loaded| of.registry.version(&of.plan, &of.plan.stages[change.stage]);
        let trial = Trial {
            old: (old.plan.stage_spec(change.stage), version(old)?),
            new: (new.plan.stage_spec(change.stage), version(new)?),
            fallback: match change.migrates {
                true => None,
                false => Some(version(old)?),
            },
        };
        let difference = trial.run(&rows, &self.cancelled);
        difference.with_context(|| of_stage(new, change)).map(Some)
    }

    /// Has new functions convert what a stage knows now, away from the stream: what they cannot convert is found
    /// out before anything is swapped.
    fn rehearse(&mut self, change: &StageChange, new: &Loaded) -> anyhow::Result<()> {
        let (old, place) = (&self.current.loaded, change.stage);
        let specs = [&old.plan, &new.plan].map(|plan| plan.stage_spec(place));
        let (told, known) = mpsc::channel();
        let looks = (0..self.job.copies(place)).map(|_| Change::Nothing { told: told.clone() });
        let looks = looks.collect();
        drop(told);
        self.job.swap(self.attempt, None, vec![(place, looks)])?;
        let version = || new.registry.version(&new.plan, &new.plan.stages[place]);
        let mut guests = Guests::new(version()?);
        for known in known {
            if known.is_empty() {
                continue;
            }
            let rehearse = |taking: Guests| {
                let known = known.into_iter();
                let known =
                    known.map(|known| operator::migrate(&specs[0], &specs[1], &mut guests, known));
                let known = known.collect::<anyhow::Result<Vec<_>>>()?;
                // It must be what the stage takes up, too.
                let mut operator = operator::open(&specs[1], Resources::apart(taking))?;
                operator.restore(&known, Share::ALL)
            };
            rehearse(Guests::new(version()?)).with_context(|| of_stage(new, change))?;
        }
        Ok(())
    }

    /// What each copy of a stage changes to.
    fn prepare(
        &self,
        change: &StageChange,
        new: &Loaded,
        care: &Care,
    ) -> anyhow::Result<Vec<Change>> {
        let place = change.stage;
        let stage = &new.plan.stages[place];
        let faults = || Faults {
            stage: stage.name.as_str().into(),
            told: self.told.clone(),
        };
        let change = |_| {
            if change.migrates && care.is_retreat() {
                return Ok(Change::Retreat);
            }
            let version = new.registry.version(&new.plan, stage)?;
            if !change.migrates {
                let probation = care.is_trial().then(faults);
                return Ok(Change::Version { version, probation });
            }
            let watch = match care {
                Care::Trial(trust) => Some(Watch {
                    trust: Arc::clone(trust),
                    faults: faults(),
                }),
                Care::None | Care::Retreat => None,
            };
            Ok(Change::Migration(Box::new(Migration {
                from: self.current.loaded.plan.stage_spec(place),
                spec: new.plan.stage_spec(place),
                guests: Guests::new(version),
                watch,
            })))
        };
        (0..self.job.copies(place)).map(change).collect()
    }

    /// Trust to be earned by the stages of `next` whose state has to be converted.
    pub(super) fn trust_in(&self, next: &Plan) -> Trust {
        let changes = compare(&self.current.loaded.plan, next).unwrap_or_default();
        let migrating = changes.iter().filter(|change| change.migrates);
        Trust::new(migrating.map(|change| self.job.copies(change.stage)).sum())
    }
}

/// The last of some rows, about as many of each copy of a stage.
fn last_rows(mut recent: Vec<(Side, Batch)>) -> Vec<(Side, Batch)> {
    let each = MOST_TRIED.div_ceil(recent.len().max(1));
    for (_, batch) in &mut recent {
        let first = batch.rows().saturating_sub(each);
        *batch = batch.slice(first, batch.rows() - first);
    }
    recent
}

/// The stage that a reason is about; those of a registry say so themselves.
fn of_stage(new: &Loaded, change: &StageChange) -> String {
    format!("stage `{}`", new.plan.stages[change.stage].name)
}

/// What speaks against a swap.
fn refusal<T: fmt::Display>(reasons: &[T]) -> anyhow::Error {
    let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    anyhow!("{}", reasons.join("\n"))
}
