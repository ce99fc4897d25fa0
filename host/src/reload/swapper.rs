//! Swaps the components of a job that runs: loads, checks and tries what is to come, and goes back to what
//! was if it turns out bad.

use std::{
    fmt,
    sync::{Arc, Weak, atomic::AtomicBool, mpsc},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};

use super::{Difference, trial::Trial};
use crate::{
    batch::Batch,
    operator::{self, Fault, Faults, Guests, Side},
    pipeline::{LibraryRef, Overrides, Plan, StageChange, check_migrations, compare},
    runtime::{Change, Loaded, Migration, Swapped, Swaps, Trust, Watch},
};

/// Loads the pipeline file as it is now, with other components than it names if so wished.
pub type Load = Box<dyn Fn(&Overrides) -> anyhow::Result<Loaded> + Send>;

/// A job whose components can be swapped.
pub trait Swappable {
    /// In how many copies a stage runs; none if no job runs.
    fn copies(&self, stage: usize) -> usize;

    /// The rows that came in last, of each copy of a stage that has seen some.
    fn recent(&self, stage: usize) -> Vec<(Side, Batch)>;

    /// Swaps stages for those of `to`, all of them at the same barrier. Each stage comes with one change for
    /// each of its [copies](Self::copies).
    ///
    /// # Errors
    ///
    /// If it is not done.
    fn swap(&mut self, to: Loaded, changes: Vec<(usize, Vec<Change>)>) -> anyhow::Result<Swapped>;
}

impl Swappable for Swaps {
    fn copies(&self, stage: usize) -> usize {
        Self::copies(self, stage)
    }

    fn recent(&self, stage: usize) -> Vec<(Side, Batch)> {
        Self::recent(self, stage)
    }

    fn swap(&mut self, to: Loaded, changes: Vec<(usize, Vec<Change>)>) -> anyhow::Result<Swapped> {
        Ok(Self::swap(self, to, changes)?)
    }
}

/// Swaps the components of a job that runs: one on threads of its own unless it says otherwise.
pub struct Swapper<J = Swaps> {
    job: J,
    load: Load,
    current: Generation,
    /// What ran before, the latest last.
    earlier: Vec<Generation>,
    /// What was taken back: it is not tried again as long as nothing else changes.
    rejected: Option<Arc<Plan>>,
    told: mpsc::Sender<Fault>,
    faults: mpsc::Receiver<Fault>,
    /// Ends a trial that is under way.
    cancelled: Arc<AtomicBool>,
}

/// What runs, and how it came to be.
#[derive(Clone)]
struct Generation {
    loaded: Loaded,
    overrides: Overrides,
    /// The trust in it, if it has taken the place of functions that keep other state: kept by the job as long
    /// as they can come back.
    trust: Weak<Trust>,
}

/// On so many rows a version is tried: enough to see what it does, few enough to be done at once.
const MOST_TRIED: usize = 1024;

/// How many generations can be gone back.
const KEPT: usize = 16;

/// A swap that is done.
#[derive(Debug)]
pub struct Report {
    /// The number of the barrier at which it was done.
    pub number: u64,
    /// The stages that have changed.
    pub stages: Vec<StageReport>,
    /// What the job runs by now.
    pub plan: Arc<Plan>,
    /// The longest time for which a subtask has processed nothing.
    pub pause: Duration,
    /// How long it took, from the loading of what is new.
    pub took: Duration,
}

/// What has changed in a stage.
#[derive(Debug)]
pub struct StageReport {
    /// The stage.
    pub name: String,
    /// What is other than before, in words.
    pub changes: Vec<String>,
    /// What it does otherwise to the rows that came last; `None` if it was not tried.
    pub difference: Option<Difference>,
}

/// In one line: where and what.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stages = self.stages.iter();
        let stages = stages.map(|stage| format!("`{}`: {}", stage.name, stage.changes.join(", ")));
        let stages: Vec<String> = stages.collect();
        write!(
            formatter,
            "swapped at barrier {}: {}",
            self.number,
            stages.join("; ")
        )
    }
}

/// How a swap is gone about.
#[derive(Clone)]
enum Care {
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

impl Swapper {
    /// Whether there is a job that could be swapped just now.
    pub fn is_running(&self) -> bool {
        self.job.is_running()
    }
}

impl<J: Swappable> Swapper<J> {
    /// Swaps what `job` leads to, a job that runs by `current`, loaded by `load` with `overrides`.
    pub fn new(job: J, current: Loaded, overrides: Overrides, load: Load) -> Self {
        let (told, faults) = mpsc::channel();
        Self {
            job,
            load,
            current: Generation {
                loaded: current,
                overrides,
                trust: Weak::new(),
            },
            earlier: Vec::new(),
            rejected: None,
            told,
            faults,
            cancelled: Arc::default(),
        }
    }

    /// What ends the trials of components when it is set: nothing is swapped any more.
    pub fn canceller(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancelled)
    }

    /// The plan that the job runs by.
    pub const fn plan(&self) -> &Arc<Plan> {
        &self.current.loaded.plan
    }

    /// What the job runs by.
    pub const fn loaded(&self) -> &Loaded {
        &self.current.loaded
    }

    /// What leads to the job.
    pub const fn job(&self) -> &J {
        &self.job
    }

    /// The same, to be changed.
    pub const fn job_mut(&mut self) -> &mut J {
        &mut self.job
    }

    /// Goes over to what the files hold now. `None` if that is what runs.
    ///
    /// # Errors
    ///
    /// Why it is refused; the job goes on as it was.
    pub fn reload(&mut self) -> anyhow::Result<Option<Report>> {
        let overrides = self.current.overrides.clone();
        self.change(overrides.clone(), &overrides)
    }

    /// Goes over to other components than the files name, in some stages; the others stay as they are. If
    /// there are none, to what the files hold and nothing else. `None` if that runs already.
    ///
    /// # Errors
    ///
    /// Why they are refused; the job goes on as it was.
    pub fn swap(&mut self, overrides: Overrides) -> anyhow::Result<Option<Report>> {
        // Whoever asks by hand may want to see it fail again.
        self.rejected = None;
        if overrides.is_empty() {
            return self.change(overrides.clone(), &overrides);
        }
        let overrides = self.current.overrides.clone().with(overrides);
        let pinned = self.pins(&overrides).with(overrides.clone());
        self.change(overrides, &pinned)
    }

    /// What runs now in the stages that `overrides` does not name, by its digests.
    fn pins(&self, overrides: &Overrides) -> Overrides {
        let plan = &self.current.loaded.plan;
        let mut pins = Overrides::default();
        for stage in &plan.stages {
            if overrides.replaces(&stage.name) {
                continue;
            }
            for library in stage.work.libraries() {
                let library = &plan.libraries[library];
                let kept = LibraryRef::Kept(library.digest.clone());
                pins = pins.library(&stage.name, &library.name, kept);
            }
        }
        pins
    }

    /// Goes over to what is loaded with the overrides `now`; later loads begin with `overrides`.
    fn change(&mut self, overrides: Overrides, now: &Overrides) -> anyhow::Result<Option<Report>> {
        let started = Instant::now();
        let loaded = (self.load)(now)?;
        let same = |rejected: &Arc<Plan>| {
            compare(rejected, &loaded.plan).is_ok_and(|changes| changes.is_empty())
        };
        if self.rejected.as_ref().is_some_and(same) {
            bail!("it was taken back, and is the same as then: change it, or ask for it by hand");
        }
        let trust = Arc::new(self.trust_in(&loaded.plan));
        let next = Generation {
            loaded,
            overrides,
            trust: Arc::downgrade(&trust),
        };
        let report = self.go_over(next.clone(), &Care::Trial(trust), started)?;
        if report.is_some() {
            let before = std::mem::replace(&mut self.current, next);
            self.earlier.push(before);
            let surplus = self.earlier.len().saturating_sub(KEPT);
            self.earlier.drain(..surplus);
            self.rejected = None;
        }
        Ok(report)
    }

    /// Goes back to what ran before the latest swap.
    ///
    /// # Errors
    ///
    /// If nothing did, or it cannot take up the state; the job goes on as it was.
    pub fn roll_back(&mut self) -> anyhow::Result<Report> {
        let last = self.earlier.len().checked_sub(1);
        let last = last.context("nothing has been swapped that could be taken back")?;
        self.go_back(last, &Care::None)
    }

    /// Goes back to what ran before the stage that has failed was swapped. What other stages were swapped to
    /// since then is taken back, too.
    ///
    /// # Errors
    ///
    /// If that is too long ago, or cannot take up the state; the job goes on as it was.
    pub fn take_back(&mut self, fault: &Fault) -> anyhow::Result<Report> {
        let now = &self.current.loaded.plan;
        let is_other = |change: &StageChange| *now.stages[change.stage].name == *fault.stage;
        let is_well = |before: &Generation| {
            compare(&before.loaded.plan, now).is_ok_and(|changes| changes.iter().any(is_other))
        };
        let well = self.earlier.iter().rposition(is_well);
        let well = well.context("what ran before is not known any more")?;
        let failed = self.earlier.get(well + 1).unwrap_or(&self.current);
        let care = match failed.trust.upgrade() {
            Some(_) => Care::Retreat,
            None => Care::None,
        };
        let report = self.go_back(well, &care)?;
        // Other subtasks may have seen it fail, too.
        self.faults.try_iter().for_each(drop);
        Ok(report)
    }

    /// Goes back to the generation at a place among the earlier ones.
    fn go_back(&mut self, place: usize, care: &Care) -> anyhow::Result<Report> {
        let before = self.earlier[place].clone();
        let report = self.go_over(before.clone(), care, Instant::now())?;
        let report = report.context("what ran before is what runs now")?;
        self.earlier.truncate(place);
        self.rejected = Some(Arc::clone(&self.current.loaded.plan));
        self.current = before;
        Ok(report)
    }

    /// What has failed since it was swapped, if something has. Subtasks that have seen it fail have gone back
    /// already; [`take_back`](Self::take_back) takes the others there.
    pub fn fault(&mut self) -> Option<Fault> {
        // What has been taken back may fail in several subtasks.
        let plan = &self.current.loaded.plan;
        self.faults.try_iter().find(|fault| runs(plan, fault))
    }

    /// Goes over to another generation, if it differs.
    fn go_over(
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
                true => {
                    let tried = self.try_out(change, &new);
                    tried.with_context(|| format!("stage `{name}`"))?
                }
            };
            if change.migrates && !care.is_retreat() {
                let rehearsed = self.rehearse(change, &new);
                rehearsed.with_context(|| format!("stage `{name}`"))?;
            }
            prepared.push((change.stage, self.prepare(change, &new, care)?));
            stages.push(StageReport {
                name: name.clone(),
                changes: change.parts.iter().map(ToString::to_string).collect(),
                difference,
            });
        }
        let plan = Arc::clone(&new.plan);
        let swapped = self.job.swap(new, prepared)?;
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
        trial.run(&rows, &self.cancelled).map(Some)
    }

    /// Has new functions convert what a stage knows now, away from the stream: what they cannot convert is found
    /// out before anything is swapped.
    fn rehearse(&mut self, change: &StageChange, new: &Loaded) -> anyhow::Result<()> {
        let (old, place) = (self.current.loaded.clone(), change.stage);
        let specs = [&old.plan, &new.plan].map(|plan| plan.stage_spec(place));
        let (told, known) = mpsc::channel();
        let looks = (0..self.job.copies(place)).map(|_| Change::Nothing { told: told.clone() });
        let looks = looks.collect();
        drop(told);
        self.job.swap(old, vec![(place, looks)])?;
        let version = new.registry.version(&new.plan, &new.plan.stages[place])?;
        let mut guests = Guests::new(version);
        for known in known {
            operator::migrate(&specs[0], &specs[1], &mut guests, known)?;
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
                spec: new.plan.stage_spec(place),
                guests: Guests::new(version),
                watch,
            })))
        };
        (0..self.job.copies(place)).map(change).collect()
    }

    /// Trust to be earned by the stages of `next` whose state has to be converted.
    fn trust_in(&self, next: &Plan) -> Trust {
        let changes = compare(&self.current.loaded.plan, next).unwrap_or_default();
        let migrating = changes.iter().filter(|change| change.migrates);
        Trust::new(migrating.map(|change| self.job.copies(change.stage)).sum())
    }
}

/// Whether the component that has failed is that of its stage.
fn runs(plan: &Plan, fault: &Fault) -> bool {
    let stage = plan.stages.iter().find(|stage| *stage.name == *fault.stage);
    stage.is_some_and(|stage| {
        let mut libraries = stage.work.libraries().into_iter();
        libraries.any(|library| *plan.libraries[library].digest == *fault.component)
    })
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

/// What speaks against a swap.
fn refusal<T: fmt::Display>(reasons: &[T]) -> anyhow::Error {
    let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    anyhow!("{}", reasons.join("\n"))
}
