//! Runs a script on a pipeline and says where it first comes out otherwise.

use std::{fmt, path::Path, sync::Arc};

use anyhow::{Context, bail};

use super::{Case, JobOptions, Step, TestJob, expectation::Expectations, look::Looked};
use crate::{
    pipeline::{Overrides, Plan, Registry},
    runtime::Order,
};

/// How a case is run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Into how many subtasks operators are split; as the pipeline says if it is empty. If there are
    /// several numbers, the others are for restarts after every step, one after the other.
    pub parallelism: Vec<usize>,
    /// Whether the job is restarted after every step.
    pub restart_everywhere: bool,
    /// In which order subtasks take turns.
    pub order: Order,
}

/// Where a case comes out otherwise than its script says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line of the script.
    pub line: usize,
    /// What is not as it should be, in lines, each ended by a line break.
    pub text: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.line, self.text)
    }
}

impl std::error::Error for Failure {}

/// Runs a case to its end, or to the first step that does not come out as it should.
///
/// # Errors
///
/// That step.
pub fn run(case: &Case, registry: &Registry, options: &RunOptions) -> Result<(), Failure> {
    let script = &case.script;
    let steps: Vec<(usize, &Step)> = script.steps().collect();
    let first = steps.first().map_or(1, |(line, _)| *line);
    let started = Run::start(case, registry, options);
    let mut run = started.map_err(|error| Failure::new(first, &error))?;
    let last = steps.last().map_or(1, |(line, _)| *line);
    for (line, step) in steps {
        run.step(line, step)?;
    }
    run.finish(last)
}

impl Failure {
    fn new(line: usize, error: &anyhow::Error) -> Self {
        let text = format!("{error:#}\n");
        Self { line, text }
    }
}

/// A script that is being run.
struct Run<'a> {
    job: TestJob,
    /// What the paths of the script are relative to.
    folder: &'a Path,
    options: &'a RunOptions,
    /// Whether rows are put together to batches.
    batches: bool,
    /// Rows that wait for their batch to be complete, by source and partition.
    waiting: Vec<(usize, usize, Vec<Arc<str>>)>,
    looked: Looked,
    expectations: Expectations,
    /// The step that has failed, if the script has not said yet that it must.
    failed: Option<(usize, anyhow::Error)>,
    /// Whether the job is of no use any more.
    broken: bool,
    restarts: usize,
}

impl<'a> Run<'a> {
    fn start(case: &'a Case, registry: &Registry, options: &'a RunOptions) -> anyhow::Result<Self> {
        let (plan, script) = (&case.plan, &case.script);
        let mut partitions = vec![1; plan.sources.len()];
        for (name, count) in script.partitions() {
            // A name that means nobody is reported where it stands.
            if let Ok(source) = source(plan, name) {
                partitions[source] = count;
            }
        }
        let job = JobOptions {
            parallelism: options.parallelism.first().copied(),
            order: options.order.clone(),
            partitions,
        };
        let job = TestJob::start(case, registry, &job).context("the pipeline cannot be started")?;
        Ok(Self {
            looked: Looked::nothing(plan.sinks.len()),
            expectations: Expectations::of(job.plan()),
            job,
            folder: &case.folder,
            options,
            batches: script.has_batches(),
            waiting: Vec::new(),
            failed: None,
            broken: false,
            restarts: 0,
        })
    }

    fn step(&mut self, line: usize, step: &Step) -> Result<(), Failure> {
        if !matches!(step, Step::Row { .. })
            && self.failed.is_none()
            && let Err(error) = self.deliver()
        {
            self.failed = Some((line, error));
        }
        if let Step::Expect(expectation) = step {
            if let super::Expectation::Failure { reason } = expectation {
                return self.expect_failure(line, reason.as_deref());
            }
            self.report_failure()?;
            let met = self
                .expectations
                .check(expectation, &mut self.job, &mut self.looked);
            return met
                .map_err(|error| Failure::new(line, &error))?
                .map_or(Ok(()), |text| Err(Failure { line, text }))
                .and_then(|()| self.restart_anyway(line));
        }
        self.report_failure()?;
        match self.act(step) {
            // The job has not had the row yet: another restart would find nothing new.
            Ok(()) if self.batches && matches!(step, Step::Row { .. }) => Ok(()),
            Ok(()) => self.restart_anyway(line),
            Err(error) => {
                // What refuses to be swapped leaves the job as it was.
                let goes_on = matches!(step, Step::Swap { .. }) && !self.job.has_failed();
                self.broken |= !goes_on;
                self.failed = Some((line, error));
                Ok(())
            }
        }
    }

    fn finish(mut self, line: usize) -> Result<(), Failure> {
        if self.failed.is_none()
            && let Err(error) = self.deliver()
        {
            self.failed = Some((line, error));
        }
        self.report_failure()
    }

    fn act(&mut self, step: &Step) -> anyhow::Result<()> {
        if self.broken && *step != Step::Crash {
            bail!("the job has failed: only a `crash` brings it back");
        }
        match step {
            Step::Row {
                stream,
                partition,
                data,
            } => self.row(stream.as_deref(), *partition, data),
            // Rows that were waiting have been delivered.
            Step::Flush => Ok(()),
            Step::Watermark { stream, watermark } => {
                for place in self.sources(stream.as_deref())? {
                    self.job.watermark(place, *watermark)?;
                }
                Ok(())
            }
            Step::Clock(to) => self.job.set_clock(*to),
            Step::AdvanceClock(by) => self.job.advance_clock(*by),
            Step::Restart { parallelism } => self.job.restart(*parallelism),
            Step::Checkpoint => self.job.checkpoint(),
            Step::Crash => {
                self.broken = false;
                self.looked.taken_back(self.job.kept());
                self.job.crash()
            }
            Step::Swap { component } => {
                let overrides = match component {
                    None => Overrides::default(),
                    Some((stage, path)) => {
                        Overrides::default().component(stage, &self.folder.join(path))
                    }
                };
                self.job.swap(overrides).map(|_| ())
            }
            Step::End => self.job.end(),
            Step::Reference {
                table,
                data,
                delete,
            } => self.job.change_table(table.as_deref(), data, *delete),
            Step::Expect(_) => Ok(()),
        }
    }

    fn row(
        &mut self,
        stream: Option<&str>,
        partition: usize,
        data: &Arc<str>,
    ) -> anyhow::Result<()> {
        let place = source(self.job.plan(), stream)?;
        if !self.batches {
            return self.job.rows(place, partition, [Arc::clone(data)]);
        }
        let mut waiting = self.waiting.iter_mut();
        match waiting.find(|batch| (batch.0, batch.1) == (place, partition)) {
            Some((_, _, rows)) => rows.push(Arc::clone(data)),
            None => self
                .waiting
                .push((place, partition, vec![Arc::clone(data)])),
        }
        Ok(())
    }

    /// Feeds the batches that are waiting.
    fn deliver(&mut self) -> anyhow::Result<()> {
        for (source, partition, rows) in std::mem::take(&mut self.waiting) {
            let fed = self.job.rows(source, partition, rows);
            self.broken |= fed.is_err();
            fed?;
        }
        Ok(())
    }

    fn sources(&self, name: Option<&str>) -> anyhow::Result<Vec<usize>> {
        match name {
            None => Ok((0..self.job.plan().sources.len()).collect()),
            Some(_) => Ok(vec![source(self.job.plan(), name)?]),
        }
    }

    fn expect_failure(&mut self, line: usize, reason: Option<&str>) -> Result<(), Failure> {
        let Some((_, error)) = self.failed.take() else {
            let text = "expect_failure: the step before has not failed\n".to_owned();
            return Err(Failure { line, text });
        };
        let found = format!("{error:#}");
        match reason.filter(|reason| !found.contains(reason)) {
            None => Ok(()),
            Some(reason) => Err(Failure {
                line,
                text: format!(
                    "expect_failure: the step before has failed for another reason\n  \
                     expected  {reason}\n  found     {found}\n"
                ),
            }),
        }
    }

    /// Reports a step that has failed and was not expected to.
    fn report_failure(&mut self) -> Result<(), Failure> {
        match self.failed.take() {
            None => Ok(()),
            Some((line, error)) => Err(Failure::new(line, &error)),
        }
    }

    /// Restarts the job if that is to be done after every step.
    fn restart_anyway(&mut self, line: usize) -> Result<(), Failure> {
        if !self.options.restart_everywhere || self.broken {
            return Ok(());
        }
        self.restarts += 1;
        let widths = &self.options.parallelism;
        let width = widths.get(self.restarts % widths.len().max(1)).copied();
        let restarted = self.job.reopen(width);
        let failed = |error: anyhow::Error| {
            let error = error.context("the job cannot be restarted after this step");
            Failure::new(line, &error)
        };
        restarted.map(|_| ()).map_err(failed)
    }
}

/// The place of a source in a plan; the only one if it is not named.
pub(super) fn source(plan: &Plan, name: Option<&str>) -> anyhow::Result<usize> {
    let names: Vec<&str> = plan
        .sources
        .iter()
        .map(|source| source.name.as_str())
        .collect();
    match name {
        None if names.len() == 1 => Ok(0),
        None => bail!("name the `stream`; there are {}", names.join(", ")),
        Some(name) => {
            let place = names.iter().position(|other| *other == name);
            place.with_context(|| {
                format!(
                    "there is no source `{name}`; there are {}",
                    names.join(", ")
                )
            })
        }
    }
}
