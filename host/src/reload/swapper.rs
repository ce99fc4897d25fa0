//! Swaps the components of a job that runs: loads, checks and tries what is to come, and goes back to what
//! was if it turns out bad.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Instant,
};

use anyhow::{Context, bail};

mod going_over;
mod report;
mod restarts;
mod swappable;

pub use report::{Report, StageReport};
pub use swappable::Swappable;

use going_over::Care;

use crate::{
    operator::Fault,
    pipeline::{LibraryRef, Overrides, Plan, Registry, StageChange, compare},
    runtime::{Loaded, NotSwapped, Swaps, Trust},
};

/// Loads the pipeline file as it is now, with other components than it names if so wished; those that are asked for
/// by their digests may be taken from a registry that has them. What takes long may be broken off when it is not
/// wanted any more.
pub type Load = Box<dyn Fn(&Overrides, &Registry, &IsWanted<'_>) -> anyhow::Result<Loaded> + Send>;

/// Whether somebody still wants what is being done.
pub type IsWanted<'a> = dyn Fn() -> bool + Sync + 'a;

/// Swaps the components of a job that runs: one on threads of its own unless it says otherwise.
pub struct Swapper<J = Swaps> {
    job: J,
    load: Load,
    current: Generation,
    /// The start of the job in which that runs.
    attempt: u64,
    /// What ran before, the latest last.
    earlier: Vec<Generation>,
    /// What the job was swapped to and does not run any more, since it was started again from a checkpoint that
    /// is older than that.
    lost: Option<Generation>,
    /// The stages as they were taken back, by their names: they are not tried again as long as their files hold
    /// just that.
    rejected: BTreeMap<String, Arc<Plan>>,
    told: mpsc::Sender<Fault>,
    faults: mpsc::Receiver<Fault>,
    /// Ends what is under way: a trial, or compiling.
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

/// How many generations can be gone back.
const KEPT: usize = 16;

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
            attempt: 0,
            earlier: Vec::new(),
            lost: None,
            rejected: BTreeMap::new(),
            told,
            faults,
            cancelled: Arc::default(),
        }
    }

    /// What ends compiling and the trials of components when it is set: nothing is swapped any more.
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
        self.look_around();
        let overrides = self.current.overrides.clone();
        self.change(overrides.clone(), &overrides, &|| true)
    }

    /// Goes over to other components than the files name, in some stages; the others stay as they are. If
    /// there are none, to what the files hold and nothing else. `None` if that runs already.
    ///
    /// # Errors
    ///
    /// Why they are refused; the job goes on as it was.
    pub fn swap(&mut self, overrides: Overrides) -> anyhow::Result<Option<Report>> {
        self.swap_while(overrides, &|| true)
    }

    /// The same for somebody who may go away: nothing more is compiled for him then.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn swap_while(
        &mut self,
        overrides: Overrides,
        is_wanted: &IsWanted<'_>,
    ) -> anyhow::Result<Option<Report>> {
        self.look_around();
        // Whoever asks by hand may want to see it fail again.
        let is_asked_for = |stage: &str| overrides.is_empty() || overrides.replaces(stage);
        self.rejected.retain(|stage, _| !is_asked_for(stage));
        if overrides.is_empty() {
            return self.change(overrides.clone(), &overrides, is_wanted);
        }
        let overrides = self.current.overrides.clone().with(overrides);
        let plan = &self.current.loaded.plan;
        let pinned = pins(plan, |stage| !overrides.replaces(stage)).with(overrides.clone());
        self.change(overrides, &pinned, is_wanted)
    }

    /// Goes over to what is loaded with the overrides `now`; later loads begin with `overrides`.
    fn change(
        &mut self,
        overrides: Overrides,
        now: &Overrides,
        is_wanted: &IsWanted<'_>,
    ) -> anyhow::Result<Option<Report>> {
        let started = Instant::now();
        let loaded = self.load(now, is_wanted)?;
        self.check_rejected(&loaded.plan)?;
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
        }
        Ok(report)
    }

    /// Refuses what was taken back and is the same as then. What is not is forgotten: it may come back.
    fn check_rejected(&mut self, next: &Plan) -> anyhow::Result<()> {
        let differs = |from: &Plan, stage: &str| {
            let changes = compare(from, next);
            changes.is_ok_and(|changes| changes.iter().any(|change| named(next, change) == stage))
        };
        self.rejected.retain(|stage, plan| !differs(plan, stage));
        let now = &self.current.loaded.plan;
        let mut rejected = self.rejected.keys();
        match rejected.find(|stage| differs(now, stage)) {
            None => Ok(()),
            Some(stage) => bail!(
                "stage `{stage}`: it was taken back, and is the same as then: change it, or ask for it by hand"
            ),
        }
    }

    /// Goes back to what ran before the latest swap.
    ///
    /// # Errors
    ///
    /// If nothing did, or it cannot take up the state; the job goes on as it was.
    pub fn roll_back(&mut self) -> anyhow::Result<Report> {
        self.look_around();
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
        self.look_around();
        let now = &self.current.loaded.plan;
        let is_other = |change: &StageChange| *now.stages[change.stage].name == *fault.stage;
        let is_well = |before: &Generation| {
            compare(&before.loaded.plan, now).is_ok_and(|changes| changes.iter().any(is_other))
        };
        let well = self.earlier.iter().rposition(is_well);
        let well = well.context("what ran before is not known any more")?;
        let failed = self.earlier.get(well + 1).unwrap_or(&self.current);
        // State that was converted in the same swap can come back only as long as it was not trusted.
        let care = match failed.trust.upgrade().is_some_and(|trust| trust.lose()) {
            true => Care::Retreat,
            false => Care::None,
        };
        self.go_back(well, &care).or_else(|error| {
            let alone = self.take_back_alone(fault, well);
            alone.map_err(|_| error)
        })
    }

    /// Goes back in the stage that has failed only, to what ran in it in the generation at a place among the
    /// earlier ones.
    fn take_back_alone(&mut self, fault: &Fault, well: usize) -> anyhow::Result<Report> {
        let started = Instant::now();
        let stage = &*fault.stage;
        let before = pins(&self.earlier[well].loaded.plan, |name| name == stage);
        let overrides = self.current.overrides.clone().with(before);
        let others = pins(&self.current.loaded.plan, |name| !overrides.replaces(name));
        let loaded = self.load(&others.with(overrides.clone()), &|| true)?;
        let next = Generation {
            loaded,
            overrides,
            trust: Weak::new(),
        };
        let report = self.go_over(next.clone(), &Care::None, started)?;
        let report = report.context("what ran before is what runs now")?;
        let failed = std::mem::replace(&mut self.current, next);
        self.reject(&failed.loaded.plan);
        self.earlier.push(failed);
        Ok(report)
    }

    /// Goes back to the generation at a place among the earlier ones.
    fn go_back(&mut self, place: usize, care: &Care) -> anyhow::Result<Report> {
        let before = self.earlier[place].clone();
        let report = self.go_over(before.clone(), care, Instant::now())?;
        let report = report.context("what ran before is what runs now")?;
        self.earlier.truncate(place);
        let failed = std::mem::replace(&mut self.current, before);
        self.reject(&failed.loaded.plan);
        Ok(report)
    }

    /// Takes note that what differs in `failed` from what runs now is not to come back by itself.
    fn reject(&mut self, failed: &Arc<Plan>) {
        let changes = compare(&self.current.loaded.plan, failed).unwrap_or_default();
        let stages = changes
            .iter()
            .map(|change| named(failed, change).to_owned());
        let rejected = stages.map(|stage| (stage, Arc::clone(failed)));
        self.rejected.extend(rejected);
    }

    /// Loads the pipeline file as it is now, with other components than it names.
    fn load(&self, overrides: &Overrides, is_wanted: &IsWanted<'_>) -> anyhow::Result<Loaded> {
        let cancelled = Arc::clone(&self.cancelled);
        let cancelled = move || cancelled.load(Ordering::Relaxed);
        let is_wanted = || !cancelled() && is_wanted();
        let registry = &self.current.loaded.registry;
        let loaded = (self.load)(overrides, registry, &is_wanted);
        match loaded {
            Err(_) if cancelled() => Err(NotSwapped::NoJob.into()),
            loaded => loaded,
        }
    }

    /// What has failed since it was swapped, if something has. Subtasks that have seen it fail have gone back
    /// already; [`take_back`](Self::take_back) takes the others there.
    pub fn fault(&mut self) -> Option<Fault> {
        self.look_around();
        // What has been taken back may fail in several subtasks.
        let plan = &self.current.loaded.plan;
        self.faults.try_iter().find(|fault| runs(plan, fault))
    }
}

/// What a plan runs in the stages that are wanted, by its digests.
fn pins(plan: &Plan, is_wanted: impl Fn(&str) -> bool) -> Overrides {
    let mut pins = Overrides::default();
    for stage in plan.stages.iter().filter(|stage| is_wanted(&stage.name)) {
        for library in stage.work.libraries() {
            let library = &plan.libraries[library];
            let kept = LibraryRef::Kept(library.digest.clone());
            pins = pins.library(&stage.name, &library.name, kept);
        }
    }
    pins
}

/// The stage of `plan` that changes.
fn named<'a>(plan: &'a Plan, change: &StageChange) -> &'a str {
    &plan.stages[change.stage].name
}

/// Whether the component that has failed is that of its stage.
fn runs(plan: &Plan, fault: &Fault) -> bool {
    let stage = plan.stages.iter().find(|stage| *stage.name == *fault.stage);
    stage.is_some_and(|stage| {
        let mut libraries = stage.work.libraries().into_iter();
        libraries.any(|library| *plan.libraries[library].digest == *fault.component)
    })
}
