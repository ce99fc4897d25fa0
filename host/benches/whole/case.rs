//! What is compared with what.

use std::{fmt, path::PathBuf};

use anyhow::Context as _;

use super::{
    child::{self, Usage},
    data::{Data, Files},
    job::{Format, Job},
    product::{Cores, Pipeline, Product, To},
    totals::Totals,
    twin,
};

/// Two sides that do the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) job: Job,
    pub(crate) format: Format,
    pub(crate) files: Files,
    pub(crate) baseline: Baseline,
}

/// What a job is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Baseline {
    /// The same work by hand.
    Twin,
    /// The same job without checkpoints.
    NoCheckpoints,
    /// The same job with one subtask and one core, compared with so many subtasks and all cores.
    OneCore { subtasks: usize },
}

/// What a job is called that has one subtask of each kind and one core for all of them.
const ONE_CORE: &str = "product, 1 core";

/// One of two sides, ready to run.
pub(crate) enum Side<'a> {
    Product {
        product: &'a Product,
        data: &'a Data<'a>,
        pipeline: Pipeline,
    },
    Twin {
        job: Job,
        format: Format,
        files: Vec<PathBuf>,
    },
}

impl Case {
    /// All there are, in the order in which they are told.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for job in Job::ALL {
            let baseline = match job {
                Job::A | Job::B | Job::C => Baseline::Twin,
                Job::D => Baseline::NoCheckpoints,
            };
            all.extend(Format::ALL.map(|format| Self {
                job,
                format,
                files: Files::Ten,
                baseline,
            }));
        }
        for subtasks in [2, 1] {
            all.extend(Format::ALL.map(|format| Self {
                job: Job::B,
                format,
                files: match format {
                    Format::Parquet => Files::Ten,
                    Format::Json | Format::Csv => Files::One,
                },
                baseline: Baseline::OneCore { subtasks },
            }));
        }
        all
    }

    /// What the two sides are called.
    pub(crate) const fn names(&self) -> [&'static str; 2] {
        match self.baseline {
            Baseline::Twin => ["product", "twin"],
            Baseline::NoCheckpoints => ["product", "product without checkpoints"],
            Baseline::OneCore { subtasks: 1 } => ["product, 1 subtask", ONE_CORE],
            Baseline::OneCore { .. } => ["product, 2 subtasks", ONE_CORE],
        }
    }

    /// Both sides: what is measured, and what it is compared with.
    pub(crate) fn sides<'a>(
        &self,
        data: &'a Data<'a>,
        product: &'a Product,
    ) -> anyhow::Result<[Side<'a>; 2]> {
        let &Self {
            job, format, files, ..
        } = self;
        let side = |job, parallelism, cores| Side::Product {
            product,
            data,
            pipeline: Pipeline {
                job,
                format,
                files,
                parallelism,
                cores,
            },
        };
        Ok(match self.baseline {
            Baseline::Twin => {
                let files = data.paths(format, files)?;
                [side(job, 1, Cores::All), Side::Twin { job, format, files }]
            }
            Baseline::NoCheckpoints => [side(job, 1, Cores::All), side(Job::B, 1, Cores::All)],
            Baseline::OneCore { subtasks } => {
                [side(job, subtasks, Cores::All), side(job, 1, Cores::One)]
            }
        })
    }
}

impl Side<'_> {
    /// Counts what comes out, and drops it.
    pub(crate) fn run(&self) -> anyhow::Result<Usage> {
        match self {
            Self::Product {
                product,
                data,
                pipeline,
            } => child::run(&product.command(data, pipeline, To::Nowhere)?),
            Self::Twin { job, format, files } => {
                child::run(&twin::command(*job, *format, files, false)?)
            }
        }
    }

    /// Adds up what comes out.
    pub(crate) fn add_up(&self) -> anyhow::Result<Totals> {
        match self {
            Self::Product {
                product,
                data,
                pipeline,
            } => product.add_up(data, pipeline),
            Self::Twin { job, format, files } => {
                let usage = child::run(&twin::command(*job, *format, files, true)?)?;
                serde_json::from_str(&usage.stdout).context("the twin says something else")
            }
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, format, .. } = self;
        match self.baseline {
            Baseline::Twin | Baseline::NoCheckpoints => write!(formatter, "{job} {format}"),
            Baseline::OneCore { subtasks: 1 } => write!(formatter, "pipelining {format}"),
            Baseline::OneCore { .. } => write!(formatter, "scaling {format}"),
        }
    }
}
