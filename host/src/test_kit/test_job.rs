//! A pipeline that is fed by hand, under a clock that is set by hand, and can be restarted anywhere.

use std::{collections::VecDeque, sync::Arc};

use anyhow::ensure;

use super::{
    Case, connectors::TestConnectors, crashes::Kept, row::Row, stepped::Stepped, swapping::swapper,
    totals::Totals,
};
use crate::{
    checkpoint::Checkpoint as Written,
    connector::{Table, TestInput},
    operator::Work,
    pipeline::{DEAD_LETTERS, Plan, Registry},
    reload::Swapper,
    runtime::{Checkpointing, Loaded, MemoryStorage, Order, SharedStorage, SteppedJob},
    time::{Clock, Duration, InputProgress, ManualClock, Timestamp, Watermark},
};

/// How a pipeline is run by hand.
#[derive(Clone, Debug, Default)]
pub struct JobOptions {
    /// Into how many subtasks an operator is split; as the pipeline says if it is left out.
    pub parallelism: Option<usize>,
    /// In which order subtasks take turns.
    pub order: Order,
    /// How many partitions each source has, by its place in the plan; one if it is left out.
    pub partitions: Vec<usize>,
}

/// A pipeline that is fed by hand. Every call works off all that it brings about before it returns. The
/// clock begins in 1970.
pub struct TestJob {
    /// What runs now, with so many subtasks as it runs with now.
    pub(super) plan: Plan,
    clock: Arc<ManualClock>,
    pub(super) connectors: TestConnectors,
    order: Order,
    /// What swaps the components of the job, and the job itself.
    pub(super) swapper: Swapper<Stepped>,
    /// What earlier jobs have counted.
    pub(super) earlier: Totals,
    /// What had been counted before the last batch.
    before_batch: Totals,
    /// How far event time has come at each source, and over all of them, last.
    pub(super) reached: Vec<Watermark>,
    pub(super) kept: Kept,
    /// What was fed since then, in order.
    pub(super) since: Vec<(usize, usize, TestInput)>,
}

impl TestJob {
    /// Starts the pipeline of a case. Its sources and sinks must be those of scripts; dead letters are kept whether
    /// it says so or not.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start(case: &Case, registry: &Registry, options: &JobOptions) -> anyhow::Result<Self> {
        let swapper = swapper(case, registry, options.parallelism);
        let plan = Plan::clone(swapper.plan());
        let partitions = options
            .partitions
            .iter()
            .copied()
            .chain(std::iter::repeat(1));
        let partitions: Vec<usize> = partitions.take(plan.sources.len()).collect();
        let connectors = TestConnectors::new(&plan, &partitions)?;
        let reached = vec![Watermark::START; plan.sources.len() + 1];
        let mut job = Self {
            kept: Kept {
                job: None,
                feeds: connectors.feeds.iter().map(|feed| feed.mark()).collect(),
                sinks: vec![0; plan.sinks.len()],
                dead_letters: 0,
                totals: Totals::default(),
                reached: reached.clone(),
            },
            reached,
            plan,
            swapper,
            clock: Arc::new(ManualClock::new(Timestamp::EPOCH)),
            connectors,
            order: options.order.clone(),
            earlier: Totals::default(),
            before_batch: Totals::default(),
            since: Vec::new(),
        };
        job.open(None)?;
        Ok(job)
    }

    /// The pipeline.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Feeds rows, JSON objects on one line each, to a partition of a source, as one batch.
    ///
    /// # Errors
    ///
    /// If the job fails.
    pub fn rows(
        &mut self,
        source: usize,
        partition: usize,
        rows: impl IntoIterator<Item = Arc<str>>,
    ) -> anyhow::Result<()> {
        self.before_batch = self.totals();
        let rows: VecDeque<Arc<str>> = rows.into_iter().collect();
        self.feed(source, partition, TestInput::Rows(rows))
    }

    /// Says how far event time has come at a source, in all of its partitions.
    ///
    /// # Errors
    ///
    /// If the job fails.
    pub fn watermark(&mut self, source: usize, watermark: Watermark) -> anyhow::Result<()> {
        (0..self.partitions(source))
            .try_for_each(|partition| self.feed(source, partition, TestInput::Watermark(watermark)))
    }

    /// Ends the input and all that is to come out of it.
    ///
    /// # Errors
    ///
    /// If the job fails.
    pub fn end(&mut self) -> anyhow::Result<()> {
        for source in 0..self.plan.sources.len() {
            for partition in 0..self.partitions(source) {
                self.feed(source, partition, TestInput::End)?;
            }
        }
        let job = self.job()?;
        ensure!(job.has_ended(), "the input has ended and the job has not");
        Ok(())
    }

    /// The clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets the clock. Forward, it passes all instants at which somebody wants to be told the time; back,
    /// it jumps.
    ///
    /// # Errors
    ///
    /// If the job fails.
    pub fn set_clock(&mut self, to: Timestamp) -> anyhow::Result<()> {
        let job = self.swapper.job_mut().job()?;
        while let Some(at) = job.wake_at().filter(|at| *at <= to) {
            // What was due before is done now.
            if at > self.clock.now() {
                self.clock.set(at);
            }
            job.run()?;
        }
        self.clock.set(to);
        self.work_off()
    }

    /// Lets time pass.
    ///
    /// # Errors
    ///
    /// If the job fails.
    pub fn advance_clock(&mut self, by: Duration) -> anyhow::Result<()> {
        self.set_clock(self.now().saturating_add(by))
    }

    /// Changes a row of a table, or takes it out.
    ///
    /// # Errors
    ///
    /// If there is no such table, or `row` is not a row of it.
    pub fn change_table(&self, name: Option<&str>, row: &str, delete: bool) -> anyhow::Result<()> {
        let table: Arc<Table> = self.connectors.table(name)?;
        match delete {
            true => table.delete(row),
            false => table.upsert(row),
        }
    }

    /// How many batches a sink has got.
    pub fn batches(&self, sink: usize) -> usize {
        self.connectors.sinks[sink].batches()
    }

    /// The rows that a sink has got, from its batch `first` on.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn rows_since(&self, sink: usize, first: usize) -> anyhow::Result<Vec<Row>> {
        let name: Arc<str> = self.plan.sinks[sink].name.as_str().into();
        let batches = self.connectors.sinks[sink].since(first);
        let rows = batches.iter().map(|batch| Row::of_batch(&name, batch));
        Ok(rows.collect::<anyhow::Result<Vec<_>>>()?.concat())
    }

    /// How many batches of dead letters there are.
    pub fn dead_letter_batches(&self) -> usize {
        self.connectors.dead_letters.batches()
    }

    /// The dead letters from the batch `first` on.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn dead_letters_since(&self, first: usize) -> anyhow::Result<Vec<Row>> {
        let name: Arc<str> = DEAD_LETTERS.into();
        let batches = self.connectors.dead_letters.since(first);
        let rows = batches.iter().map(|batch| Row::of_batch(&name, batch));
        Ok(rows.collect::<anyhow::Result<Vec<_>>>()?.concat())
    }

    /// How many rows have been late for all of their windows.
    pub fn late_rows(&self) -> u64 {
        self.totals().late
    }

    /// How many rows of the last batch have made a `process` stage hand nothing on.
    pub fn kept_of_last_batch(&self) -> u64 {
        self.totals().kept_since(&self.before_batch)
    }

    /// How many rows of state there are. For an aggregate, that is one for each key of each piece of time
    /// that its windows are made of.
    ///
    /// # Errors
    ///
    /// If the state cannot be written down.
    pub fn state_rows(&mut self) -> anyhow::Result<u64> {
        let written = self.job()?.checkpoint()?;
        let snapshot = written.snapshot;
        let mut rows = 0;
        for stage in &self.plan.stages {
            let Some(known) = snapshot.stages.get(stage.name.as_str()) else {
                continue;
            };
            // The first table of a join says how far it is, and the others have its rows; all tables
            // of other stages but the first one say more of the same rows.
            let tables = known.subtasks.iter().map(|known| &known.tables[..]);
            let tables = tables.flat_map(|tables| match (&stage.work, tables) {
                (Work::Join(_), [_, rows @ ..]) => rows,
                (_, [rows, ..]) => std::slice::from_ref(rows),
                (_, []) => &[],
            });
            rows += tables.map(|table| table.num_rows() as u64).sum::<u64>();
        }
        Ok(rows)
    }

    /// How far event time has come at a source, or over all of them.
    pub fn source_watermark(&self, source: Option<usize>) -> Option<Watermark> {
        let place = source.unwrap_or(self.plan.sources.len());
        self.reached.get(place).copied()
    }

    /// How far event time has come at a sink.
    pub fn sink_watermark(&self, sink: usize) -> Option<Watermark> {
        let name = &self.plan.sinks.get(sink)?.name;
        self.swapper.job().look()?.sink_watermark(name)
    }

    fn partitions(&self, source: usize) -> usize {
        self.connectors.feeds[source].partitions()
    }

    pub(super) fn feed(
        &mut self,
        source: usize,
        partition: usize,
        input: TestInput,
    ) -> anyhow::Result<()> {
        self.connectors.feeds[source].push(partition, input.clone());
        self.since.push((source, partition, input));
        self.work_off()
    }

    /// Works off all that there is to do.
    fn work_off(&mut self) -> anyhow::Result<()> {
        let job = self.swapper.job_mut().job()?;
        job.run()?;
        let sources = self.plan.sources.iter();
        let sources: Vec<Option<InputProgress>> = sources
            .map(|source| job.source_progress(&source.name))
            .collect();
        let all = InputProgress::of_all(sources.iter().flatten().copied());
        // A partition that is back is behind what those behind it have been told, and still are.
        for (reached, progress) in self
            .reached
            .iter_mut()
            .zip(sources.into_iter().chain([all]))
        {
            *reached = progress.map_or(*reached, |progress| progress.watermark.max(*reached));
        }
        self.take_back()
    }

    pub(super) fn open(&mut self, written: Option<Written>) -> anyhow::Result<()> {
        // The old one first: nobody shall be able to talk to it.
        self.swapper.job_mut().close(self.plan.stages.len());
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let order = self.order.clone();
        let storage = SharedStorage::new(MemoryStorage::holding(written));
        let loaded = Loaded {
            plan: Arc::new(self.plan.clone()),
            registry: Arc::clone(&self.swapper.loaded().registry),
        };
        let started = SteppedJob::start(
            &loaded,
            &clock,
            &self.connectors,
            &Checkpointing::on_request(storage),
            order,
        );
        self.swapper.job_mut().open(started?);
        self.work_off()
    }

    pub(super) fn totals(&self) -> Totals {
        match self.swapper.job().look() {
            Some(job) => self.earlier.with(&self.plan, job.metrics()),
            None => self.earlier.clone(),
        }
    }

    pub(super) fn job(&mut self) -> anyhow::Result<&mut SteppedJob> {
        self.swapper.job_mut().job()
    }
}
